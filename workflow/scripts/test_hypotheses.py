from rejsens.job import job

with job(snakemake) as output:
    from rejsens.declarations import read_yaml
    from rejsens.events import with_events
    from rejsens.inference.diagnostics import diagnose_family, diagnostics_table
    from rejsens.inference.families import declined, test_family
    from rejsens.study import load_study
    from rejsens.tabular import read_table, write_tables

    settings = snakemake.params[0]
    if aside := settings["set_aside"]:
        print("This family is set aside and not tested:", *aside["told"], sep="\n")
        estimates, diagnostics = declined(aside["readable"]), diagnostics_table([])
    else:
        family, events = read_yaml(settings["family"], "hypotheses"), read_table(snakemake.input.events)
        scores = with_events(read_table(snakemake.input.scores), events, list(load_study(".").instruments.values()))
        estimates = test_family(scores, family, settings["settings"], events)
        diagnostics = diagnose_family(scores, family, settings["settings"], estimates, events)
    write_tables({"estimates": estimates, "diagnostics": diagnostics}, output)
