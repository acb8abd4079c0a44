"""Describe: who took part, what they scored, how the scores go together, what they left out.

Needs   results/participants/answers.parquet, scores.parquet
Makes   results/sample.csv, descriptives.csv, correlations.csv, responses.csv, missing.csv
"""


rule describe_sample:
    message: "Describing participants and scores"
    input:
        answers=f"{PEOPLE}/answers.parquet",
        scores=f"{PEOPLE}/scores.parquet",
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
