from rejsens.job import job

with job(snakemake) as output:
    from rejsens.claims import ledger
    from rejsens.declarations import SHIPPED, read_yaml
    from rejsens.inference.families import hypotheses_frame
    from rejsens.tabular import read_all, read_table, write_table

    estimates = read_all(snakemake.input.estimates, "estimates")
    hypotheses = hypotheses_frame([read_yaml(path, "hypotheses") for path in snakemake.params[0]["families"]])
    dictionary = read_table(snakemake.input.dictionary)
    write_table(estimates, output.estimates)
    write_table(hypotheses, output.hypotheses)
    claims = read_yaml(SHIPPED / "config" / "claims.yaml", "claims")
    write_table(ledger(claims, dictionary, estimates, hypotheses), output.claims)
