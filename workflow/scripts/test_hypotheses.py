from rejsens.job import job

with job(snakemake) as output:
    from rejsens.declarations import read_yaml
    from rejsens.events import with_events
    from rejsens.inference.families import test_family
    from rejsens.study import load_study
    from rejsens.tabular import read_table, write_table

    settings = snakemake.params[0]
    family, events = read_yaml(settings["family"], "hypotheses"), read_table(snakemake.input.events)
    scores = with_events(read_table(snakemake.input.scores), events, list(load_study(".").instruments.values()))
    write_table(test_family(scores, family, settings["settings"], events), output.estimates)
