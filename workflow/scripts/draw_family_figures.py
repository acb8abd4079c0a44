from rejsens.job import job

with job(snakemake) as output:
    from itertools import product
    from pathlib import Path

    from rejsens.draw import draw_and_save
    from rejsens.tabular import read_table, table_name

    settings, given = snakemake.params[0], {table_name(path): read_table(path) for path in snakemake.input}
    drawn = [output.drawn] if isinstance(output.drawn, str) else output.drawn  # Snakemake gives no list of one
    for (family, figure), path in zip(product(settings["families"], settings["figures"]), drawn, strict=True):
        own = settings["figures"][figure]
        tables = {name: given[name] for name in own["tables"]}
        draw_and_save(settings, figure, own["module"], Path(path), **tables, family=family)
