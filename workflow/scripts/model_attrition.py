from rejsens.job import job

with job(snakemake) as output:
    from rejsens.absence import absence, declared, labels_of
    from rejsens.study import load_study
    from rejsens.tabular import read_table, write_tables

    study, settings = load_study("."), snakemake.params[0]
    names = declared(study.families.values(), list(study.scores), study.background, settings["sample_table"])
    labels, scores = labels_of(study.scores, study.background), read_table(snakemake.input.scores)
    table = absence(scores, *names, labels, ci_level=settings["ci_level"], min_cell=settings["min_cell"])
    write_tables({"attrition": table}, output)
