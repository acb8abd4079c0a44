from rejsens.job import job

with job(snakemake) as output:
    from rejsens.study import load_study
    from rejsens.tabular import read_parts, read_table, write_tables
    from rejsens.validation import validate
    from rejsens.validation_plan import read_plans

    answers, tables = read_table(snakemake.input.answers), read_parts(snakemake.input.tables)
    settings = {name: snakemake.params[0][name] for name in ("seed", "ci_level", "min_cell")}
    write_tables(validate(answers, load_study(".").asked, read_plans(), tables, **settings), output)
