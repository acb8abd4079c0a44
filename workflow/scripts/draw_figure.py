from rejsens.job import job

with job(snakemake) as output:
    from pathlib import Path

    from rejsens.draw import draw_and_save
    from rejsens.tabular import read_tables

    settings = snakemake.params[0]
    tables = read_tables(settings["tables"])
    draw_and_save(settings, snakemake.wildcards.figure, settings["module"], Path(output.svg), **tables)
