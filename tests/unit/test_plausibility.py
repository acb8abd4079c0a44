"""What data can show though every cell is legal: found where it is planted, not found where it is not, and never a crash."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import pearsonr
from tests.faults import small_study
from tests.faults.catalogue import FAULTS
from tests.faults.small_study import GAD7, RSES, RSES_REVERSED, sheet, sidecar, write_small_study

from rejsens.check import check
from rejsens.importers import PANELS, PLATFORMS
from rejsens.plausibility import CHECKS, CLEAR, COLUMNS, FOUND, NOT_RUN, Answered, look_at, notices, table
from rejsens.plausibility.correlation import correlate, interval, meng, told
from rejsens.plausibility.export import DATE_COLUMNS
from rejsens.pool import pool_answers, pool_scores
from rejsens.score_wave import wave_scores
from rejsens.study import load_study
from rejsens.tabular import COLUMNS as TABLES
from rejsens.tabular import schema, tidy
from rejsens.validate import validate
from rejsens.variables import columns_of_items

Spoil = Callable[[Answered], None]
by_name = {fault.name: fault for fault in FAULTS}


@pytest.fixture
def study(small: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small, tmp_path / "study"))


def pooled(study: Path) -> tuple[pd.DataFrame, pd.DataFrame, dict]:
    """Answers, scores and facts of a study as the pipeline pools them."""
    found = load_study(study)
    checked = {w.name: validate(w, found.asked[w.name], [], "stop") for w in found.waves}
    numbers = found.wave_numbers
    scores = [
        wave_scores(checked[w.name].checked_answers, found.asked[w.name], w.name, numbers[w.name], found.roles[w.name])
        for w in found.waves
    ]
    answers = pool_answers({name: c.checked_answers for name, c in checked.items()}, numbers, found.roles)
    facts = {
        w.name: {
            "instruments": found.asked[w.name],
            "collected": w.collected,
            "columns": columns_of_items(checked[w.name].columns, w),
        }
        for w in found.waves
    }
    return answers, pool_scores(scores), facts


def seen(found: pd.DataFrame) -> list[tuple[str, str]]:
    rows = found[found["status"] == FOUND]
    return list(zip(rows["wave"], rows["check"], strict=True))


# --- correlations ----------------------------------------------------------------------------------------------------


def test_correlations_and_their_intervals_are_those_of_scipy() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(2, 80, 3))
    y += 0.5 * x
    x[rng.random(x.shape) < 0.1] = np.nan
    r, n = correlate(x, y)
    low, high = interval(r, n)
    for k in range(3):
        both = ~np.isnan(x[:, k])
        reference = pearsonr(x[both, k], y[both, k])
        assert n[k] == both.sum() and r[k] == pytest.approx(reference.statistic, abs=1e-12)
        assert (low[k], high[k]) == pytest.approx(tuple(reference.confidence_interval(0.99)), abs=1e-9)


@pytest.mark.parametrize("values", [[1.0] * 50, [np.nan] * 50, [1.0, 2.0, 3.0], []])
def test_a_correlation_that_cannot_be_is_missing_and_decides_nothing(values: list[float]) -> None:
    r, n = correlate(np.array(values), np.arange(len(values), dtype=float))
    low, high = interval(r, n)
    assert np.isnan(r[0]) and not (high < 0)[0] and not (low > 0)[0]


def test_the_difference_of_two_dependent_correlations_is_standard_normal_where_there_is_none() -> None:
    rng = np.random.default_rng(2)
    z = []
    for _ in range(600):
        factor = rng.normal(size=100)
        x, own, other = factor + rng.normal(size=(3, 100))
        (a,), _ = correlate(x, own)
        (b,), _ = correlate(x, other)
        (c,), n = correlate(own, other)
        z.append(float(meng(a, b, c, n[0])))
    assert abs(np.mean(z)) < 0.15 and 0.9 < np.std(z) < 1.1  # Monte Carlo error of the mean .04, of the SD .03


def test_a_correlation_is_told_without_its_leading_zero() -> None:
    assert [told(r) for r in (0.3, -0.3, -0.001, 1.0)] == [".30", "−.30", ".00", "1.00"]


# --- found where planted, and nowhere else ---------------------------------------------------------------------------

STATISTICAL = (
    "the other printed order declared", "columns of a scale moved by one", "reversed items that the platform had reversed already",
    "one reversed item that the platform had reversed already", "a whole scale turned round", "acceptance ratings reversed twice",
    "concern and acceptance columns swapped", "ids moved down by one row",
)  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2])
def test_other_draws_of_the_people_are_judged_alike(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not one lucky draw: nothing is seen in a clean study, and every fault is."""
    draw = np.random.default_rng
    monkeypatch.setattr(small_study.np.random, "default_rng", lambda start: draw([seed, *np.atleast_1d(start)]))
    base = write_small_study(tmp_path / "base")
    monkeypatch.undo()
    assert not check(base).found
    for k, name in enumerate(STATISTICAL):
        study = Path(shutil.copytree(base, tmp_path / str(k)))
        by_name[name].plant(study)
        causes = {finding.problem.cause for finding in check(study).notices}
        assert by_name[name].says[0] in causes, name


def test_what_was_turned_in_one_wave_is_blamed_on_that_wave_and_that_scale(study: Path) -> None:
    with sheet(study, "w2") as s:
        s.each(GAD7, lambda cell: 3 - int(cell))
    found = notices(*pooled(study))
    turned = found[(found["check"] == "scale_turned") & (found["status"] == FOUND)]
    assert turned[["wave", "variable"]].to_numpy().tolist() == [["w2", "gad7_sum"]]
    row = turned.iloc[0]
    assert row["measure"] == "r" and row["value"] < row["ci_high"] < 0 and row["n"] == 112


def test_an_item_is_told_once_though_two_scores_use_it(study: Path) -> None:
    with sheet(study, "w1") as s:
        s.each(["rses_05"], lambda cell: 5 - int(cell))
    found = notices(*pooled(study))
    assert seen(found).count(("w1", "items_turned")) == 1  # rses_sum and rses_mean


def test_items_reversed_twice_are_one_finding_and_not_five(study: Path) -> None:
    with sheet(study, "w1") as s:
        s.each([f"rses_{k:02}" for k in RSES_REVERSED], lambda cell: 5 - int(cell))
    assert seen(notices(*pooled(study))).count(("w1", "items_turned")) == 1


def test_the_order_that_fits_is_named_for_whichever_order_is_declared(study: Path) -> None:
    for declared, fits in (("B", "A"), ("A", "B")):
        with sidecar(study, "w1") as content:
            rses = next(e for e in content["instruments"] if e["id"] == "rses")
            rses.update(order=declared, columns=RSES)
        if fits == "B":  # the people answered in order B, the sidecar says A
            order_b = [7, 10, 2, 4, 5, 9, 1, 8, 3, 6]
            with sheet(study, "w1") as s:
                columns = {k: s.column(name) for k, name in enumerate(RSES, start=1)}
                for name, item in zip(RSES, order_b, strict=True):
                    s.put(name, columns[item])
        found = notices(*pooled(study))
        texts = found.loc[(found["check"] == "items_turned") & (found["status"] == FOUND), "finding"].tolist()
        assert len(texts) == 1 and f"none would under `order: {fits}`" in texts[0]


def test_a_straight_liner_is_nobodys_copy(study: Path) -> None:
    with sheet(study, "w1") as s:
        for row in s.rows[:6]:
            row[2:] = ["30", "1", "400", *["1"] * (len(row) - 5)]
    assert ("w1", "same_rows") not in seen(notices(*pooled(study)))


# --- what could not be looked at -------------------------------------------------------------------------------------


def test_too_few_people_is_said_and_not_guessed(study: Path) -> None:
    for wave in ("w1", "w2"):
        with sheet(study, wave) as s:
            s.rows = sorted(s.rows)[:20]
    found = notices(*pooled(study))
    lacking = found[found["status"] == NOT_RUN]
    assert {"items_turned", "shifted_columns", "ids_link", "concern_expectancy"} <= set(lacking["check"])
    assert lacking["finding"].str.contains("30 are needed|items of scales were asked").all()
    assert not seen(found)


def test_every_check_of_every_wave_has_a_row(small: Path) -> None:
    found = notices(*pooled(small))
    assert list(found.columns) == list(COLUMNS) == list(TABLES["notices"])
    assert set(found["status"]) == {CLEAR} and not seen(found)
    schema("notices").validate(tidy(found, "notices"))
    by_wave = found.groupby("wave")["check"].agg(set)
    assert by_wave["w1"] == by_wave["w2"] and by_wave["w1"] <= set(CHECKS)


def test_nobody_is_named_in_the_table_that_is_shared(study: Path) -> None:
    with sheet(study, "w2") as s:
        s.put("age", [int(age) - 5 if int(age) > 30 else age for age in s.column("age")])
        s.rows += [[f"9{row[0]}", *row[1:]] for row in s.rows[:12]]
    for wave in ("w1", "w2"):
        with sheet(study, wave) as s:
            s.each(["id"], lambda cell: f"somebody{cell}")
    answers, scores, facts = pooled(study)
    found = notices(answers, scores, facts)
    assert {("w2", "background"), ("w2", "same_rows")} <= set(seen(found))
    text = found.to_csv()
    assert len(answers) > 200 and "somebody" not in text


def test_the_pipeline_and_the_check_see_the_same(study: Path) -> None:
    for name in (
        "reversed items that the platform had reversed already",
        "ids sorted apart from their rows",
        "one column sorted by itself",
    ):
        by_name[name].plant(study)
    from_check = {(f.wave, f.evidence.check, f.evidence.finding) for f in check(study).notices}
    found = notices(*pooled(study))
    found = found[found["status"] == FOUND]
    assert from_check == set(zip(found["wave"], found["check"], found["finding"], strict=True)) != set()


# --- nothing that comes in makes it crash ----------------------------------------------------------------------------


@pytest.mark.parametrize("n", [0, 1, 2, 5, 40])
@pytest.mark.parametrize("fill", ["missing", "constant", "noise", "half missing"])
def test_waves_of_any_size_and_content_are_looked_at(small: Path, n: int, fill: str) -> None:
    found = load_study(small)
    rng = np.random.default_rng(n)
    waves = []
    for number, name in enumerate(found.asked, start=1):
        asked = found.asked[name]
        answers = {}
        for item in (item for instrument in asked for item in instrument.items):
            values = {"missing": np.full(n, np.nan), "constant": np.full(n, item.low)}.get(fill)
            values = rng.integers(item.low, item.high + 1, n).astype(float) if values is None else values
            answers[item.id] = np.where(rng.random(n) < 0.5, np.nan, values) if fill == "half missing" else values
        scores = {s.id: rng.normal(size=n) for i in asked for s in i.scores}
        people = np.array([f"p{k}" for k in range(n)], dtype=object)
        waves.append(Answered(name, number, "wave", asked, people, np.arange(n) + 2, answers, scores))
    with np.errstate(all="raise", under="ignore"):
        frame = table(look_at(waves))
    assert list(frame.columns) == list(COLUMNS)
    look_at([replace(waves[0], instruments=()), waves[1]])


# --- facts that other files hold -------------------------------------------------------------------------------------


def test_every_platforms_date_columns_are_looked_at() -> None:
    columns = {column for module in [*PLATFORMS.values(), *PANELS.values()] if module.DATES for column in module.DATES}
    assert columns <= set(DATE_COLUMNS)


@pytest.mark.parametrize(
    ("written", "fits"),
    [
        ("{d:02}/{m:02}/2026 09:00", True),
        ("{m:02}/{d:02}/2026", True),
        ("{d}.{m}.26", True),
        ("2025-{m:02}-{d:02}", False),
    ],
)
def test_days_are_read_in_the_order_that_fits(study: Path, written: str, fits: bool) -> None:
    with sheet(study, "w1") as s:
        days = [cell[:10].split("-") for cell in s.column("StartDate")]
        s.put("StartDate", [written.format(d=int(d), m=int(m)) for _, m, d in days])
    causes = {finding.problem.cause for finding in check(study).notices}
    assert (CHECKS["dates"] in causes) != fits


def test_a_response_handed_in_in_another_time_zone_is_no_finding(study: Path) -> None:
    with sheet(study, "w1") as s:
        s.cell("StartDate", 5, "2026-01-12 01:00:00")
        s.cell("StartDate", 6, "2026-01-04 23:00:00")
    assert not check(study).found


def test_reversing_the_published_likelihood_ratings_twice_is_seen(
    real_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The trap of real data: reversed twice, the scale's alpha rises from .70 to .80; only the expected signs tell."""
    monkeypatch.setenv("REJSENS_DATA", str(real_data))
    study = Path(
        shutil.copytree(
            Path(__file__).parents[1] / "studies/rsq8",
            tmp_path / "rsq8",
            ignore=shutil.ignore_patterns("results", ".snakemake", "logs"),
        )
    )
    clean = {finding.problem.cause for finding in check(study).notices}
    assert CHECKS["scale_turned"] not in clean and CHECKS["items_turned"] not in clean
    with sidecar(study, "study1e") as content:
        next(e for e in content["instruments"] if e["id"] == "rsq_8").pop("already_reversed")
    found = [f for f in check(study).notices if f.problem.cause == CHECKS["scale_turned"]]
    assert [f.evidence.variable for f in found] == ["rsq_8_expectancy"]
