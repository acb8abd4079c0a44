from rejsens.job import job

with job(snakemake) as output:
    import pandas as pd

    from rejsens.inference.multiverse import run_multiverse
    from rejsens.rescored import rescored_study
    from rejsens.study import load_study
    from rejsens.tabular import read_table, write_table

    settings, study = snakemake.params[0], load_study(".")
    family = study.families[snakemake.wildcards.family]
    careless = pd.read_parquet(snakemake.input.careless)
    source, items = rescored_study(study, family, settings["multiverse"], careless)
    known = read_table(snakemake.input.estimates, "estimates")
    table = run_multiverse(source, settings["multiverse"], family, settings["settings"], items, known)
    write_table(table, output.multiverse, "multiverse")
