"""Multiverse: hypotheses analysed in every way that config/multiverse.yaml declares, one job per family that it names.

Needs   config/multiverse.yaml (a study without it gets empty tables), the exports of all waves, config/hypotheses/*.yaml,
        results/families/{family}/estimates.csv, results/participants/careless.parquet
Makes   results/families/{family}/multiverse.csv
        results/multiverse.csv           one row per specification
        results/multiverse_summary.csv   shares of verdicts and range      results/multiverse_choices.csv   by option
"""


rule run_multiverse:
    message:
        "Analysing family {wildcards.family} in every declared way"
    input:
        scores=f"{PEOPLE}/scores.parquet",
        careless=f"{PEOPLE}/careless.parquet",
        estimates="results/families/{family}/estimates.csv",
    output:
        multiverse="results/families/{family}/multiverse.csv",
    log:
        "logs/run_multiverse/{family}.log",
    params:
        lambda w: PLAN.params("run_multiverse", w.family),
    script:
        "../scripts/run_multiverse.py"


rule summarise_multiverse:
    message:
        "Laying the ways of analysis beside each other"
    input:
        expand("results/families/{family}/multiverse.csv", family=PLAN.families_in_multiverse),
    output:
        multiverse="results/multiverse.csv",
        summary="results/multiverse_summary.csv",
        choices="results/multiverse_choices.csv",
    log:
        "logs/summarise_multiverse.log",
    params:
        lambda w: PLAN.params("summarise_multiverse"),
    script:
        "../scripts/summarise_multiverse.py"
