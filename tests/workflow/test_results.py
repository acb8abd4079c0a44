"""What a run of the tiny study leaves, one file held against the others."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
import typer

from rejsens.commands._pipeline import AUDIT, FAULTS, write_audit
from rejsens.tabular import read_table


def test_a_run_leaves_the_codebook_of_its_study(finished_study: Path) -> None:
    frame = read_table(finished_study / "results/codebook/codebook.csv", "codebook")
    assert frame.groupby("wave")["variable"].nunique().to_dict() == {"w1": 13, "w2": 13}
    described_ = read_table(finished_study / "results/descriptives.csv").set_index(["score", "wave"])
    scores = frame[frame["type"] == "score"].set_index(["variable", "wave"])
    for name in ("n", "mean", "sd", "skew"):
        assert scores[name].to_dict() == described_.loc[scores.index, name].to_dict()
    alpha = read_table(finished_study / "results/psychometrics/reliability.csv").query("coefficient == 'alpha'")
    assert scores["alpha"].dropna().to_dict() == alpha.set_index(["score", "wave"])["estimate"].to_dict()
    answers = pd.read_parquet(finished_study / "results/participants/answers.parquet").query("wave == 'w2'")
    item = frame.set_index(["variable", "wave"]).loc[("gad7_03", "w2")]
    assert (item["mean"], item["n"]) == (pytest.approx(answers["gad7_03"].mean()), answers["gad7_03"].notna().sum())
    assert (finished_study / "results/codebook/codebook.html").stat().st_size > 10_000


def test_the_forest_of_a_family_holds_its_hypotheses(finished_study: Path) -> None:
    estimates = read_table(finished_study / "results/estimates.csv", "estimates").query("decides")
    for family, own in estimates.groupby("family"):
        drawn = pd.read_csv(finished_study / f"results/figures/families/{family}/forest_of_hypotheses.csv")
        assert set(own["hypothesis"]) <= set(drawn["hypothesis"])
    assert len(estimates)


def test_the_audit_trail_is_written_from_a_run_and_shows_no_person(finished_study: Path, tmp_path: Path) -> None:
    study = tmp_path / "study"
    shutil.copytree(finished_study, study)
    write_audit(study)
    page = (study / AUDIT).read_text(encoding="utf-8")
    assert "A tiny simulated study" in page and "Nobody answered these questions." in page
    shown = set(re.findall(r'"(results/[^"]+\.(?:svg|html|json|csv|parquet|png))": ?\{', page))
    expected = {
        f"results/{kind}" for kind in ("figures/headline.svg", "tables/estimates.html", "report/provenance.json")
    }
    assert expected <= shown and not [path for path in shown if "participants/" in path]
    assert re.findall(r"<(?:script|link|img)[^>]+(?:src|href)=[\"']https?:", page) == []
    assert 'href="audit.html"' in (study / "results/report/index.html").read_text(encoding="utf-8")


def test_what_the_audit_trail_lacks_is_told(finished_study: Path, tmp_path: Path) -> None:
    study = tmp_path / "study"
    shutil.copytree(finished_study, study)
    (study / "results/figures/headline.svg").unlink()
    with pytest.raises(typer.Exit) as left:
        write_audit(study)
    assert left.value.exit_code == FAULTS
