from rejsens.job import job

with job(snakemake) as output:
    from rejsens import collect, events, pool, predictions
    from rejsens.study import load_study
    from rejsens.tabular import read_parts, read_table, write_tables

    given, ci_level = snakemake.input, snakemake.params[0]["ci_level"]
    scores, rated, found = read_table(given.scores), read_table(given.events), read_parts(given.tables)
    asked = list(load_study(".").instruments.values())
    found["changes"] = pool.change_scores(scores, asked)
    found["keying"] = collect.keying(events.with_events(scores, rated, asked), found["items"], asked, ci_level)
    found["predictions"] = collect.convergent(scores, predictions.read_all(), ci_level)
    found["erosion"] = collect.erosion(scores, found["changes"], found["reliability"], asked, ci_level)
    write_tables(found, output)
