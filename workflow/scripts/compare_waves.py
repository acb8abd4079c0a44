from rejsens.job import job

with job(snakemake) as output:
    from rejsens.differences import compare_waves
    from rejsens.tabular import read_all, write_table

    settings = snakemake.params[0]
    tables = [read_all([path], "variables") for path in snakemake.input]
    variables = dict(zip(settings["before"], tables, strict=True))
    found = compare_waves(variables, settings["before"], settings["not_asked"], settings["sidecars"])
    write_table(found, output.differences, "differences")
