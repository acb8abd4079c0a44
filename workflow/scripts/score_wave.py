from rejsens.job import job

with job(snakemake) as output:
    from rejsens.events import event_rows, person_scores
    from rejsens.score_wave import compare_stored, wave_scores
    from rejsens.study import wave_with_instruments
    from rejsens.tabular import read_table, write_table

    wave, instruments = wave_with_instruments(snakemake.params[0]["wave"])
    answers = read_table(snakemake.input.answers)
    scores = wave_scores(answers, instruments, wave.name, snakemake.params[0]["wave_number"], wave.role or "wave")
    write_table(person_scores(scores, instruments), output.scores, "scores")
    write_table(event_rows(scores, instruments), output.events, "events")
    totals, differing = compare_stored(answers, scores, wave.stored_totals or {}, wave.name)
    write_table(totals, output.stored_totals, "stored_totals")
    write_table(differing, output.differing, "stored_totals_differing")
