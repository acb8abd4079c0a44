from rejsens.job import job

with job(snakemake) as output:
    from pathlib import Path

    from rejsens.registry import load_plugin
    from rejsens.status_lines import on_drawing
    from rejsens.style import save
    from rejsens.tabular import read_table, table_name

    settings = snakemake.params[0]
    given = {table_name(path): read_table(path) for path in snakemake.input}
    drawn = [output.drawn] if isinstance(output.drawn, str) else output.drawn  # Snakemake gives no list of one
    for path in map(Path, drawn):
        own = settings["figures"][path.stem]
        tables = {name: given[name] for name in own["tables"]}
        shared = {name: settings[name] for name in ("study", "people")}
        drawing = load_plugin(own["module"]).draw(**tables, **shared, family=path.parent.name)
        save(on_drawing(drawing, settings["study"]), path.with_suffix(""))
