"""Psychometrics: one job per instrument, then all instruments together.

Needs   results/participants/answers.parquet, scores.parquet
Makes   results/psychometrics/instruments/{instrument}/   reliability and item statistics of one instrument
        results/psychometrics/reliability.csv, items.csv, keying.csv
        results/erosion.csv, results/participants/changes.parquet   change scores, with the band of measurement error
"""


rule psychometrics:
    message: "Assessing {wildcards.instrument}"
    input:
        answers=f"{PEOPLE}/answers.parquet",
    output:
        reliability="results/psychometrics/instruments/{instrument}/reliability.csv",
        item_statistics="results/psychometrics/instruments/{instrument}/items.csv",
    log:
        "logs/psychometrics/{instrument}.log",
    params:
        lambda w: PLAN.params("psychometrics", w.instrument),
    script:
        "../scripts/psychometrics.py"


rule collect_psychometrics:
    message: "Checking keys between scales, and change between waves"
    input:
        scores=f"{PEOPLE}/scores.parquet",
        events=f"{PEOPLE}/events.parquet",
        reliability=expand("results/psychometrics/instruments/{instrument}/reliability.csv", instrument=PLAN.study.scored),
        item_statistics=expand("results/psychometrics/instruments/{instrument}/items.csv", instrument=PLAN.study.scored),
    output:
        reliability="results/psychometrics/reliability.csv",
        item_statistics="results/psychometrics/items.csv",
        keying="results/psychometrics/keying.csv",
        erosion="results/erosion.csv",
        changes=f"{PEOPLE}/changes.parquet",
    log:
        "logs/collect_psychometrics.log",
    params:
        lambda w: PLAN.params("collect_psychometrics"),
    script:
        "../scripts/collect_psychometrics.py"
