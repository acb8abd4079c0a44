from rejsens.job import job

with job(snakemake) as output:
    from rejsens.events import with_events
    from rejsens.inference.covariates import numbered
    from rejsens.inference.diagnostics import diagnose_family
    from rejsens.inference.families import columns_read, family_of, test_family
    from rejsens.study import load_study
    from rejsens.tabular import read_table, write_tables

    settings, asked = snakemake.params[0], list(load_study(".").instruments.values())
    family, events = family_of(settings["family"], settings["set_aside"]), read_table(snakemake.input.events)
    scores, events = numbered(read_table(snakemake.input.scores, columns=columns_read(family)), events)
    scores = with_events(scores, events, asked)
    estimates = test_family(scores, family, settings["settings"], events)
    diagnostics = diagnose_family(scores, family, settings["settings"], estimates, events)
    write_tables({"estimates": estimates, "diagnostics": diagnostics}, output)
