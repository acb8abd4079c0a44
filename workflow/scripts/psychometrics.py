from rejsens.job import job

with job(snakemake) as output:
    from rejsens.assess_instrument import assess_instrument, of_instrument
    from rejsens.study import load_study
    from rejsens.tabular import read_table, write_table

    settings = snakemake.params[0]
    asked = of_instrument(load_study(".").asked, settings["instrument"], settings["waves"])
    reliability, items = assess_instrument(read_table(snakemake.input.answers), asked, settings["ci_level"])
    write_table(reliability, output.reliability)
    write_table(items, output.item_statistics, "items")
