from rejsens.job import job

with job(snakemake) as output:
    from pathlib import Path

    from rejsens.provenance import as_json, whole_record

    record = whole_record(snakemake.params[0], snakemake.input)
    Path(output.record).write_text(as_json(record), encoding="utf-8")
