from rejsens.job import job

with job(snakemake) as output:
    from rejsens.claims import claim_ledger
    from rejsens.definitions import read_yaml
    from rejsens.inference.families import hypotheses_frame
    from rejsens.tabular import read_all, read_table, write_table

    families = [read_yaml(path, "hypotheses") for path in snakemake.params[0]["families"]]
    estimates = read_all(snakemake.input.estimates, "estimates")
    hypotheses = hypotheses_frame(families)
    write_table(estimates, output.estimates)
    write_table(hypotheses, output.hypotheses)
    write_table(claim_ledger(read_table(snakemake.input.dictionary), estimates), output.claims)
