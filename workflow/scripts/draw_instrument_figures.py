from rejsens.job import job

with job(snakemake) as output:
    from pathlib import Path

    from rejsens.draw import draw_and_save
    from rejsens.tabular import read_parts

    settings, given = snakemake.params[0], read_parts(snakemake.input)
    for figure, own in settings["figures"].items():
        tables = {name: given[name] for name in own["tables"]} | {"instrument": settings["instrument"]}
        draw_and_save(settings, figure, own["module"], Path(vars(output)[f"figure_{figure}"]), **tables)
