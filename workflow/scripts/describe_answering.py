from rejsens.job import job

with job(snakemake) as output:
    from rejsens.careless_answers import careless_answers
    from rejsens.missing_together import missing_tables, scores_named
    from rejsens.study import load_study
    from rejsens.tabular import read_of_waves, read_table, write_table

    asked, (cutoffs, min_cell) = load_study(".").asked, map(snakemake.params[0].get, ("cutoffs", "min_cell"))
    answers = read_table(snakemake.input.answers)
    found = missing_tables(answers, read_table(snakemake.input.scores, columns=scores_named(asked)), asked, min_cell)
    found["careless"], people = careless_answers(answers, asked, cutoffs, read_of_waves(snakemake.input.fits))
    write_table(people, output.people, "careless_people")
    for name, table in found.items():
        write_table(table, getattr(output, name))
