from rejsens.job import job

with job(snakemake) as output:
    from rejsens.declarations import read_yaml
    from rejsens.events import with_events
    from rejsens.inference.diagnostics import diagnose_family
    from rejsens.inference.families import test_family
    from rejsens.study import load_study
    from rejsens.tabular import read_table, write_tables

    settings, aside = snakemake.params[0], snakemake.params[0]["set_aside"] or {"told": (), "readable": None}
    print(*aside["told"], sep="\n")
    family, events = aside["readable"] or read_yaml(settings["family"], "hypotheses"), read_table(snakemake.input.events)  # fmt: skip
    scores = with_events(read_table(snakemake.input.scores), events, list(load_study(".").instruments.values()))
    estimates = test_family(scores, family, settings["settings"], events)
    diagnostics = diagnose_family(scores, family, settings["settings"], estimates, events)
    write_tables({"estimates": estimates, "diagnostics": diagnostics}, output)
