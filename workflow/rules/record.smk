"""Record: what made the results, and the list of the files that a complete run left.

Needs   all aggregate tables; for the list everything that `rule all` asks for
Makes   results/report/provenance.json         hashes of inputs, code, settings and lock, versions, type of processor
        results/manifest.json                  size and hash of every file of the run, but for those about single people
        results/participants/manifest.json     those about single people
"""

from snakemake.io import regex_from_filepattern

from rejsens.manifest import OF_PEOPLE, SHARED


rule record_provenance:
    message:
        "Recording what made the results"
    input:
        list(map(TABLES.get, AGGREGATES)),
    output:
        record=report(
            "results/report/provenance.json", category="Record", labels={"File": "provenance"}, caption="../report/audit/record.rst"
        ),
    log:
        "logs/record_provenance.log",
    params:
        lambda w: PLAN.params("record_provenance"),
    script:
        "../scripts/record_provenance.py"


rule list_results:
    message:
        "Listing the files of the run"
    input:
        lambda w: [file for file in rules.all.input if file not in (SHARED, OF_PEOPLE)],
    output:
        shared=SHARED,
        of_people=OF_PEOPLE,
    log:
        "logs/list_results.log",
    params:
        lambda w: PLAN.params("list_results") | {"made": [regex_from_filepattern(file) for rule in workflow.rules for file in rule.output]},
    script:
        "../scripts/list_results.py"
