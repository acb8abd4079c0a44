from rejsens.job import job

with job(snakemake) as output:
    from rejsens import collect, events, pool
    from rejsens.study import load_study
    from rejsens.tabular import read_all, read_table, write_table

    given, ci_level = snakemake.input, snakemake.params[0]["ci_level"]
    scores, rated = read_table(given.scores), read_table(given.events)
    asked = list(load_study(".").instruments.values())
    reliability, items = read_all(given.reliability, "reliability"), read_all(given.item_statistics, "items")
    changes = pool.change_scores(scores, asked)
    write_table(reliability, output.reliability)
    write_table(items, output.item_statistics, "items")
    write_table(changes, output.changes)
    write_table(collect.keying(events.with_events(scores, rated, asked), items, asked, ci_level), output.keying)
    write_table(collect.erosion(scores, changes, reliability, asked, ci_level), output.erosion)
