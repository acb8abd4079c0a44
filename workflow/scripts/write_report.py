from rejsens.job import job

with job(snakemake) as output:
    from pathlib import Path

    from rejsens.finished import report_of
    from rejsens.provenance import provenance
    from rejsens.writers.html import write

    facts, given = snakemake.params[0], snakemake.input
    record = provenance(facts["inputs"], facts["settings"], facts["instruments"], given.aggregates)
    Path(output.report).write_text(write(report_of(given, facts["study"], record)), encoding="utf-8")
