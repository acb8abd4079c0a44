from rejsens.job import job

with job(snakemake) as output:
    from pathlib import Path

    from rejsens import house_style
    from rejsens.manuscript import TABLES, as_json, as_latex, as_yaml, numbers
    from rejsens.tabular import read_tables

    house_style.use(snakemake.params[0])
    found = numbers(read_tables(TABLES), snakemake.params[0]["simulated"])
    Path(output.json).write_text(as_json(found), encoding="utf-8")
    Path(output.latex).write_text(as_latex(found), encoding="utf-8")
    Path(output.quarto).write_text(as_yaml(found), encoding="utf-8")
