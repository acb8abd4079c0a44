from rejsens.job import job

with job(snakemake) as output:
    from pathlib import Path

    from rejsens.finished import read_figures, read_instrument_figures, read_printed
    from rejsens.provenance import as_json, provenance
    from rejsens.registry import AGGREGATES
    from rejsens.report import write_report
    from rejsens.tabular import read_tables

    facts, given = snakemake.params[0], snakemake.input
    record = provenance(facts["inputs"], facts["settings"], facts["instruments"], given.aggregates)
    figures, printed = read_figures(given.figures), read_printed(given.tables)
    drawn = [read_instrument_figures(paths) for paths in (given.of_instruments, given.get("of_families", []))]
    page = write_report(read_tables(AGGREGATES), figures, printed, facts["study"], record, *drawn)
    Path(output.report).write_text(page, encoding="utf-8")
    Path(output.provenance).write_text(as_json(record), encoding="utf-8")
