"""How long figures and the three writers take, against bare scripts that draw the same figures. Nothing here is a test.

python tests/bench_report.py            of a copy of the repository's study, which is run first (minutes)
python tests/bench_report.py STUDY      of a copy of a study that has been run
"""

from __future__ import annotations

import json
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.bench import ROOT, SNAKEMAKE, copy_of_the_study, report, seconds

REPORTS = [f"results/report/{name}" for name in ("index.html", "report.pdf", "report.docx")]
RUN = [*SNAKEMAKE, str(ROOT / "Snakefile"), "--cores", "1"]
SHIPPED, EDITED = (
    "specification_curve",
    "with_another_caption",
)  # the second is the first, as a figure of the study's own
BARE = "import matplotlib.figure; from tests import bench_report; bench_report.{}"


def draw_everything() -> None:
    """The bare script: every figure of the study that one stands in, one after the other, from finished tables."""
    from rejsens.plan import Plan
    from rejsens.study import load_study
    from rejsens.tabular import read_parts

    plan, drawn, tables = Plan(load_study(".")), Path("drawn"), {}
    for figure in plan.figures:
        _draw(plan.params("draw_figure", figure), figure, drawn, tables)
    for figure in plan.figures_of_people:
        _draw(plan.params("draw_figure_of_people", figure), figure, drawn / "people", tables)
    of_families = plan.params("draw_family_figures")
    for family in of_families["families"]:
        for figure, own in of_families["figures"].items():
            _draw(of_families | own, figure, drawn / family, tables, family=family)
    for instrument in plan.modelled:
        in_parts = [path.stem for path in Path(f"results/psychometrics/instruments/{instrument}").glob("*.csv")]
        parts = read_parts(plan.tables_of_instrument_figures(instrument, in_parts))
        of_instrument = plan.params("draw_instrument_figures", instrument)
        for figure, own in of_instrument["figures"].items():
            _draw(of_instrument | own, figure, drawn / instrument, parts, instrument=instrument)


def draw_one() -> None:
    """The bare script of one figure."""
    from rejsens.plan import Plan
    from rejsens.study import load_study

    _draw(Plan(load_study(".")).params("draw_figure", EDITED), EDITED, Path("drawn"), {})


def _draw(settings: dict[str, Any], figure: str, folder: Path, tables: dict[str, Any], **of: str) -> None:
    """`tables` keeps what was read, so that no file is read twice."""
    from rejsens.draw import draw_and_save
    from rejsens.registry import TABLES
    from rejsens.tabular import read_table

    folder.mkdir(exist_ok=True, parents=True)
    for name in settings["tables"]:
        if name not in tables:
            tables[name] = read_table(TABLES[name], name)
    given = {name: tables[name] for name in settings["tables"]}
    draw_and_save(settings, figure, settings["module"], folder / f"{figure}.svg", **given, **of)


def finished(folder: Path, study: Path | None) -> Path:
    """A copy of a study with its results; the repository's is run."""
    if study is None:
        own = copy_of_the_study(folder)
        seconds([*RUN, "--cores", "2"], own)
        return own
    own = (
        "config",
        "data",
        "results",
        ".snakemake",
        *(() if (study / "Snakefile").exists() else ("schemas", "figures", "tables")),
    )
    for part in own:
        if (study / part).exists():
            shutil.copytree(study / part, folder / "study" / part, ignore=shutil.ignore_patterns("locks"))
    return folder / "study"


def everything_again(study: Path) -> float:
    """Seconds of one core for all figures, the printed tables that the report holds, and the three writers."""
    for name in ("results/figures", "results/participants/figures", "results/report", "results/tables"):
        shutil.rmtree(study / name, ignore_errors=True)
    return seconds([*RUN, *REPORTS], study)


def one_again(study: Path) -> tuple[float, float]:
    """Seconds of the whole command, and of the job, after the caption of one figure was edited."""
    own, svg = study / f"figures/{EDITED}.py", f"results/figures/{EDITED}.svg"
    own.write_text(own.read_text("utf-8").replace('"""', '"""Once more: ', 1), encoding="utf-8")
    whole = seconds([*RUN, svg], study)
    records = [json.loads(path.read_text()) for path in (study / ".snakemake/metadata").iterdir() if path.is_file()]
    job = max((r for r in records if r.get("rule") == "draw_figure"), key=lambda r: r["endtime"])
    return whole, job["endtime"] - job["starttime"]


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        study = finished(Path(name), Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else None)
        (study / "figures").mkdir(exist_ok=True)
        shutil.copy(ROOT / f"workflow/rejsens/figures/{SHIPPED}.py", study / f"figures/{EDITED}.py")
        seconds([*RUN, *REPORTS], study)
        bare = seconds([sys.executable, "-c", BARE.format("draw_everything()")], study)
        report(
            "Figures, tables and three writers, over drawing the figures in one script",
            everything_again(study),
            bare,
            3,
        )
        empty = Path(name) / "Snakefile"
        empty.write_text("")
        ours, alone, start = [], [], []
        for _ in range(3):
            ours.append(one_again(study))
            alone.append(seconds([sys.executable, "-c", BARE.format("draw_one()")], study))
            start.append(seconds([*SNAKEMAKE, str(empty), "--cores", "1"], Path(name)))
        whole, job = (statistics.median(times) for times in zip(*ours, strict=True))
        script, snakemake = statistics.median(alone), statistics.median(start)
        report("One figure after its caption was edited: its job, over a bare script", job, script, 1.5)
        report(
            "The whole command, over 1.5 bare scripts and two starts of Snakemake",
            whole,
            1.5 * script + 2 * snakemake,
            1,
        )


if __name__ == "__main__":
    main()
