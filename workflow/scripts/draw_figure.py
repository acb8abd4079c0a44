from rejsens.job import job

with job(snakemake) as output:
    from pathlib import Path

    from rejsens.registry import load_plugin
    from rejsens.status_lines import on_drawing
    from rejsens.style import save
    from rejsens.tabular import read_tables

    settings = snakemake.params[0]
    draw = load_plugin(settings["module"]).draw
    drawing = draw(**read_tables(settings["tables"]), study=settings["study"], people=settings["people"])
    save(on_drawing(drawing, settings["study"]), Path(output.svg).with_suffix(""))
