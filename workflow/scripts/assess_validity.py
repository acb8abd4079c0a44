from rejsens.job import job

with job(snakemake) as output:
    from rejsens import validity
    from rejsens.predictions import read_pairs
    from rejsens.study import load_study
    from rejsens.tabular import read_table, write_table

    settings, asked = snakemake.params[0], load_study(".").asked
    few = {"min_cell": settings["min_cell"]}
    shown = [settings["method"]["marker"], *settings["method"]["shown"]]
    answers, scores = read_table(snakemake.input.answers), read_table(snakemake.input.scores, columns=shown)
    pairs = validity.discriminant(answers, asked, read_pairs(), **settings["intervals"], **few)
    write_table(pairs, output.discriminant)
    write_table(validity.method_variance(answers, scores, asked, **settings["method"], **few), output.method_variance)
