from rejsens.job import job

with job(snakemake) as output:
    from rejsens.scale_fits import scale_fits
    from rejsens.study import wave_with_instruments
    from rejsens.tabular import read_table, write_table

    _, instruments = wave_with_instruments(snakemake.params[0]["wave"])
    write_table(scale_fits(read_table(snakemake.input.answers), instruments), output.fits)
