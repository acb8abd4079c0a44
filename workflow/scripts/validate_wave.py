from rejsens.job import job

with job(snakemake) as output:
    from rejsens.study import wave_with_instruments
    from rejsens.tabular import write_table
    from rejsens.validate import validate

    wave, instruments = wave_with_instruments(snakemake.params[0]["wave"])
    checked = validate(wave, instruments, snakemake.params[0]["screening"], snakemake.params[0]["out_of_range"])
    for table in ("checked_answers", "quality_rows", "set_aside", "flow", "quality", "columns"):
        write_table(getattr(checked, table), getattr(output, table), table)
