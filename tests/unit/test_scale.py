"""What keeps large studies within time and memory: parts give what the whole gives, and a job reads what it needs."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.bench_scale import PARTS
from tests.scale.growth import one_more, rows_of
from tests.scale.measured import JSONL, jobs, project, snakemake, table_size
from tests.scale.study import Size, write_study

from rejsens import differences, parquet, resampled_people, validity
from rejsens.administration import administer
from rejsens.definitions import Instrument, Item, Score, load_instruments
from rejsens.differences import wording_changed
from rejsens.inference import bootstrap, breakpoints, covariates, design_rows, mixed_blocks, resampling
from rejsens.inference.estimates import NotTestable
from rejsens.inference.mixed_diagnostics import koenker
from rejsens.inference.person_effects import person_fixed_effects
from rejsens.inference.person_mixed import sums_of_people
from rejsens.parquet import read_parquet, write_parts
from rejsens.plausibility.model import Answered
from rejsens.plausibility.people import ids_known, ids_spelling
from rejsens.pool import pool_answers, write_answers
from rejsens.psychometrics import resampled_moments, scalability
from rejsens.psychometrics.graded_likelihood import answered, blocks, moments
from rejsens.scoring import units
from rejsens.study import load_study
from rejsens.tabular import by_wave, read_table, rows_of_waves, write_table, write_table_in_parts
from rejsens.variables import columns_asked


def pooled(waves: int = 3, people: int = 5) -> pd.DataFrame:
    """Answers of some waves, one under the other, with blanks, a flag and a number that is whole."""
    rng = np.random.default_rng(4)
    frames = [
        pd.DataFrame(
            {
                "participant": [f"p{i}" for i in range(people)],
                "wave": f"w{number}",
                "wave_number": number,
                "role": "wave",
                "one": np.where(rng.random(people) < 0.3, np.nan, rng.integers(1, 6, people)),
                "one__na": rng.random(people) < 0.5,
                "two": rng.random(people),
            }
        )
        for number in range(1, waves + 1)
    ]
    return pd.concat(frames, ignore_index=True)


# --- waves against waves ---------------------------------------------------------------------------------------------


def test_questions_of_a_wave_are_laid_out_once_and_not_for_every_later_wave(monkeypatch: pytest.MonkeyPatch) -> None:
    laid_out: list[str] = []
    by_name = differences._by_name

    def counted(variables: pd.DataFrame) -> dict[str, differences.Row]:
        laid_out.append(variables["wave"].iloc[0])
        return by_name(variables)

    monkeypatch.setattr(differences, "_by_name", counted)
    asked = {"variable": "a", "instrument": "x", "question_source": "export", "language": "en", "platform": "plain",
             "type": "single"}  # fmt: skip
    texts = ["One", "One", "Two", "Two"]
    waves = {f"w{k}": pd.DataFrame([asked | {"wave": f"w{k}", "question_text": text}]) for k, text in enumerate(texts)}
    found = wording_changed(waves, {name: list(waves)[:k][::-1] for k, name in enumerate(waves)})
    assert laid_out == list(waves)
    assert [found[name]["a"] for name in waves] == ["", "no", "yes", "no"]


# --- files in parts --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", [1, 4, 1000])
def test_a_file_read_in_parts_is_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
    monkeypatch.setattr(parquet, "BATCH", batch)
    write_parts([rows for _, rows in rows_of_waves(pooled())], tmp_path / "answers.parquet")
    pd.testing.assert_frame_equal(read_parquet(tmp_path / "answers.parquet"), pooled())
    pd.testing.assert_frame_equal(
        read_parquet(tmp_path / "answers.parquet"), pd.read_parquet(tmp_path / "answers.parquet")
    )
    some = read_parquet(tmp_path / "answers.parquet", ["two", "nothing", "wave"])
    pd.testing.assert_frame_equal(some, pooled()[["wave", "two"]])


def test_a_file_without_rows_keeps_its_columns(tmp_path: Path) -> None:
    write_parts([pooled().iloc[:0]], tmp_path / "answers.parquet")
    assert list(read_parquet(tmp_path / "answers.parquet").columns) == list(pooled().columns)
    write_table_in_parts([], tmp_path / "none.parquet", "answers")
    assert read_table(tmp_path / "none.parquet", "answers").empty


def test_parts_of_other_types_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="schema"):
        write_parts([pooled(), pooled().assign(two="a word")], tmp_path / "answers.parquet")


def test_a_table_is_checked_part_by_part(tmp_path: Path) -> None:
    import pandera.errors

    parts = [pooled(), pooled().assign(wave_number="first")]
    with pytest.raises((pandera.errors.SchemaError, pandera.errors.SchemaErrors)):
        write_table_in_parts(parts, tmp_path / "answers.parquet", "answers")


def test_waves_pooled_one_at_a_time_are_those_pooled_together(tmp_path: Path) -> None:
    """The second wave asks something else, the third stored a total; nobody is left of the fourth."""
    first = pd.DataFrame({"participant": ["a", "b"], "row": [2, 3], "x": [1.0, np.nan], "x__na": [False, True]})
    second = pd.DataFrame({"participant": ["b"], "row": [2], "y": [2.5]})
    third = pd.DataFrame({"participant": ["a"], "row": [2], "x": [3.0], "y": [np.nan], "total__stored": [9.0]})
    waves = {"w1": first, "w2": second, "w3": third, "w4": first.iloc[:0]}
    numbers, roles = {"w1": 1, "w2": 2, "w3": 2, "w4": 3}, {"w1": "wave", "w2": "wave", "w3": "retest", "w4": "wave"}
    files = {wave: str(tmp_path / f"{wave}.parquet") for wave in waves}
    for wave, frame in waves.items():
        write_table(frame, files[wave], "checked_answers")
    write_answers(files, numbers, roles, str(tmp_path / "answers.parquet"))
    apart = read_table(tmp_path / "answers.parquet", "answers")
    together = pool_answers({wave: frame for wave, frame in waves.items() if len(frame)}, numbers, roles)
    pd.testing.assert_frame_equal(apart, together)
    assert apart["x__na"].tolist() == [False, True, False, False]


def test_a_job_about_one_instrument_reads_its_columns_and_no_others(tmp_path: Path) -> None:
    write_table(pooled().assign(three=1.0), tmp_path / "answers.parquet", "answers")
    asked = {"w1": Instrument.__new__(Instrument)}
    object.__setattr__(asked["w1"], "items", (Item("one", "one", 1, 5),))
    found = read_table(tmp_path / "answers.parquet", "answers", columns_asked(asked, ["three"]))
    assert list(found) == ["participant", "wave", "wave_number", "role", "one", "one__na", "three"]


# --- wave by wave ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [None, 1])
def test_rows_of_each_wave_are_those_that_bear_its_name(seed: int | None) -> None:
    frame = pooled() if seed is None else pooled().sample(frac=1, random_state=seed)
    frame.loc[frame["wave"] == "w1", "role"] = "retest"
    found = list(by_wave(frame))
    assert [wave for wave, _ in found] == ["w2", "w3", "w1"]  # retests last
    for wave, rows in [*found, *rows_of_waves(frame)]:
        pd.testing.assert_frame_equal(rows, frame[frame["wave"] == wave])


def answered_wave(name: str, *ids: str) -> Answered:
    return Answered(name, 1, "wave", (), np.array(ids, dtype=object), np.zeros(len(ids), int), {}, {})


def test_ids_are_looked_for_in_every_earlier_wave() -> None:
    first, second = answered_wave("w1", "007", "a", "b", "c"), answered_wave("w2", "a", "b", "c", "d")
    third = answered_wave("w3", "7", "a", "b", "c")
    assert not list(ids_spelling(answered_wave("w3", "a", "d"), [first, second]))
    assert not list(ids_spelling(third, [second]))
    assert not list(ids_spelling(answered_wave("w3", "007"), [first, second]))  # as it was spelt two waves ago
    assert [notice.value for notice in ids_spelling(third, [first, second])] == [0.25]
    assert [notice.value for notice in ids_known(answered_wave("w3", "x"), [first, second])] == [0.0]
    assert not list(ids_known(answered_wave("w3", "007"), [first, second]))


def test_waves_are_held_against_each_other_without_a_second_copy_of_their_answers() -> None:
    wave = Answered("w", 1, "wave", (), np.array(["a", "b"]), np.zeros(2, int), {"x": np.array([1.0, np.nan])}, {})
    np.testing.assert_array_equal(wave.table(["x"]), [[1.0], [np.nan]])
    assert wave.table([]).shape == (2, 0) and len(set(wave.fingerprints(["x"]).tolist())) == 2
    held = [name for name, value in vars(wave).items() if isinstance(value, (np.ndarray, dict)) and len(value)]
    assert held == ["participants", "rows", "answers"]


def test_pairs_of_scales_are_looked_at_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """The answers to a pair are laid out when it is its turn: those of all pairs are more than the table."""
    own = load_instruments(only=["mreii_impact"])["mreii_impact"]
    asked = administer(own)
    rng = np.random.default_rng(1)
    items = {item.id: rng.integers(1, 6, 40).astype(float) for item in asked.items}
    people = pd.DataFrame({"participant": [f"p{k}" for k in range(40)], "wave": "w1", "wave_number": 1, "role": "wave"})
    done: list[str] = []

    def laid_out(answers: pd.DataFrame, instrument: Instrument, score: Score) -> pd.DataFrame:
        done.append("laid out")
        return units(answers, instrument, score)

    def looked_at(*given: object, **how: object) -> dict[str, object]:
        done.append("looked at")
        return {"method": ""}

    monkeypatch.setattr(validity, "units", laid_out)
    monkeypatch.setattr(validity, "pair_of_scales", looked_at)
    table = validity.discriminant(people.assign(**items), {"w1": [asked]}, {}, ci_level=0.95, draws=0, seed=1)
    assert len(table) > 1 and done == ["laid out", "laid out", "looked at"] * len(table)


# --- many people -----------------------------------------------------------------------------------------------------


def test_draws_are_the_same_however_many_come_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(0).normal(size=(211, 3))
    whole = resampling.bootstrap_correlations(values, 520, np.random.default_rng(3))
    monkeypatch.setattr(resampling, "_CELLS", 1000)
    np.testing.assert_array_equal(resampling.bootstrap_correlations(values, 520, np.random.default_rng(3)), whole)


@pytest.mark.parametrize("covariates", [0, 2])
def test_people_left_out_in_turn_are_the_same_however_many_at_once(
    monkeypatch: pytest.MonkeyPatch, covariates: int
) -> None:
    values = np.random.default_rng(0).normal(size=(211, 2 + covariates))
    whole = resampling.jackknife(values, bootstrap._betas)
    monkeypatch.setattr(resampling, "_LEFT_OUT", 10)
    np.testing.assert_array_equal(resampling.jackknife(values, bootstrap._betas), whole)
    assert whole.shape == (211,) and np.isfinite(whole).all()


def test_covariances_of_draws_are_the_same_however_many_come_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(0).normal(size=(211, 3))

    def draw() -> np.ndarray:
        rng = np.random.default_rng(3)
        return resampled_moments.bootstrap_covariances(values, lambda c: c[:, 0, 1:], 300, rng).values

    whole = draw()
    monkeypatch.setattr(resampled_moments, "CELLS", 1000)
    np.testing.assert_allclose(draw(), whole, rtol=0, atol=1e-14)
    monkeypatch.setattr(resampled_moments, "ROWS", 7)  # how many products are worked out at once moves no bit
    before = draw()
    monkeypatch.setattr(resampled_moments, "ROWS", 100)
    np.testing.assert_array_equal(draw(), before)
    monkeypatch.setattr(
        resampled_moments, "PRODUCTS", 9 * 210
    )  # three items and six products: more than may stand at once
    monkeypatch.setattr(resampled_moments, "PART", 9 * 50)  # so fifty people at a time
    np.testing.assert_allclose(draw(), whole, rtol=0, atol=1e-14)


def test_products_are_worked_out_as_often_for_many_people_as_for_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is worked out anew for each batch is linear in people only if a batch has as many draws for all."""
    monkeypatch.setattr(resampled_moments, "PRODUCTS", 0)  # always in parts
    monkeypatch.setattr(resampled_moments, "CELLS", 10_000)  # what would leave six draws to a batch of 1,600 people
    made = resampled_moments._products
    times = {}
    for n in (100, 1_600):
        rows = []
        monkeypatch.setattr(
            resampled_moments, "_products", lambda away, *at, rows=rows: (rows.append(len(away)), made(away, *at))[1]
        )
        values = np.random.default_rng(3).normal(size=(n, 3))
        resampled_moments.bootstrap_covariances(values, lambda c: c[:, 0, 1:], 300, np.random.default_rng(1))
        times[n] = sum(rows) / n
    assert times[100] == times[1_600] >= 1


def test_people_of_a_mixed_model_are_the_same_however_many_are_worked_on_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(2)
    person, time = np.repeat(np.arange(40), 5), np.tile(np.arange(5), 40)
    x = np.column_stack([np.ones(200), rng.normal(size=200)])
    columns = pd.DataFrame(x, columns=["(Intercept)", "x"])
    y = x @ [0, 0.3] + rng.normal(size=40)[person] + rng.normal(size=200)

    def told() -> list[np.ndarray]:
        blocks = mixed_blocks.Blocks(y, columns, person, x, np.array([[1, 0.1], [0.1, 0.2]]), 1.0)
        made = [blocks.labels, blocks.coefficients, blocks.clustered(), blocks.residuals(), blocks.person_effects()]
        return [*made, np.array(blocks.autocorrelation(time))]

    whole = told()
    monkeypatch.setattr(mixed_blocks, "CELLS", 7 * 25)
    for apart, together in zip(told(), whole, strict=True):
        np.testing.assert_allclose(apart, together, rtol=1e-11, atol=1e-13)


def test_models_of_people_are_the_same_however_many_rows_are_numbers_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wave's column as yes and no or as a number, all people together or a few: one sum, one set of columns, one fit."""
    rng = np.random.default_rng(5)
    person, wave = np.repeat(np.arange(60), 4)[:-3], np.tile(np.arange(4), 60)[:-3]
    x, still = rng.normal(size=237), rng.normal(size=60)[person]
    y = 0.3 * x + rng.normal(size=60)[person] + 0.5 * rng.normal(size=237)
    order = rng.permutation(237)
    asked = pd.DataFrame({f"wave={k}": wave == k for k in (1, 2, 3)})
    columns = asked.assign(still=still, twice=2 * x - 0.5 * still, x=x).iloc[order].reset_index(drop=True)
    y, person = y[order], person[order]
    told_apart = columns.drop(columns="twice")

    def told(columns: pd.DataFrame, told_apart: pd.DataFrame) -> list[Any]:
        sums = sums_of_people(told_apart, y, person, "x", True)
        focal = person_fixed_effects(y, columns, person, weights=1 + person % 3)
        names = covariates.independent_columns(columns.assign(again=columns["still"] + columns["wave=2"]))
        value, _, p = koenker(y**2, told_apart.assign(one=True))
        return [names, sums.total, sums.random, sums.crossed, [focal.estimate, focal.se], focal.n_people, [value, p]]

    with pytest.raises(NotTestable):  # it repeats the one before it within people
        told(columns, told_apart)
    columns["twice"] += 0.1 * rng.normal(size=237)
    whole = told(columns, told_apart)
    assert whole[0] == list(columns)
    monkeypatch.setattr(design_rows, "CELLS", 100)
    for found in (told(columns, told_apart), told(columns.astype(float), told_apart.astype(float))):
        for apart, together in zip(found[1:], whole[1:], strict=True):
            np.testing.assert_allclose(apart, together, rtol=1e-11, atol=1e-12)
        assert found[0] == whole[0]


def test_marks_are_counted_only_where_no_row_holds_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waves side by side, marks that overlap, hold nobody or everybody, between numbers: as if all of them were numbers."""
    rng = np.random.default_rng(7)
    monkeypatch.setattr(design_rows, "CELLS", 60)
    for _ in range(300):
        n, k = int(rng.integers(2, 60)), int(rng.integers(1, 7))
        wave, loose = rng.integers(0, k + 1, n), rng.random((n, 2)) < 0.5
        columns = {f"wave={place}": wave == place for place in range(k)} | {"x": rng.normal(size=n)}
        columns |= {
            0: {},
            1: {"loose": loose[:, 0], "other": loose[:, 1]},
            2: {"everybody": np.ones(n, dtype=bool)},
            3: {"late": 1e-9 * rng.normal(size=n) + (wave > 2)},
        }[int(rng.integers(0, 4))]
        frame = pd.DataFrame(columns).sample(frac=1, axis=1, random_state=int(rng.integers(1000)))
        (held, marks), whole = design_rows.marked(frame), frame.to_numpy(dtype=float)
        found = design_rows.products(whole[:, ~marks], held, marks)
        np.testing.assert_allclose(found, whole.T @ whole, rtol=0, atol=1e-12)
        assert covariates.independent_columns(frame) == covariates.independent_columns(frame.astype(float))


def test_columns_told_apart_by_their_products_are_those_that_are_told_one_by_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Far and near, alike, flat and of every size: the short way is taken only where the long one keeps every column."""
    rng, short = np.random.default_rng(4), covariates._far_apart
    taken = []
    for _ in range(300):
        n, p = int(rng.integers(5, 60)), int(rng.integers(1, 8))
        values = rng.normal(size=(n, p)) * 10.0 ** rng.integers(-5, 6, p) + 10.0 ** rng.integers(
            -3, 6, p
        ) * rng.integers(0, 2, p)
        for place, kind in enumerate(rng.integers(0, 8, p)):
            other = values[:, rng.integers(0, p)].copy()
            values[:, place] = {0: 2 * other + 1, 1: 3.0, 2: other + 1e-7 * rng.normal(size=n), 3: other > 0}.get(
                int(kind), values[:, place]
            )
        frame = pd.DataFrame(values, columns=[f"c{place}" for place in range(p)])
        monkeypatch.setattr(covariates, "_far_apart", short)
        found = covariates.independent_columns(frame)
        seen = covariates._moments([(values, np.zeros(n, dtype=int))], np.zeros(p, dtype=bool))
        taken.append(bool(seen.moving.any() and short(seen)))
        monkeypatch.setattr(covariates, "_far_apart", lambda *_: False)
        assert found == covariates.independent_columns(frame)
    assert 50 < sum(taken) < 250


@pytest.mark.parametrize("at_once", [1, 7, 100, 65_536])
def test_who_is_drawn_does_not_depend_on_how_many_are_drawn_at_once(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resampled_people, "AT_ONCE", at_once)
    for people, draws in ((1, 3), (2, 5), (7, 4), (100, 3), (301, 2)):
        ours, one_by_one = np.random.default_rng(people), np.random.default_rng(people)
        drawn = [np.bincount(one_by_one.integers(0, people, size=people), minlength=people) for _ in range(draws)]
        np.testing.assert_array_equal(resampled_people.times_drawn(people, draws, ours), drawn)
        assert ours.random() == one_by_one.random()


def test_wild_draws_are_the_same_however_many_people_come_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    rng, n = np.random.default_rng(1), 301
    x = rng.normal(size=n)
    y = x + rng.normal(size=n)
    basis = np.linalg.qr(np.column_stack([np.ones(n), x]))[0]
    hinges = np.maximum(x[:, None] - np.linspace(-1, 1, 5), 0)
    hinges = hinges - basis @ (basis.T @ hinges)
    search = breakpoints.Search(basis, np.linspace(-1, 1, 5), hinges / np.linalg.norm(hinges, axis=0))

    def draw() -> tuple[np.ndarray, np.ndarray]:
        return breakpoints._wild_draws(search, y, y - basis @ (basis.T @ y), 2, 620, np.random.default_rng(5))

    whole = draw()
    monkeypatch.setattr(breakpoints, "_PEOPLE", 40)
    for apart, together in zip(draw(), whole, strict=True):
        np.testing.assert_allclose(apart, together, rtol=0, atol=1e-12)


def test_what_answers_say_of_the_trait_is_the_same_in_blocks() -> None:
    data = answered(np.random.default_rng(2).integers(-1, 3, size=(90, 4)), (3, 3, 3, 3))
    parameters = np.tile([1.2, 1.0, -0.5], 4)
    for apart, together in zip(moments(data, parameters, 7), moments(data, parameters), strict=True):
        np.testing.assert_allclose(apart, together, rtol=1e-13)


def test_scalability_holds_no_table_of_people_and_pairs() -> None:
    people, items = 4_000, 20
    answers = pd.DataFrame(np.random.default_rng(1).integers(1, 6, (people, items)).astype(float)).rename(columns=str)
    tracemalloc.start()
    scalability(answers)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < people * 8 * items * (items - 1) / 2


def test_answers_of_a_graded_model_are_bytes_until_they_are_multiplied() -> None:
    data = answered(np.random.default_rng(2).integers(-1, 3, size=(90, 4)), (3, 3, 3, 3))
    assert data.marks.nbytes == data.marks.size
    whole = np.concatenate([part.marks for part in blocks(data, 7)])
    assert whole.dtype == float and (whole == data.marks).all()


# --- the benchmark ---------------------------------------------------------------------------------------------------


def test_the_benchmark_reaches_the_sizes_that_are_promised() -> None:
    largest = {part: (base, max(sizes)) for part, (base, sizes) in PARTS.items()}
    waves, people = largest["waves"], largest["people"]
    assert (waves[1], waves[0].people, waves[0].instruments * waves[0].items) == (51, 20_000, 150)
    assert {50, 51} <= {*PARTS["waves"][1]}  # fifty waves, and one more
    assert (people[1], people[0].waves, people[0].instruments * people[0].items) == (1_000_000, 1, 60)
    assert largest["instruments"][1] == 200 and largest["hypotheses"][1] == 300
    pairs = largest["hypotheses"][0].instruments
    assert pairs * (pairs - 1) / 2 >= 300  # so many hypotheses can be told apart


def test_growth_is_told_against_the_size_before() -> None:
    measured = [
        {"rule": "a", "waves": 10, "seconds": 4.0, "peak": 100.0, "table": 50.0},
        {"rule": "a", "waves": 20, "seconds": 8.0, "peak": 500.0, "table": 100.0},
        {"rule": "b", "waves": 10, "seconds": 3.0, "peak": 10.0, "table": 1.0},
        {"rule": "b", "waves": 20, "seconds": 6.0, "peak": 10.0, "table": 1.0},
        {"rule": "b", "waves": 20, "seconds": 6.0, "peak": 20.0, "table": 2.0},
    ]
    assert rows_of(measured, "waves") == [
        ("a", "10", "1", "4.0", "100", "50", "", "", ""),
        ("a", "20", "1", "8.0", "500", "100", "5.0", "1.00", "ABOVE 4 tables"),
        ("b", "10", "1", "3.0", "10", "1", "", "", ""),
        ("b", "20", "2", "12.0", "20", "2", "", "2.00", "STEEPER than linear"),
    ]


def test_one_more_wave_costs_the_jobs_that_ran_for_it() -> None:
    def job(rule: str, waves: int, seconds: float) -> dict[str, object]:
        return {"rule": rule, "waves": waves, "seconds": seconds, "wildcards": []}

    measured = [
        job("check", 4, 1.0), job("pool", 4, 5.0), job("check", 5, 1.5), job("pool", 5, 6.0), job("draw", 5, 0.5), job("write", 5, 0.1),
        job("check", 7, 1.0), {"rule": "planning", "waves": 5, "seconds": 9.0},
    ]  # fmt: skip
    assert one_more(measured) == [("4", "5", "4", "8.1", "pool 6.0, check 1.5, draw 0.5")]


def test_a_job_is_measured_as_it_runs(tmp_path: Path) -> None:
    size = Size(people=80, instruments=2, items=4, hypotheses=1)
    study = write_study(tmp_path / "study", size)
    assert len(load_study(study).scored) == 2 and load_study(study).families
    taken, said = snakemake(study, project(tmp_path / "project"), "results/waves/v001/flow.csv")
    assert taken["code"] == 0, said
    (job,) = jobs(study, {})
    assert job["rule"] == "validate_wave" and job["wildcards"] == ["v001"]
    assert job["seconds"] > 0 and job["peak"] > 0 and json.loads((study / JSONL).read_text())
    answers = read_table(study / "results/participants/waves/v001/checked_answers.parquet")
    in_memory = answers.memory_usage(index=False, deep=True).sum() / 2**20
    measured = table_size(study / "results/participants/waves/v001/checked_answers.parquet")
    assert measured == pytest.approx(in_memory, rel=0.05) and job["table"] == pytest.approx(measured, abs=0.01)
