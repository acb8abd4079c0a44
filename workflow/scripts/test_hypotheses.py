from rejsens.job import job

with job(snakemake) as output:
    from rejsens.declarations import read_yaml
    from rejsens.inference.families import test_family
    from rejsens.tabular import read_table, write_table

    family = read_yaml(snakemake.params[0]["family"], "hypotheses")
    scores = read_table(snakemake.input.scores)
    write_table(test_family(scores, family, snakemake.params[0]["settings"]), output.estimates)
