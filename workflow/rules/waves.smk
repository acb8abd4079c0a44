"""Waves: one raw export becomes checked answers, then scores; then all waves together.

Needs   data/waves/{wave}.yaml   the sidecar; it says where the export stands and how to read it
        the export               cell for cell as downloaded, minus personal columns
Makes   results/participants/waves/{wave}/   answers, scores, who was set aside (one row per person)
        results/waves/{wave}/                the ledger of that wave, and what it asked
        results/differences.csv              how each wave's questionnaire differs from the one before it
        results/participants/                answers and scores of all waves; scores.csv and scores.sav for other programs
        results/flow.csv, quality.csv, notices.csv, waves.csv, columns.csv, dictionary.csv, stored_totals.csv
"""


rule validate_wave:
    message:
        "Checking wave {wildcards.wave}"
    output:
        # update(): a wave that fails its check leaves its earlier results in place
        checked_answers=update(f"{PEOPLE}/waves/{{wave}}/checked_answers.parquet"),
        quality_rows=update(f"{PEOPLE}/waves/{{wave}}/quality_rows.parquet"),
        set_aside=update(f"{PEOPLE}/waves/{{wave}}/set_aside.csv"),
        flow=update("results/waves/{wave}/flow.csv"),
        quality=update("results/waves/{wave}/quality.csv"),
        columns=update("results/waves/{wave}/columns.csv"),
        variables=update("results/waves/{wave}/variables.csv"),
        notices=update("results/waves/{wave}/notices.csv"),
    log:
        "logs/validate_wave/{wave}.log",
    params:
        lambda w: PLAN.params("validate_wave", w.wave),
    script:
        "../scripts/validate_wave.py"


rule score_wave:
    message:
        "Scoring wave {wildcards.wave}"
    input:
        answers=f"{PEOPLE}/waves/{{wave}}/checked_answers.parquet",
    output:
        scores=f"{PEOPLE}/waves/{{wave}}/scores.parquet",
        events=f"{PEOPLE}/waves/{{wave}}/events.parquet",
        stored_totals="results/waves/{wave}/stored_totals.csv",
        differing=f"{PEOPLE}/waves/{{wave}}/stored_totals_differing.csv",
    log:
        "logs/score_wave/{wave}.log",
    params:
        lambda w: PLAN.params("score_wave", w.wave),
    script:
        "../scripts/score_wave.py"


rule compare_waves:
    message:
        "Comparing what the waves asked"
    input:
        expand("results/waves/{wave}/variables.csv", wave=WAVES),
    output:
        # update(): a question that changed unannounced stops here, and earlier results stay
        differences=update("results/differences.csv"),
    log:
        "logs/compare_waves.log",
    params:
        lambda w: PLAN.params("compare_waves"),
    script:
        "../scripts/compare_waves.py"


rule pool_waves:
    message:
        "Bringing all waves together"
    input:
        # waves whose questions do not fit together are not put together; not ancient(): behind one, Snakemake overlooks changes
        differences="results/differences.csv",
        answers=expand(f"{PEOPLE}/waves/{{wave}}/checked_answers.parquet", wave=WAVES),
        scores=expand(f"{PEOPLE}/waves/{{wave}}/scores.parquet", wave=WAVES),
        events=expand(f"{PEOPLE}/waves/{{wave}}/events.parquet", wave=WAVES),
        flow=expand("results/waves/{wave}/flow.csv", wave=WAVES),
        quality=expand("results/waves/{wave}/quality.csv", wave=WAVES),
        columns=expand("results/waves/{wave}/columns.csv", wave=WAVES),
        stored_totals=expand("results/waves/{wave}/stored_totals.csv", wave=WAVES),
        notices=expand("results/waves/{wave}/notices.csv", wave=WAVES),
    output:
        answers=f"{PEOPLE}/answers.parquet",
        scores=f"{PEOPLE}/scores.parquet",
        events=f"{PEOPLE}/events.parquet",
        scores_csv=f"{PEOPLE}/scores.csv",
        scores_sav=f"{PEOPLE}/scores.sav",
        scores_dictionary=f"{PEOPLE}/scores_dictionary.csv",
        flow="results/flow.csv",
        quality="results/quality.csv",
        columns="results/columns.csv",
        stored_totals="results/stored_totals.csv",
        notices="results/notices.csv",
        waves="results/waves.csv",
        dictionary="results/dictionary.csv",
    log:
        "logs/pool_waves.log",
    params:
        lambda w: PLAN.params("pool_waves"),
    script:
        "../scripts/pool_waves.py"
