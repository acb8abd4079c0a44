"""Published studies, from the raw file to the published numbers; and the smallest study there is, one scale in one file."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from tests.conftest import ROOT, in_one_process, rejsens


def copied(name: str, folder: Path) -> Path:
    """A study of tests/studies in a place of its own."""
    left = shutil.ignore_patterns("results", "logs", ".snakemake")
    return Path(shutil.copytree(ROOT / "tests/studies" / name, folder / name, ignore=left))


def run_copy(name: str, real_data: Path, folder: Path, *targets: str) -> Path:
    """A study of tests/studies in a place of its own, run as far as the targets need."""
    study = copied(name, folder)
    run = rejsens(
        study, "run", "--cores", "2", *(f"results/{target}" for target in targets), REJSENS_DATA=str(real_data)
    )
    assert run.returncode == 0, run.stderr
    return study / "results"


# --- Sunami, Study 1e: rejection sensitivity, self-esteem, attachment ------------------------------------------------


@pytest.fixture(scope="module")
def rsq8(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    study = copied("rsq8", tmp_path_factory.mktemp("rsq8"))
    done = in_one_process(study, REJSENS_DATA=str(real_data))  # everything: the report is looked at, too
    assert done.returncode == 0, done.stderr
    results = study / "results"
    read = {
        name: pd.read_csv(results / f"{name}.csv")
        for name in ("descriptives", "correlations", "stored_totals", "flow", "dictionary")
    }
    return SimpleNamespace(folder=results, reliability=pd.read_csv(results / "psychometrics/reliability.csv"), **read)


@pytest.mark.parametrize(
    ("score", "mean", "sd", "alpha"), [("rsq_8", "7.12", "2.96", "0.70"), ("rses_mean", "1.44", "1.02", "0.89")]
)
def test_means_deviations_and_alphas_are_the_published_ones(
    rsq8: SimpleNamespace, score: str, mean: str, sd: str, alpha: str
) -> None:
    row = rsq8.descriptives.set_index("score").loc[score]
    assert (f"{row['mean']:.2f}", f"{row['sd']:.2f}", row["n"]) == (mean, sd, 538)
    found = rsq8.reliability.query("score == @score and coefficient == 'alpha'").iloc[0]
    assert (f"{found['estimate']:.2f}", found["n"]) == (alpha, 538)
    assert found["ci_low"] < found["estimate"] < found["ci_high"]


@pytest.mark.parametrize(
    ("other", "r"),
    [
        ("rses_mean", "-0.41"),
        ("attachment12_anxiety", "0.39"),
        ("attachment12_avoidance", "0.32"),
        ("fne12", "0.35"),
        ("t1_belonging", "-0.40"),
    ],
)
def test_correlations_of_rejection_sensitivity_are_the_published_ones(
    rsq8: SimpleNamespace, other: str, r: str
) -> None:
    pair = rsq8.correlations[
        [{x, y} == {"rsq_8", other} for x, y in zip(rsq8.correlations["x"], rsq8.correlations["y"], strict=True)]
    ]
    assert [f"{value:.2f}" for value in pair["r"]] == [r]


def test_items_stored_reversed_are_not_reversed_again(rsq8: SimpleNamespace, real_data: Path) -> None:
    """The trap of these data: reversing the likelihoods a second time gives a higher alpha, .80, and a wrong mean."""
    data = pd.read_csv(real_data / "rsq8-surrogates-1e/study1e.csv")
    concern, expectancy = ([data[f"RS{i}{part}"].to_numpy() for i in range(1, 9)] for part in ("a", "bR"))
    right = np.mean([c * e for c, e in zip(concern, expectancy, strict=True)], axis=0)
    wrong = np.mean([c * (7 - e) for c, e in zip(concern, expectancy, strict=True)], axis=0)
    mean = pd.read_parquet(rsq8.folder / "participants/scores.parquet")["rsq_8"].mean()
    assert mean == pytest.approx(right.mean(), abs=1e-12) and abs(mean - wrong.mean()) > 1
    assert rsq8.descriptives.set_index("score").loc["rsq_8", "mean"] == round(mean, 2)  # as far as it may be told


def test_stored_totals_agree_but_for_the_two_that_carry_an_error(rsq8: SimpleNamespace) -> None:
    totals = rsq8.stored_totals.set_index("column")
    assert len(totals) == 15
    assert set(totals.index[totals["status"] != "agrees"]) == {"nts_T5_belonging_mean", "nts_T5_mean"}
    for column in ("RS_mean", "esteem_mean", "ECR_anxiety_mean", "ECR_avoidance_mean", "FNES_mean"):
        assert totals.loc[column, "max_difference"] <= 1e-12 and totals.loc[column, "n_differ"] == 0
    assert totals.loc[["RS_mean", "esteem_mean", "FNES_mean"], "n_compared"].tolist() == [538] * 3
    assert totals.loc["nts_T5_belonging_mean", "status"] == "430 of 538 people differ"
    people = pd.read_csv(rsq8.folder / "participants/waves/study1e/stored_totals_differing.csv")
    assert set(people["column"]) == {"nts_T5_belonging_mean", "nts_T5_mean"} and len(people) == totals["n_differ"].sum()


def test_keys_that_users_supplied_are_called_so(rsq8: SimpleNamespace) -> None:
    status = rsq8.dictionary.set_index("score")["key_status"]
    assert {name for name in status.index if status[name] == "user_supplied"} == {
        "attachment12_anxiety", "attachment12_avoidance", "fne12", "t1_belonging", "t2_belonging",
        *(f"{when}_need_{what}" for when in ("t3", "t5") for what in ("belonging", "meaning", "control", "esteem", "threat")),
    }  # fmt: skip
    report = re.sub(
        r"<[^>]+>", " ", (rsq8.folder / "report/index.html").read_text(encoding="utf-8")
    )  # what is read, without pictures
    assert "user-supplied, not verified" in report
    for title in ("Adult attachment, short form of 12 items", "Fear of negative evaluation, 12 items"):
        assert title in report, title


def test_nobody_was_set_aside(rsq8: SimpleNamespace) -> None:
    assert rsq8.flow[["rule", "n_remaining"]].to_numpy().tolist() == [["raw", 538]]


OF_R = {
    "B1": "r",
    "B2": "beta",
    "B3": "dz",
    "B4": "dz",
    "B5": "beta",
    "B6": "d",
}  # hypothesis -> metric that R is asked for
TOLERANCE = {"estimate": 1e-5, "p_equivalence": 1e-5, "se": 1e-3, "df": 1e-3, "p": 1e-3} | dict.fromkeys(
    ("ci_low", "ci_high", "ci90_low", "ci90_high"), 1e-3
)


@pytest.fixture(scope="module")
def of_r(rsq8: SimpleNamespace) -> dict[str, dict[str, float]]:
    """The family's estimates by R, from the scores of the run: correlation, regression with HC3, t tests, noncentral t."""
    if shutil.which("Rscript") is None:
        pytest.skip("Rscript is not at hand")
    script, scores = ROOT / "tests/reference/rsq8.R", rsq8.folder / "participants/scores.csv"
    run = subprocess.run(
        ["Rscript", str(script), str(scores)], capture_output=True, text=True, timeout=120, check=False
    )
    if "there is no package called" in run.stderr:
        pytest.skip(f"R lacks a package: {run.stderr.strip().splitlines()[-1]}")
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@pytest.mark.parametrize("hypothesis", OF_R)
def test_the_family_of_the_study_agrees_with_r(rsq8: SimpleNamespace, of_r: dict, hypothesis: str) -> None:
    """On complete cases: where answers are missing (age) the deciding row is pooled over imputations, and R's stand beside it."""
    table = pd.read_csv(rsq8.folder / "estimates.csv")
    own = table[(table["hypothesis"] == hypothesis) & (table["metric"] == OF_R[hypothesis]) & table["m"].isna()].iloc[0]
    expected = of_r[hypothesis]
    assert own["n_people"] == expected.pop("n_people")
    for column, value in expected.items():
        assert own[column] == pytest.approx(value, abs=TOLERANCE[column]), column


def test_every_hypothesis_of_the_study_has_a_verdict_and_stands_in_the_ledger(rsq8: SimpleNamespace) -> None:
    deciding = pd.read_csv(rsq8.folder / "estimates.csv").query("decides").set_index("hypothesis")
    assert deciding.index.tolist() == list(OF_R) and not deciding["confirmatory"].any()
    assert deciding.loc[["B1", "B2"], "verdict"].eq("supported").all()
    assert deciding.loc["B4", "verdict"] == "equivalent"
    claims = pd.read_csv(rsq8.folder / "claims.csv")
    assert set(OF_R) <= set(claims["hypothesis"].dropna().str.split("; ").explode())


# --- Hodgetts, Williams and Butler: two raw platform exports ---------------------------------------------------------

DASS21 = {
    "depression": (3, 5, 10, 13, 16, 17, 21),
    "anxiety": (2, 4, 7, 9, 15, 19, 20),
    "stress": (1, 6, 8, 11, 12, 14, 18),
}
EXPORTS = {  # file, its encoding, columns of consent and age, raw rows, rows kept
    "lockdown1": ("study-1_raw.csv", "cp1252", "Q3", "Q7", 571, 344),
    "lockdown2": ("study-2_raw.csv", "utf-8", "Q2", "Q36", 210, 158),
}


@pytest.fixture(scope="module", params=EXPORTS)
def lockdown(
    request: pytest.FixtureRequest, real_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> SimpleNamespace:
    file, encoding, consent, age, n_raw, n_kept = EXPORTS[request.param]
    results = run_copy(
        request.param,
        real_data,
        tmp_path_factory.mktemp(request.param),
        "flow.csv",
        "participants/scores.csv",
        "columns.csv",
    )
    raw = pd.read_csv(
        real_data / "qualtrics-lockdown" / file, encoding=encoding, skiprows=[1, 2], dtype=str, keep_default_na=False
    )
    consented = raw[consent] == "1,2,3,4"
    adult = pd.to_numeric(raw[age], errors="coerce") > 18
    return SimpleNamespace(raw=raw, consented=consented, adult=adult, n_raw=n_raw, n_kept=n_kept, flow=pd.read_csv(results / "flow.csv"),
                           scores=pd.read_csv(results / "participants/scores.csv"), columns=pd.read_csv(results / "columns.csv"))  # fmt: skip


def test_the_ledger_gives_the_published_numbers_by_rule(lockdown: SimpleNamespace) -> None:
    by_hand = [0, (~lockdown.consented).sum(), (lockdown.consented & ~lockdown.adult).sum()]
    assert lockdown.flow["rule"].tolist() == ["raw", "no_consent", "not_adult"]
    assert lockdown.flow["n_excluded"].tolist() == by_hand
    assert lockdown.flow["n_remaining"].iloc[0] == lockdown.n_raw == len(lockdown.raw)
    assert lockdown.flow["n_remaining"].iloc[-1] == lockdown.n_kept == len(lockdown.scores)


def test_dass_21_recomputed_with_nothing_but_pandas(lockdown: SimpleNamespace) -> None:
    kept = lockdown.raw[lockdown.consented & lockdown.adult].set_index("ResponseId")
    assert kept.index.tolist() == lockdown.scores["participant"].tolist()
    for when, block in (("before", "Q11"), ("now", "Q38")):
        for subscale, numbers in DASS21.items():
            items = (
                kept[[f"{block}_{i}" for i in numbers]].apply(pd.to_numeric, errors="coerce") - 1
            )  # 1 to 4 in the export
            expected = (items.mean(axis=1) * 7 * 2).where(items.notna().sum(axis=1) >= 6)
            found = lockdown.scores[f"{when}_dass21_{subscale}"]
            np.testing.assert_allclose(found.to_numpy(), expected.to_numpy(), atol=1e-12)
            assert found.mean() == pytest.approx(expected.mean(), abs=1e-12) and 0 < found.mean() < 42


def test_loneliness_recomputed_with_nothing_but_pandas(lockdown: SimpleNamespace) -> None:
    kept = lockdown.raw[lockdown.consented & lockdown.adult]
    for when, block in (("before", "Q13"), ("now", "Q39")):
        items = kept[[f"{block}_{i}" for i in (1, 2, 3)]].apply(pd.to_numeric, errors="coerce")
        np.testing.assert_array_equal(
            lockdown.scores[f"{when}_ucla3"].to_numpy(), items.sum(axis=1, min_count=3).to_numpy()
        )


def test_every_column_of_the_export_is_accounted_for(lockdown: SimpleNamespace) -> None:
    assert lockdown.columns["column"].tolist() == [name.strip() for name in lockdown.raw.columns]
    assert (lockdown.columns["used_as"] == "item").sum() == 2 * (21 + 3) + 3


# --- one published scale from one file -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def one_scale(new_study: SimpleNamespace) -> Path:
    """GAD-7 and nothing else: no MREII, no background, no screening, no hypotheses."""
    assert new_study.run.returncode == 0, new_study.run.stderr
    folder: Path = new_study.folder
    return folder


def test_one_scale_from_one_file_is_scored_for_every_program(one_scale: Path) -> None:
    people = one_scale / "results/participants"
    export, scores = pd.read_csv(one_scale / "data/waves/w1.csv"), pd.read_csv(people / "scores.csv")
    items = export.drop(columns="id")
    by_hand = items.sum(axis=1).where(items.notna().all(axis=1), items.mean(axis=1) * 7)
    np.testing.assert_allclose(scores["gad7_sum"], by_hand, atol=1e-12)
    assert scores["participant"].tolist() == export["id"].tolist()
    assert scores["gad7_sum__prorated"].tolist() == [True] + [False] * (len(export) - 1)
    sav, meta = pyreadstat.read_sav(str(people / "scores.sav"))
    np.testing.assert_array_equal(sav["gad7_sum"], scores["gad7_sum"])
    assert meta.column_names_to_labels["gad7_sum"] == "Anxiety (GAD-7)"


def test_one_scale_gets_a_report_without_hypotheses(one_scale: Path) -> None:
    results = one_scale / "results"
    report = (results / "report/index.html").read_text(encoding="utf-8")
    assert "One scale" in report and "Simulated data" in report and "GAD-7" in report
    assert 'id="table-instruments"' in report and "user-supplied" not in report
    assert pd.read_csv(results / "estimates.csv").empty and pd.read_csv(results / "hypotheses.csv").empty
    reliability = pd.read_csv(results / "psychometrics/reliability.csv").set_index("coefficient")["estimate"]
    assert 0.5 < reliability["alpha"] < 1 and 0.5 < reliability["omega_u"] < 1
    assert json.loads((results / "report/provenance.json").read_text())["inputs"].keys() == {
        "config/config.yaml",
        "data/waves/w1.yaml",
        "export of wave w1",
        "schemas/instruments/gad7.yaml",
    }
