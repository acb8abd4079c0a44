from rejsens.job import job

with job(snakemake) as output:
    from rejsens import collect, events, pool
    from rejsens.study import load_study
    from rejsens.tabular import read_parts, read_table, write_tables

    given, ci_level = snakemake.input, snakemake.params[0]["ci_level"]
    scores, rated, parts = read_table(given.scores), read_table(given.events), read_parts(given.tables)
    asked = list(load_study(".").instruments.values())
    changes = pool.change_scores(scores, asked)
    with_events = events.with_events(scores, rated, asked)
    found = parts | {"changes": changes, "keying": collect.keying(with_events, parts["items"], asked, ci_level)}
    found["erosion"] = collect.erosion(scores, changes, parts["reliability"], asked, ci_level)
    write_tables(found, output)
