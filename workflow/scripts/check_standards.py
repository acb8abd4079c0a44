from rejsens.job import job

with job(snakemake) as output:
    from rejsens.finished import outline
    from rejsens.provenance import provenance
    from rejsens.registry import AGGREGATES
    from rejsens.standards import checked, load_standards, run_of
    from rejsens.study import load_study
    from rejsens.tabular import read_tables, write_tables

    facts = snakemake.params[0]
    record = provenance(facts["inputs"], facts["settings"], facts["instruments"], snakemake.input)
    tables = read_tables([name for name in AGGREGATES if name != "standards"])
    run = run_of(load_study(), tables, record, outline(tables, facts["study"], record, facts["titles"]))
    write_tables({"standards": checked(load_standards(), run)}, output)
