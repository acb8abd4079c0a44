"""Psychometrics: one job per instrument, then all instruments together.

Needs   results/participants/answers.parquet, scores.parquet
Makes   results/psychometrics/instruments/{instrument}/   reliability, item statistics, factor models, invariance,
                                                          exploration and item response of one instrument
        results/psychometrics/*.csv                       the same of all; predictions.csv and keying.csv between them
        results/erosion.csv, results/participants/changes.parquet   change scores, with the band of measurement error
"""

from rejsens.registry import TABLES

OF_AN_INSTRUMENT = [
    "reliability",
    "items",
    "factor_models",
    "loadings",
    "factor_correlations",
    "invariance",
    "dimensionality",
    "eigenvalues",
    "exploratory_loadings",
    "item_response",
    "information",
    "scalability",
    "local_dependence",
]


rule psychometrics:
    message:
        "Assessing {wildcards.instrument}"
    input:
        answers=f"{PEOPLE}/answers.parquet",
    output:
        reliability="results/psychometrics/instruments/{instrument}/reliability.csv",
        item_statistics="results/psychometrics/instruments/{instrument}/items.csv",
        factor_models="results/psychometrics/instruments/{instrument}/factor_models.csv",
        loadings="results/psychometrics/instruments/{instrument}/loadings.csv",
        factor_correlations="results/psychometrics/instruments/{instrument}/factor_correlations.csv",
        invariance="results/psychometrics/instruments/{instrument}/invariance.csv",
        dimensionality="results/psychometrics/instruments/{instrument}/dimensionality.csv",
        eigenvalues="results/psychometrics/instruments/{instrument}/eigenvalues.csv",
        exploratory_loadings="results/psychometrics/instruments/{instrument}/exploratory_loadings.csv",
        item_response="results/psychometrics/instruments/{instrument}/item_response.csv",
        information="results/psychometrics/instruments/{instrument}/information.csv",
        scalability="results/psychometrics/instruments/{instrument}/scalability.csv",
        local_dependence="results/psychometrics/instruments/{instrument}/local_dependence.csv",
    log:
        "logs/psychometrics/{instrument}.log",
    params:
        lambda w: PLAN.params("psychometrics", w.instrument),
    script:
        "../scripts/psychometrics.py"


rule collect_psychometrics:
    message:
        "Checking keys between scales, and change between waves"
    input:
        scores=f"{PEOPLE}/scores.parquet",
        events=f"{PEOPLE}/events.parquet",
        tables=expand("results/psychometrics/instruments/{instrument}/{table}.csv", instrument=PLAN.study.scored, table=OF_AN_INSTRUMENT),
    output:
        reliability="results/psychometrics/reliability.csv",
        item_statistics="results/psychometrics/items.csv",
        factor_models="results/psychometrics/factor_models.csv",
        loadings="results/psychometrics/loadings.csv",
        factor_correlations="results/psychometrics/factor_correlations.csv",
        invariance="results/psychometrics/invariance.csv",
        dimensionality="results/psychometrics/dimensionality.csv",
        eigenvalues="results/psychometrics/eigenvalues.csv",
        exploratory_loadings="results/psychometrics/exploratory_loadings.csv",
        item_response="results/psychometrics/item_response.csv",
        information="results/psychometrics/information.csv",
        scalability="results/psychometrics/scalability.csv",
        local_dependence="results/psychometrics/local_dependence.csv",
        predictions="results/psychometrics/predictions.csv",
        keying="results/psychometrics/keying.csv",
        erosion="results/erosion.csv",
        changes=f"{PEOPLE}/changes.parquet",
    log:
        "logs/collect_psychometrics.log",
    params:
        lambda w: PLAN.params("collect_psychometrics"),
    script:
        "../scripts/collect_psychometrics.py"


rule validate_inventory:
    message:
        "Running the validation plans"
    input:
        answers=f"{PEOPLE}/answers.parquet",
        tables=[
            TABLES[name] for name in ("reliability", "items", "responses", "factor_models", "invariance", "predictions", "discriminant")
        ],
    output:
        validation="results/psychometrics/validation.csv",
        validation_loadings="results/psychometrics/validation_loadings.csv",
    log:
        "logs/validate_inventory.log",
    params:
        lambda w: PLAN.params("validate_inventory"),
    script:
        "../scripts/validate_inventory.py"
