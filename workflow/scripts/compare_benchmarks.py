from rejsens.job import job

with job(snakemake) as output:
    from rejsens.benchmarks import benchmarks
    from rejsens.declarations import SHIPPED, read_yaml
    from rejsens.tabular import read_table, write_tables

    published = read_yaml(SHIPPED / "config" / "benchmarks.yaml", "benchmarks")
    own = [read_table(snakemake.input[name]) for name in ("correlations", "descriptives", "reliability")]
    write_tables({"benchmarks": benchmarks(published, *own)}, output)
