"""Describe: who took part, what they scored, how the scores go together, what they left out; and the codebook.

Needs   results/participants/answers.parquet, scores.parquet; results/waves/{wave}/variables.csv
Makes   results/sample.csv, descriptives.csv, correlations.csv, responses.csv, missing.csv
        results/attrition.csv                                    who of the first wave is absent later
        results/codebook/codebook.csv .xlsx .html .jsonld        one row per variable and wave
"""


rule describe_sample:
    message:
        "Describing participants and scores"
    input:
        answers=f"{PEOPLE}/answers.parquet",
        scores=f"{PEOPLE}/scores.parquet",
        events=f"{PEOPLE}/events.parquet",
    output:
        sample="results/sample.csv",
        descriptives="results/descriptives.csv",
        correlations="results/correlations.csv",
        responses="results/responses.csv",
        missing="results/missing.csv",
    log:
        "logs/describe_sample.log",
    params:
        lambda w: PLAN.params("describe_sample"),
    script:
        "../scripts/describe_sample.py"


rule model_attrition:
    message:
        "Modelling who is absent from later waves"
    input:
        scores=f"{PEOPLE}/scores.parquet",
    output:
        attrition="results/attrition.csv",
    log:
        "logs/model_attrition.log",
    params:
        lambda w: PLAN.params("model_attrition"),
    script:
        "../scripts/model_attrition.py"


rule codebook:
    message:
        "Writing the codebook"
    input:
        variables=expand("results/waves/{wave}/variables.csv", wave=WAVES),
        differences="results/differences.csv",
        descriptives="results/descriptives.csv",
        reliability="results/psychometrics/reliability.csv",
    output:
        multiext("results/codebook/codebook", csv=".csv", xlsx=".xlsx", html=".html", jsonld=".jsonld"),
    log:
        "logs/codebook.log",
    params:
        lambda w: PLAN.params("codebook"),
    script:
        "../scripts/codebook.py"
