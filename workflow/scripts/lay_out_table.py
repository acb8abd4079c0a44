from rejsens.job import job

with job(snakemake) as output:
    from pathlib import Path

    from rejsens.layout import to_csv, to_html, to_json
    from rejsens.registry import load_plugin
    from rejsens.status_lines import on_table
    from rejsens.tabular import read_tables
    from rejsens.writers.latex import to_latex

    settings = snakemake.params[0]
    table = load_plugin(settings["module"]).lay_out(**read_tables(settings["tables"]), study=settings["study"])
    table = on_table(table, settings["study"])
    Path(output.csv).write_text(to_csv(table), encoding="utf-8")
    Path(output.html).write_text(to_html(table, snakemake.wildcards.table), encoding="utf-8")
    Path(output.tex).write_text(to_latex(table, snakemake.wildcards.table), encoding="utf-8")
    Path(output.json).write_text(to_json(table), encoding="utf-8")
