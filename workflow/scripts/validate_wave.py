from rejsens.job import job

with job(snakemake) as output:
    from rejsens.study import wave_with_instruments
    from rejsens.tabular import write_table
    from rejsens.validate import validate

    settings = snakemake.params[0]
    wave, instruments = wave_with_instruments(settings["wave"])
    checked = validate(wave, instruments, settings["screening"], settings["out_of_range"], settings["min_cell"])
    for table in ("checked_answers", "quality_rows", "set_aside", "flow", "quality", "columns", "variables", "notices"):
        write_table(getattr(checked, table), getattr(output, table), table)
