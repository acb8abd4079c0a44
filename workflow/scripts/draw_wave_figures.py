from rejsens.job import job

with job(snakemake) as output:
    from itertools import product
    from pathlib import Path

    from rejsens.draw import draw_and_save, rows_of_wave
    from rejsens.tabular import read_table, table_name

    settings, given = snakemake.params[0], {table_name(path): read_table(path) for path in snakemake.input}
    for (wave, figure), path in zip(product(settings["waves"], settings["figures"]), output.drawn, strict=True):
        own = settings["figures"][figure]
        tables = rows_of_wave({name: given[name] for name in own["tables"]}, wave)
        draw_and_save(settings, figure, own["module"], Path(path), **tables)
