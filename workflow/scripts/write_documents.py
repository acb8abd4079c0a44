from rejsens.job import job

with job(snakemake) as output:
    from pathlib import Path

    from rejsens.finished import report_of
    from rejsens.provenance import provenance
    from rejsens.writers.pdf import write as as_pdf
    from rejsens.writers.word import write as as_word

    facts, given = snakemake.params[0], snakemake.input
    record = provenance(facts["inputs"], facts["settings"], facts["instruments"], given.aggregates)
    report = report_of(given, facts["study"], record, pictures=True)
    Path(output.pdf).write_bytes(as_pdf(report))
    Path(output.word).write_bytes(as_word(report))
