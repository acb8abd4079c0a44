"""Outputs: figures and printed tables (one plug-in module each), the report.

Needs   the finished tables that a plug-in names in its TABLES
Makes   results/figures/{figure}.pdf .svg .png .csv .json        shared: no point, bin or cell of few people
        results/participants/figures/{figure}.*                  the same figures with people in them
        results/figures/instruments/{instrument}/{figure}.*      figures of one instrument (`OF = "instrument"` in the module)
        results/figures/families/{family}/{figure}.*             figures of one family of hypotheses (`OF = "family"`)
        results/figures/waves/{wave}/{figure}.*                  figures that show one wave (`BY_WAVE = True`), for each wave
        results/figures/{size}/...                               the shared ones again, at the size of a journal (`elsevier-1`), also .tiff
        results/tables/{table}.csv .html .tex .typ .json
        results/report/index.html, report.pdf, report.docx
        results/standards.csv                                    what reporting standards ask, and where the report answers it
        results/manuscript/numbers.json .tex, _variables.yml     every number of a hypothesis by name, as text
        results/manuscript/draft.docx .md, references.json       method and results drafted from the tables, works cited
        results/manuscript/submission.zip                        tables and figures named for submission
"""

from rejsens.registry import AGGREGATES, TABLES

SIZED_FIGURES = PLAN.sized_figures_kept  # at the sizes of journals; none by default


rule draw_figure:
    message:
        "Drawing {wildcards.figure}"
    input:
        lambda w: PLAN.tables_of("figures", w.figure),
    output:
        multiext("results/figures/{figure}", pdf=".pdf", png=".png", csv=".csv", json=".json"),
        svg=report("results/figures/{figure}.svg", category="Figures", labels={"Figure": "{figure}"}, caption="../report/audit/figure.rst"),
    log:
        "logs/draw_figure/{figure}.log",
    params:
        lambda w: PLAN.params("draw_figure", w.figure),
    script:
        "../scripts/draw_figure.py"


rule draw_figure_of_people:
    message:
        "Drawing {wildcards.figure} with people"
    input:
        lambda w: PLAN.tables_of("figures", w.figure),
    output:
        multiext(f"{PEOPLE}/figures/{{figure}}", pdf=".pdf", svg=".svg", png=".png", csv=".csv", json=".json"),
    log:
        "logs/draw_figure_of_people/{figure}.log",
    params:
        lambda w: PLAN.params("draw_figure_of_people", w.figure),
    script:
        "../scripts/draw_figure.py"


rule draw_instrument_figures:
    message:
        "Drawing the figures of {wildcards.instrument}"
    input:
        lambda w: PLAN.tables_of_instrument_figures(w.instrument, OF_AN_INSTRUMENT),
    output:
        expand("results/figures/instruments/{{instrument}}/{figure}.{form}", figure=INSTRUMENT_FIGURES, form=["pdf", "png", "csv", "json"]),
        **{f"figure_{figure}": f"results/figures/instruments/{{instrument}}/{figure}.svg" for figure in INSTRUMENT_FIGURES},
    log:
        "logs/draw_instrument_figures/{instrument}.log",
    params:
        lambda w: PLAN.params("draw_instrument_figures", w.instrument),
    script:
        "../scripts/draw_instrument_figures.py"


rule draw_family_figures:
    message:
        "Drawing the figures of the families of hypotheses"
    input:
        PLAN.tables_of_family_figures,
    output:
        expand(
            "results/figures/families/{family}/{figure}.{form}",
            family=PLAN.study.family_names,
            figure=FAMILY_FIGURES,
            form=["pdf", "png", "csv", "json"],
        ),
        drawn=expand("results/figures/families/{family}/{figure}.svg", family=PLAN.study.family_names, figure=FAMILY_FIGURES),
    log:
        "logs/draw_family_figures.log",
    params:
        lambda w: PLAN.params("draw_family_figures"),
    script:
        "../scripts/draw_family_figures.py"


rule draw_wave_figures:
    message:
        "Drawing what stands in each wave"
    input:
        PLAN.tables_of_wave_figures,
    output:
        expand(
            "results/figures/waves/{wave}/{figure}.{form}",
            wave=PLAN.waves_to_switch,
            figure=WAVE_FIGURES,
            form=["pdf", "png", "csv", "json"],
        ),
        drawn=expand("results/figures/waves/{wave}/{figure}.svg", wave=PLAN.waves_to_switch, figure=WAVE_FIGURES),
    log:
        "logs/draw_wave_figures.log",
    params:
        lambda w: PLAN.params("draw_wave_figures"),
    script:
        "../scripts/draw_wave_figures.py"


rule draw_sized_figure:
    message:
        "Drawing {wildcards.figure} at the size {wildcards.size}"
    input:
        lambda w: PLAN.tables_of("figures", w.figure),
    output:
        multiext("results/figures/{size}/{figure}", pdf=".pdf", svg=".svg", png=".png", tiff=".tiff", csv=".csv", json=".json"),
    log:
        "logs/draw_sized_figure/{size}/{figure}.log",
    params:
        lambda w: PLAN.params("draw_sized_figure", w.size, w.figure),
    script:
        "../scripts/draw_figure.py"


rule draw_sized_instrument_figures:
    message:
        "Drawing the figures of {wildcards.instrument} at the size {wildcards.size}"
    input:
        lambda w: PLAN.tables_of_instrument_figures(w.instrument, OF_AN_INSTRUMENT),
    output:
        expand(
            "results/figures/{{size}}/instruments/{{instrument}}/{figure}.{form}",
            figure=INSTRUMENT_FIGURES,
            form=["pdf", "png", "tiff", "csv", "json"],
        ),
        **{f"figure_{figure}": f"results/figures/{{size}}/instruments/{{instrument}}/{figure}.svg" for figure in INSTRUMENT_FIGURES},
    log:
        "logs/draw_sized_instrument_figures/{size}/{instrument}.log",
    params:
        lambda w: PLAN.params("draw_sized_instrument_figures", w.size, w.instrument),
    script:
        "../scripts/draw_instrument_figures.py"


rule draw_sized_family_figures:
    message:
        "Drawing the figures of the families of hypotheses at the size {wildcards.size}"
    input:
        PLAN.tables_of_family_figures,
    output:
        expand(
            "results/figures/{{size}}/families/{family}/{figure}.{form}",
            family=PLAN.study.family_names,
            figure=FAMILY_FIGURES,
            form=["pdf", "png", "tiff", "csv", "json"],
        ),
        drawn=expand("results/figures/{{size}}/families/{family}/{figure}.svg", family=PLAN.study.family_names, figure=FAMILY_FIGURES),
    log:
        "logs/draw_sized_family_figures/{size}.log",
    params:
        lambda w: PLAN.params("draw_sized_family_figures", w.size),
    script:
        "../scripts/draw_family_figures.py"


rule lay_out_table:
    message:
        "Laying out table {wildcards.table}"
    input:
        lambda w: PLAN.tables_of("tables", w.table),
    output:
        csv="results/tables/{table}.csv",
        html=report("results/tables/{table}.html", category="Tables", labels={"Table": "{table}"}, caption="../report/audit/table.rst"),
        tex="results/tables/{table}.tex",
        typ="results/tables/{table}.typ",
        json="results/tables/{table}.json",
    log:
        "logs/lay_out_table/{table}.log",
    params:
        lambda w: PLAN.params("lay_out_table", w.table),
    script:
        "../scripts/lay_out_table.py"


REPORTED = dict(
    aggregates=list(map(TABLES.get, AGGREGATES)),
    figures=expand("results/figures/{figure}.svg", figure=PLAN.figures),
    of_people=expand(f"{PEOPLE}/figures/{{figure}}.svg", figure=PEOPLE_FIGURES),
    of_instruments=expand("results/figures/instruments/{instrument}/{figure}.svg", instrument=PLAN.modelled, figure=INSTRUMENT_FIGURES),
    of_families=expand("results/figures/families/{family}/{figure}.svg", family=PLAN.study.family_names, figure=FAMILY_FIGURES),
    of_waves=expand("results/figures/waves/{wave}/{figure}.svg", wave=PLAN.waves_to_switch, figure=WAVE_FIGURES),
    tables=expand("results/tables/{table}.json", table=PLAN.tables),
)


rule check_standards:
    message:
        "Holding the report against reporting standards"
    input:
        [TABLES[name] for name in AGGREGATES if name != "standards"],
    output:
        standards=TABLES["standards"],
    log:
        "logs/check_standards.log",
    params:
        lambda w: PLAN.params("check_standards"),
    script:
        "../scripts/check_standards.py"


rule write_report:
    message:
        "Writing the report"
    input:
        **REPORTED,
    output:
        report="results/report/index.html",
    log:
        "logs/write_report.log",
    params:
        lambda w: PLAN.params("write_report"),
    script:
        "../scripts/write_report.py"


rule write_documents:
    message:
        "Writing the report as PDF and Word file"
    input:
        **REPORTED,
    output:
        pdf="results/report/report.pdf",
        word="results/report/report.docx",
    log:
        "logs/write_documents.log",
    params:
        lambda w: PLAN.params("write_documents"),
    script:
        "../scripts/write_documents.py"


rule write_numbers:
    message:
        "Writing the numbers by name"
    input:
        [TABLES[name] for name in ("estimates", "hypotheses", "dictionary", "waves")],
    output:
        json="results/manuscript/numbers.json",
        latex="results/manuscript/numbers.tex",
        quarto="results/manuscript/_variables.yml",
    log:
        "logs/write_numbers.log",
    params:
        lambda w: PLAN.params("write_numbers"),
    script:
        "../scripts/write_numbers.py"


rule write_draft:
    message:
        "Drafting method and results"
    input:
        **REPORTED,
    output:
        word="results/manuscript/draft.docx",
        markdown="results/manuscript/draft.md",
        references="results/manuscript/references.json",
    log:
        "logs/write_draft.log",
    params:
        lambda w: PLAN.params("write_draft"),
    script:
        "../scripts/write_draft.py"


rule pack_submission:
    message:
        "Packing tables and figures for submission"
    input:
        **REPORTED,
        submitted=PLAN.submitted_figures,
    output:
        archive="results/manuscript/submission.zip",
    log:
        "logs/pack_submission.log",
    params:
        lambda w: PLAN.params("pack_submission"),
    script:
        "../scripts/pack_submission.py"
