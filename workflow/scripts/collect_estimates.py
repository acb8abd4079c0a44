from rejsens.job import job

with job(snakemake) as output:
    from rejsens.claims import ledger
    from rejsens.declarations import SHIPPED, read_yaml
    from rejsens.inference.families import hypotheses_frame, planned_families
    from rejsens.measured_alike import with_invariance
    from rejsens.tabular import read_all, read_table, write_tables

    settings, given, known = snakemake.params[0], snakemake.input, read_yaml(SHIPPED / "config/claims.yaml", "claims")
    planned = hypotheses_frame(planned_families(settings["families"], settings["set_aside"]))
    dictionary, rungs, descriptives = map(read_table, (given.dictionary, given.invariance, given.descriptives))
    asked = descriptives[descriptives["wave"].isin(read_table(given.waves).query("role == 'wave'")["wave"])]  # no retest  # fmt: skip
    estimates = with_invariance(read_all(given.estimates, "estimates"), planned, rungs, dictionary, asked)
    claims = ledger(known, dictionary, estimates, planned, *map(read_table, (given.validation, given.benchmarks)))
    found = {"estimates": estimates, "hypotheses": planned, "claims": claims}
    write_tables(found | {"diagnostics": read_all(given.diagnostics, "diagnostics")}, output)
