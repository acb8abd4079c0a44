# From raw survey waves to a report. Each rules file says what it needs and what it makes.

from snakemake.utils import min_version

min_version("9.27")


report: "workflow/report/audit/workflow.rst"


include: "workflow/rules/common.smk"  # reads the study's declarations; nothing runs if they do not fit together
include: "workflow/rules/waves.smk"  # raw export   -> checked answers -> scores -> all waves together
include: "workflow/rules/describe.smk"  # pooled waves -> who took part, what they answered
include: "workflow/rules/psychometrics.smk"  # pooled waves -> can the scales be trusted?
include: "workflow/rules/validity.smk"  # pooled waves -> do scales differ? what is careless, what is missing?
include: "workflow/rules/hypotheses.smk"  # pooled waves -> tested hypotheses
include: "workflow/rules/multiverse.smk"  # tested hypotheses -> the same in every declared way
include: "workflow/rules/outputs.smk"  # tables       -> figures, printed tables, the report
include: "workflow/rules/record.smk"  # everything   -> what made it, and the list of it
include: "workflow/rules/unfit.smk"  # last: what is there and cannot stand is made again


rule all:
    input:
        "results/report/index.html",
        "results/report/report.pdf",
        "results/report/report.docx",
        expand("results/manuscript/{file}", file=["numbers.json", "draft.docx", "submission.zip"]),
        "results/report/provenance.json",
        "results/manifest.json",
        SIZED_FIGURES,


rule figures:
    input:
        expand("results/figures/{figure}.png", figure=PLAN.figures),
        expand("results/figures/instruments/{instrument}/{figure}.png", instrument=PLAN.modelled, figure=INSTRUMENT_FIGURES),
        expand("results/figures/waves/{wave}/{figure}.png", wave=PLAN.waves_to_switch, figure=WAVE_FIGURES),
        expand("results/figures/families/{family}/{figure}.png", family=PLAN.study.family_names, figure=FAMILY_FIGURES),
        SIZED_FIGURES,
