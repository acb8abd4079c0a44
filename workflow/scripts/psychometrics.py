from rejsens.job import job

with job(snakemake) as output:
    from rejsens.assess_instrument import assess_instrument
    from rejsens.assess_structure import assess_structure
    from rejsens.study import administrations
    from rejsens.tabular import read_table, write_tables

    settings = snakemake.params[0]
    asked = administrations(settings["sidecars"], settings["instrument"])
    answers = read_table(snakemake.input.answers)
    reliability, items = assess_instrument(answers, asked, **settings["reported"])
    found = {"reliability": reliability, "items": items} | assess_structure(answers, asked, **settings["structure"])
    write_tables(found, output)
