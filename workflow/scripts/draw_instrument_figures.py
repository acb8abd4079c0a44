from rejsens.job import job

with job(snakemake) as output:
    from pathlib import Path

    from rejsens.registry import load_plugin
    from rejsens.status_lines import on_drawing
    from rejsens.style import save
    from rejsens.tabular import read_parts

    settings, given = snakemake.params[0], read_parts(snakemake.input)
    shared = {name: settings[name] for name in ("study", "people", "instrument")}
    for figure, own in settings["figures"].items():
        drawing = load_plugin(own["module"]).draw(**{name: given[name] for name in own["tables"]}, **shared)
        save(on_drawing(drawing, settings["study"]), Path(vars(output)[f"figure_{figure}"]).with_suffix(""))
