from rejsens.job import job

with job(snakemake) as output:
    from itertools import product
    from pathlib import Path

    from rejsens.registry import load_plugin
    from rejsens.status_lines import on_drawing
    from rejsens.style import save
    from rejsens.tabular import read_table, table_name

    settings, given = snakemake.params[0], {table_name(path): read_table(path) for path in snakemake.input}
    drawn = [output.drawn] if isinstance(output.drawn, str) else output.drawn  # Snakemake gives no list of one
    for (family, figure), path in zip(product(settings["families"], settings["figures"]), drawn, strict=True):
        own, study = settings["figures"][figure], settings["study"]
        shared = {name: given[name] for name in own["tables"]} | {"study": study, "people": settings["people"]}
        drawing = on_drawing(load_plugin(own["module"]).draw(**shared, family=family), study)
        save(drawing, Path(path).with_suffix(""))
