from rejsens.job import job

with job(snakemake) as output:
    from rejsens import pool
    from rejsens.study import load_study
    from rejsens.tabular import read_all, write_table

    study, numbers = load_study("."), snakemake.params[0]["numbers"]
    for table in ("flow", "quality", "columns", "stored_totals"):
        write_table(read_all(snakemake.input[table], table), getattr(output, table), table)
    answers = {
        wave: read_all([path], "checked_answers") for wave, path in zip(numbers, snakemake.input.answers, strict=True)
    }
    scores = pool.pool_scores([read_all([path], "scores") for path in snakemake.input.scores])
    write_table(pool.pool_answers(answers, numbers, study.roles), output.answers, "answers")
    pool.write_scores(scores, study, output)
    write_table(pool.wave_list(study.waves, numbers, read_all(snakemake.input.flow, "flow")), output.waves, "waves")
