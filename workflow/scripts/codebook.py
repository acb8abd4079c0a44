from rejsens.job import job

with job(snakemake) as output:
    from rejsens.codebook import codebook, write_codebook
    from rejsens.study import load_study
    from rejsens.tabular import read_all, read_table

    settings, given, study = snakemake.params[0], snakemake.input, load_study(".")
    tables = [read_all([path], "variables") for path in given.variables]
    variables = dict(zip(settings["before"], tables, strict=True))
    described, trusted = read_table(given.descriptives), read_table(given.reliability)
    found = codebook(study.waves, study.asked, variables, settings["before"], described, trusted)
    write_codebook(found, settings["facts"], output)
