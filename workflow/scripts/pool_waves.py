from rejsens.job import job

with job(snakemake) as output:
    from rejsens import pool
    from rejsens.study import load_study
    from rejsens.tabular import read_all, read_table, write_table

    study, numbers, made = load_study("."), snakemake.params[0]["numbers"], snakemake.input
    tables = {name: read_all(made[name], name) for name in ("flow", "quality", "columns", "stored_totals", "notices")}
    pool.write_answers(dict(zip(numbers, made.answers, strict=True)), numbers, study.roles, output.answers)
    scores, tables["events"] = (pool.pool_scores([read_all([p], t) for p in made[t]]) for t in ("scores", "events"))
    of_exports, columns = tables["notices"], tables["columns"]
    tables["notices"] = pool.notices(of_exports, read_table(output.answers, "answers"), scores, study, columns)
    tables["waves"] = pool.wave_list(study.waves, numbers, tables["flow"])
    pool.write_scores(scores, study, output)
    for name, table in tables.items():
        write_table(table, getattr(output, name), name)
