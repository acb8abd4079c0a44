"""Hypotheses: one job per family (one question, one correction), then all families together; published results beside them.

Needs   results/participants/scores.parquet and events.parquet, config/hypotheses/*.yaml, config/benchmarks.yaml,
        results/psychometrics/invariance.csv, reliability.csv and validation.csv, results/correlations.csv and descriptives.csv
Makes   results/families/{family}/estimates.csv and diagnostics.csv
        results/estimates.csv    the only source of every number about a hypothesis
        results/diagnostics.csv  the assumptions of each deciding analysis, and their effect on it
        results/hypotheses.csv   what was planned       results/claims.csv   the claim ledger
        results/benchmarks.csv   published results beside this study's own
        results/plan.csv         when the plan was frozen (config/plan.lock.yaml), and what differs from it
"""


rule test_hypotheses:
    message:
        "Testing the hypotheses of family {wildcards.family}"
    input:
        scores=f"{PEOPLE}/scores.parquet",
        events=f"{PEOPLE}/events.parquet",
    output:
        estimates="results/families/{family}/estimates.csv",
        diagnostics="results/families/{family}/diagnostics.csv",
    log:
        "logs/test_hypotheses/{family}.log",
    params:
        lambda w: PLAN.params("test_hypotheses", w.family),
    script:
        "../scripts/test_hypotheses.py"


rule collect_estimates:
    message:
        "Writing estimates and the claim ledger"
    input:
        dictionary="results/dictionary.csv",
        waves="results/waves.csv",
        invariance="results/psychometrics/invariance.csv",
        descriptives="results/descriptives.csv",
        validation="results/psychometrics/validation.csv",
        benchmarks="results/benchmarks.csv",
        estimates=expand("results/families/{family}/estimates.csv", family=PLAN.study.family_names),
        diagnostics=expand("results/families/{family}/diagnostics.csv", family=PLAN.study.family_names),
    output:
        estimates="results/estimates.csv",
        diagnostics="results/diagnostics.csv",
        hypotheses="results/hypotheses.csv",
        claims="results/claims.csv",
    log:
        "logs/collect_estimates.log",
    params:
        lambda w: PLAN.params("collect_estimates"),
    script:
        "../scripts/collect_estimates.py"


rule compare_benchmarks:
    message:
        "Putting published results beside those of this study"
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


rule tell_plan:
    message:
        "Holding the hypotheses against the registered plan"
    output:
        plan="results/plan.csv",
    log:
        "logs/tell_plan.log",
    params:
        lambda w: PLAN.params("tell_plan"),
    script:
        "../scripts/tell_plan.py"
