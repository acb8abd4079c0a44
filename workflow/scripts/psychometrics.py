from rejsens.job import job

with job(snakemake) as output:
    from rejsens.assess_instrument import assess_instrument
    from rejsens.assess_structure import assess_structure
    from rejsens.explore_instrument import explore_instrument
    from rejsens.study import administrations
    from rejsens.tabular import read_table, write_tables

    settings, answers = snakemake.params[0], read_table(snakemake.input.answers)
    asked = administrations(settings["sidecars"], settings["instrument"])
    found = explore_instrument(answers, asked, **settings["explored"])
    seen = found["dimensionality"]
    found["reliability"], found["items"] = assess_instrument(
        answers, asked, **settings["reported"], dimensionality=seen
    )
    write_tables(found | assess_structure(answers, asked, **settings["structure"]), output)
