from rejsens.job import job

with job(snakemake) as output:
    from pathlib import Path

    from rejsens.draft import compose
    from rejsens.finished import read_figures, read_printed, report_of
    from rejsens.provenance import provenance
    from rejsens.submission import pack

    facts, given = snakemake.params[0], snakemake.input
    record = provenance(facts["inputs"], facts["settings"], facts["instruments"], given.aggregates)
    draft = report_of(given, facts["study"], record, compose=compose)
    archive = pack(draft, read_printed(given.tables), read_figures(given.figures), given.submitted)
    Path(output.archive).write_bytes(archive)
