"""Validity, careless answers, missing answers: what else decides whether the scores may be read.

Needs   results/participants/answers.parquet, scores.parquet
        results/participants/waves/{wave}/checked_answers.parquet
Makes   results/psychometrics/discriminant.csv, method_variance.csv     do scales measure different things?
        results/participants/waves/{wave}/scale_fits.parquet            how answers go with a model of each scale
        results/careless.csv, results/participants/careless.parquet     indices of careless answers; nobody leaves by them
        results/missing_patterns.csv, little.csv                        what is missing together, in and over waves
"""


rule assess_validity:
    message:
        "Holding scales against each other"
    input:
        answers=f"{PEOPLE}/answers.parquet",
        scores=f"{PEOPLE}/scores.parquet",
    output:
        discriminant="results/psychometrics/discriminant.csv",
        method_variance="results/psychometrics/method_variance.csv",
    log:
        "logs/assess_validity.log",
    params:
        lambda w: PLAN.params("assess_validity"),
    script:
        "../scripts/assess_validity.py"


rule fit_answers:
    message:
        "Holding answers of wave {wildcards.wave} against a model of each scale"
    input:
        answers=f"{PEOPLE}/waves/{{wave}}/checked_answers.parquet",
    output:
        fits=f"{PEOPLE}/waves/{{wave}}/scale_fits.parquet",
    log:
        "logs/fit_answers/{wave}.log",
    params:
        lambda w: PLAN.params("fit_answers", w.wave),
    script:
        "../scripts/fit_answers.py"


rule describe_answering:
    message:
        "Describing how people answered, and what is missing together"
    input:
        answers=f"{PEOPLE}/answers.parquet",
        scores=f"{PEOPLE}/scores.parquet",
        fits=expand(f"{PEOPLE}/waves/{{wave}}/scale_fits.parquet", wave=WAVES),
    output:
        careless="results/careless.csv",
        people=f"{PEOPLE}/careless.parquet",
        missing_patterns="results/missing_patterns.csv",
        little="results/little.csv",
    log:
        "logs/describe_answering.log",
    params:
        lambda w: PLAN.params("describe_answering"),
    script:
        "../scripts/describe_answering.py"
