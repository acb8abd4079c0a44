from rejsens.job import job

with job(snakemake) as output:
    from pathlib import Path

    from rejsens.draft import compose
    from rejsens.finished import figures_submitted, read_printed, report_of
    from rejsens.provenance import provenance
    from rejsens.submission import pack

    facts, given = snakemake.params[0], snakemake.input
    record = provenance(facts["inputs"], facts["settings"], facts["instruments"], given.aggregates)
    draft = report_of(given, facts["study"], record, compose=compose)
    Path(output.archive).write_bytes(pack(draft, read_printed(given.tables), figures_submitted(given), given.submitted))
