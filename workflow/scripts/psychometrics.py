from rejsens.job import job

with job(snakemake) as output:
    from rejsens.assess_instrument import assess_instrument
    from rejsens.assess_structure import assess_structure
    from rejsens.explore_instrument import explore_instrument
    from rejsens.study import administrations
    from rejsens.tabular import read_table, write_tables
    from rejsens.variables import columns_asked

    settings = snakemake.params[0]
    asked = administrations(settings["sidecars"], settings["instrument"])
    answers = read_table(snakemake.input.answers, columns=columns_asked(asked, settings["structure"]["groups"]))
    found = explore_instrument(answers, asked, **settings["explored"])
    reported = settings["reported"] | {"dimensionality": found["dimensionality"]}
    found["reliability"], found["items"] = assess_instrument(answers, asked, **reported)
    write_tables(found | assess_structure(answers, asked, **settings["structure"]), output)
