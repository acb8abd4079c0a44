from rejsens.job import job

with job(snakemake) as output:
    from rejsens.printed import laid_out, save
    from rejsens.tabular import read_tables

    settings = snakemake.params[0]
    table = laid_out(settings["module"], read_tables(settings["tables"]), settings["study"])
    save(table, snakemake.wildcards.table, **vars(output))
