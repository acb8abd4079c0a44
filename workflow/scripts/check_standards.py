from rejsens.job import job

with job(snakemake) as output:
    from rejsens.finished import report_of
    from rejsens.provenance import provenance
    from rejsens.registry import TABLES
    from rejsens.standards import checked, load_standards, run_of
    from rejsens.study import load_study
    from rejsens.tabular import read_tables, write_tables

    facts, given = snakemake.params[0], snakemake.input
    record = provenance(facts["inputs"], facts["settings"], facts["instruments"], given.aggregates)
    tables = read_tables([name for name, path in TABLES.items() if path in set(given.aggregates)])
    run = run_of(load_study(), tables, record, report_of(given, facts["study"], record))
    write_tables({"standards": checked(load_standards(), run)}, output)
