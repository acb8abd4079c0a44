from rejsens.job import job

with job(snakemake) as output:
    import pandas as pd

    from rejsens.frozen_plan import story
    from rejsens.study import load_study
    from rejsens.tabular import write_tables

    study = load_study(".")
    write_tables({"plan": pd.DataFrame(story(study) if study.family_names else [])}, output)
