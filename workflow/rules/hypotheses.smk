"""Hypotheses: one job per family (one question, one correction), then all families together; published results beside them.

Needs   results/participants/scores.parquet and events.parquet, config/hypotheses/*.yaml, config/benchmarks.yaml,
        results/psychometrics/invariance.csv and reliability.csv, results/correlations.csv and descriptives.csv
Makes   results/families/{family}/estimates.csv
        results/estimates.csv    the only source of every number about a hypothesis
        results/hypotheses.csv   what was planned       results/claims.csv   the claim ledger
        results/benchmarks.csv   published results beside this study's own
"""


rule test_hypotheses:
    message: "Testing the hypotheses of family {wildcards.family}"
    input:
        scores=f"{PEOPLE}/scores.parquet",
        events=f"{PEOPLE}/events.parquet",
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


rule compare_benchmarks:
    message: "Putting published results beside those of this study"
    input:
        correlations="results/correlations.csv",
        descriptives="results/descriptives.csv",
        reliability="results/psychometrics/reliability.csv",
    output:
        benchmarks="results/benchmarks.csv",
    log:
        "logs/compare_benchmarks.log",
    params:
        lambda w: PLAN.params("compare_benchmarks"),
    script:
        "../scripts/compare_benchmarks.py"
