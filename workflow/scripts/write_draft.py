from rejsens.job import job

with job(snakemake) as output:
    from pathlib import Path

    from rejsens.draft import compose
    from rejsens.finished import report_of
    from rejsens.provenance import provenance
    from rejsens.references import as_json, cited
    from rejsens.writers.markdown import write as as_markdown
    from rejsens.writers.word import write as as_word

    facts, given = snakemake.params[0], snakemake.input
    record = provenance(facts["inputs"], facts["settings"], facts["instruments"], given.aggregates)
    draft = report_of(given, facts["study"], record, pictures=True, compose=compose)
    Path(output.word).write_bytes(as_word(draft))
    Path(output.markdown).write_text(as_markdown(draft), encoding="utf-8")
    Path(output.references).write_text(as_json(cited(draft)), encoding="utf-8")
