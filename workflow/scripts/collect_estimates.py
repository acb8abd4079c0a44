from rejsens.job import job

with job(snakemake) as output:
    from rejsens.claims import ledger
    from rejsens.declarations import SHIPPED, read_yaml
    from rejsens.inference.families import hypotheses_frame
    from rejsens.measured_alike import with_invariance
    from rejsens.tabular import read_all, read_table, write_tables

    given = snakemake.input
    aside = {path: family["readable"] for path, family in snakemake.params[0]["set_aside"].items()}
    families = [aside.get(path) or read_yaml(path, "hypotheses") for path in snakemake.params[0]["families"]]
    planned = hypotheses_frame(families)
    dictionary, rungs = read_table(given.dictionary), read_table(given.invariance)
    estimates = with_invariance(read_all(given.estimates, "estimates"), planned, rungs, dictionary)
    beside = [read_table(given.validation), read_table(given.benchmarks)]
    claims = ledger(read_yaml(SHIPPED / "config" / "claims.yaml", "claims"), dictionary, estimates, planned, *beside)
    diagnostics = read_all(given.diagnostics, "diagnostics")
    found = {"estimates": estimates, "diagnostics": diagnostics, "hypotheses": planned, "claims": claims}
    write_tables(found, output)
