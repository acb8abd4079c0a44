from rejsens.job import job

with job(snakemake) as output:
    from rejsens import collect, pool
    from rejsens.study import load_study
    from rejsens.tabular import read_all, read_table, write_table

    scores, ci_level = read_table(snakemake.input.scores), snakemake.params[0]["ci_level"]
    instruments = list(load_study(".").instruments.values())
    reliability = read_all(snakemake.input.reliability, "reliability")
    items = read_all(snakemake.input.item_statistics, "items")
    changes = pool.change_scores(scores, instruments)
    write_table(reliability, output.reliability)
    write_table(items, output.item_statistics, "items")
    write_table(changes, output.changes)
    write_table(collect.keying(scores, items, instruments, ci_level), output.keying)
    write_table(collect.erosion(scores, changes, reliability, instruments, ci_level), output.erosion)
