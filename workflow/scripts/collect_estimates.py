from rejsens.job import job

with job(snakemake) as output:
    from rejsens.claims import ledger
    from rejsens.declarations import SHIPPED, read_yaml
    from rejsens.inference.families import hypotheses_frame
    from rejsens.measured_alike import with_invariance
    from rejsens.tabular import read_all, read_table, write_tables

    given = snakemake.input
    planned = hypotheses_frame([read_yaml(path, "hypotheses") for path in snakemake.params[0]["families"]])
    dictionary, rungs = read_table(given.dictionary), read_table(given.invariance)
    estimates = with_invariance(read_all(given.estimates, "estimates"), planned, rungs, dictionary)
    claims = ledger(read_yaml(SHIPPED / "config" / "claims.yaml", "claims"), dictionary, estimates, planned)
    write_tables({"estimates": estimates, "hypotheses": planned, "claims": claims}, output)
