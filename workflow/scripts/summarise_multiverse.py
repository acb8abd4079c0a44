from rejsens.job import job

with job(snakemake) as output:
    from rejsens.inference.multiverse_summary import effects_of_choices, summarise_multiverse
    from rejsens.tabular import read_all, write_table

    named = snakemake.params[0]["hypotheses"]
    found = read_all(list(snakemake.input), "multiverse")
    multiverse = found.iloc[found["hypothesis"].map(named.index).argsort(kind="stable")]
    write_table(multiverse, output.multiverse, "multiverse")
    write_table(summarise_multiverse(multiverse), output.summary, "multiverse_summary")
    write_table(effects_of_choices(multiverse), output.choices, "multiverse_choices")
