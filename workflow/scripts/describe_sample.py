from rejsens.job import job

with job(snakemake) as output:
    from rejsens import describe, events
    from rejsens.inference.correlation import correlations
    from rejsens.study import load_study
    from rejsens.tabular import read_table, write_table

    study, settings = load_study("."), snakemake.params[0]
    answers, scores, rated = (read_table(snakemake.input[name]) for name in ("answers", "scores", "events"))
    instruments, ci_level, min_cell = list(study.instruments.values()), settings["ci_level"], settings["min_cell"]
    write_table(describe.sample_table(scores, study.background, settings["sample_table"], min_cell), output.sample)
    write_table(correlations(scores, list(study.scores), ci_level), output.correlations)
    scores = events.with_events(scores, rated, instruments)
    write_table(describe.descriptives(scores, instruments, ci_level, min_cell), output.descriptives)
    write_table(describe.responses(answers, study.asked), output.responses)
    write_table(describe.missing_answers(answers, scores, study.asked), output.missing)
