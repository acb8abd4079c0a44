from rejsens.job import job

with job(snakemake) as output:
    from rejsens.assess_instrument import assess_instrument
    from rejsens.study import administrations
    from rejsens.tabular import read_table, write_table

    settings = snakemake.params[0]
    asked = administrations(settings["sidecars"], settings["instrument"])
    answers, ci_level, min_cell = read_table(snakemake.input.answers), settings["ci_level"], settings["min_cell"]
    reliability, items = assess_instrument(answers, asked, ci_level, min_cell)
    write_table(reliability, output.reliability)
    write_table(items, output.item_statistics, "items")
