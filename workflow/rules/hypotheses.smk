"""Hypotheses: one job per family (one question, one correction), then all families together.

Needs   results/participants/scores.parquet, config/hypotheses/*.yaml, results/psychometrics/invariance.csv
Makes   results/families/{family}/estimates.csv
        results/estimates.csv    the only source of every number about a hypothesis
        results/hypotheses.csv   what was planned       results/claims.csv   the claim ledger
"""


rule test_hypotheses:
    message: "Testing the hypotheses of family {wildcards.family}"
    input:
        scores=f"{PEOPLE}/scores.parquet",
    output:
        estimates="results/families/{family}/estimates.csv",
    log:
        "logs/test_hypotheses/{family}.log",
    params:
        lambda w: PLAN.params("test_hypotheses", w.family),
    script:
        "../scripts/test_hypotheses.py"


rule collect_estimates:
    message: "Writing estimates and the claim ledger"
    input:
        dictionary="results/dictionary.csv",
        waves="results/waves.csv",
        invariance="results/psychometrics/invariance.csv",
        estimates=expand("results/families/{family}/estimates.csv", family=PLAN.study.families),
    output:
        estimates="results/estimates.csv",
        hypotheses="results/hypotheses.csv",
        claims="results/claims.csv",
    log:
        "logs/collect_estimates.log",
    params:
        lambda w: PLAN.params("collect_estimates"),
    script:
        "../scripts/collect_estimates.py"
