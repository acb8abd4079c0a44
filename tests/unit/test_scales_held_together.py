"""Discriminant validity, shared method, careless answers and missing patterns of a study: by hand, and as the library says."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import pytest
from tests.conftest import write_study

from rejsens import careless_answers, missing_together, validity
from rejsens import psychometrics as p
from rejsens.administration import administer
from rejsens.declarations import schema_problems
from rejsens.definitions import load_instruments
from rejsens.disclosure import Policy, guarded
from rejsens.missing import little_test
from rejsens.predictions import Pair, read_pairs, read_predictions
from rejsens.problems import Refused
from rejsens.psychometrics.intervals import bootstrap
from rejsens.psychometrics.resampled_moments import bootstrap_covariances
from rejsens.scale_fits import scale_fits
from rejsens.scoring import score, units
from rejsens.seeds import generator
from rejsens.study import load_study
from rejsens.tabular import read_of_waves, schema, tidy, write_table

SHIPPED = load_instruments(only=["mreii_impact", "rses", "gad7", "ucla3", "mreii_sources", "mreii_exposure"])
IMPACT, RSES = administer(SHIPPED["mreii_impact"]), administer(SHIPPED["rses"], order="A", anchor_direction="ascending")
GAD7, UCLA3 = administer(SHIPPED["gad7"]), administer(SHIPPED["ucla3"], anchor_direction="ascending")
EXPOSURE, SOURCES = administer(SHIPPED["mreii_exposure"]), administer(SHIPPED["mreii_sources"])
HOW = {"ci_level": 0.9, "draws": 200, "seed": 7}


def answered(instruments, n: int = 120, wave: str = "w1", number: int = 1, role: str = "wave") -> pd.DataFrame:
    """One wave of answers to every item, as clicked: one trait per score, all of them correlated."""
    rng = np.random.default_rng([n, number])
    shared = rng.normal(size=n)
    columns = {"participant": [f"p{i:03}" for i in range(n)], "wave": wave, "wave_number": number, "role": role}
    for instrument in instruments:
        for own in instrument.scores:
            trait = 0.6 * shared + 0.8 * rng.normal(size=n)
            for item in instrument.items_of(own):
                z = (-1 if item.reverse else 1) * trait + 0.6 * rng.normal(size=n)
                middle, half = (item.low + item.high) / 2, (item.high - item.low) / 2
                columns.setdefault(item.id, np.clip(np.round(middle + half * z / 2), item.low, item.high))
    return pd.DataFrame(columns)


def scored(answers: pd.DataFrame, instruments) -> pd.DataFrame:
    people = answers[["participant", "wave", "wave_number", "role"]]
    return pd.concat([people, score(answers, instruments)], axis=1)


def written(table: pd.DataFrame, name: str) -> pd.DataFrame:
    return schema(name).validate(tidy(table, name))


# --- resampled covariances -------------------------------------------------------------------------------------------


def test_resampled_covariances_are_those_of_the_resampled_people():
    """The same draws one by one; a draw in which an item came out constant has failed in both."""
    values = np.random.default_rng(1).integers(0, 2, size=(6, 2)) + 1e6  # a mean that would swallow the variance

    def of(covariances):
        return covariances.reshape(len(covariances), -1)

    def one(rows):
        drawn = values[rows]
        return np.full(4, np.nan) if (np.ptp(drawn, axis=0) == 0).any() else np.cov(drawn, rowvar=False).ravel()

    made = bootstrap_covariances(values, of, 300, np.random.default_rng(2))
    reference = bootstrap(6, one, 300, np.random.default_rng(2))
    assert made.failed == reference.failed > 0
    np.testing.assert_allclose(made.values, reference.values, atol=1e-9)


def test_resampled_ratios_and_corrected_correlations_are_those_of_the_resampled_people():
    people = answered([GAD7, UCLA3], n=40)
    scales = {own.id: [item.id for item in i.items_of(own)] for i in (GAD7, UCLA3) for own in i.scores}
    items = [item for own in scales.values() for item in own]
    people[items] += np.random.default_rng(4).normal(0, 0.1, size=(40, 10))  # no correlation of exactly nought
    rng = np.random.default_rng(3)
    resampled = [people.iloc[rng.integers(0, 40, size=40)].reset_index(drop=True) for _ in range(100)]
    for statistic in (partial(p.htmt, kind="htmt2"), p.disattenuated_correlations):
        row = statistic(people, scales, 0.8, draws=100, rng=np.random.default_rng(3)).iloc[0]
        ends = np.quantile([statistic(drawn, scales)["estimate"].iloc[0] for drawn in resampled], [0.1, 0.9])
        assert row[["ci_low", "ci_high"]].tolist() == pytest.approx(ends.tolist(), abs=1e-9)


# --- pairs of scales -------------------------------------------------------------------------------------------------

PAIRS = [
    Pair("anxiety", "mreii_hv", "gad7_sum", 0.85),
    Pair("absent", "mreii_hv", "bfne", 0.85),
    Pair("same", "rses_sum", "rses_mean", 0.85),
    Pair("formative", "mreii_hv", "mreii_e_freq", 0.85),
    Pair("retest", "gad7_sum", "ucla3", 0.85),
]


@pytest.fixture(scope="module")
def pairs() -> pd.DataFrame:
    asked = {"w1": [IMPACT, RSES, EXPOSURE], "w2": [IMPACT, RSES, GAD7], "again": [GAD7, IMPACT, UCLA3]}
    waves = [answered(asked["w1"]), answered(asked["w2"], wave="w2", number=2)]
    waves.append(answered(asked["again"], wave="again", role="retest"))
    answers = pd.concat(waves, ignore_index=True)
    answers.loc[0, "mreii_hv01"] = np.nan
    none = [Pair("nothing", "bfne", "rrq_rumination", 0.85)]
    found = validity.discriminant(answers, asked, {"ours": PAIRS, "theirs": none}, **HOW)
    return written(found, "discriminant").assign(answers=[answers] * len(found))


def test_pairs_within_an_instrument_and_declared_ones_in_the_first_wave_that_asked_both(pairs):
    within = pairs[pairs["set"] == "mreii_impact"]
    assert len(within) == 10 and set(within["wave"]) == {"w1"}  # five scales, ten pairs
    assert "rses" not in set(pairs["set"])  # its two scores are of the same items
    declared = pairs[pairs["set"] == "ours"].set_index("pair")
    assert declared.loc["anxiety", "wave"] == "w2" and declared.loc["absent", "wave"] == ""
    assert declared.loc["absent", "status"] == "not run: bfne was not asked"
    assert declared.loc["same", "status"] == "not run: the two scores have items in common"
    assert declared.loc["formative", "status"] == "not run: mreii_e_freq is no reflective scale of two items or more"
    assert (
        declared.loc["retest", "status"] == "not run: ucla3 was not asked"
    )  # but in the retest, which is no wave of the panel
    assert "theirs" not in set(pairs["set"])  # nothing of that set was asked


def test_a_pair_shows_what_the_library_says_of_its_keyed_items(pairs):
    row = pairs[(pairs["x"] == "mreii_hv") & (pairs["y"] == "mreii_sw")].iloc[0]
    people = row["answers"].query("wave == 'w1'")
    own = [units(people, IMPACT, next(s for s in IMPACT.scores if s.id == name)) for name in ("mreii_hv", "mreii_sw")]
    items, scales = pd.concat(own, axis=1), {"x": list(own[0]), "y": list(own[1])}
    rng = generator(7, "discriminant", "mreii_impact", "mreii_hv", "mreii_sw")
    ratio = p.htmt(items, scales, 0.9, draws=200, rng=rng.spawn(1)[0]).iloc[0]
    assert row[["n", "n_lost"]].tolist() == [119, 1]
    assert row[["htmt", "htmt_ci_low", "htmt_ci_high"]].tolist() == ratio[["estimate", "ci_low", "ci_high"]].tolist()
    plain = p.disattenuated_correlations(items, scales).iloc[0]
    assert row[["r", "reliability_x", "corrected"]].tolist() == plain[["r", "reliability_x", "estimate"]].tolist()
    assert row["corrected_ci_low"] < row["corrected"] < row["corrected_ci_high"]
    criterion = p.fornell_larcker(p.cfa(items, scales)).iloc[0]
    assert row[["ave_x", "shared"]].tolist() == criterion[["ave_x", "shared"]].tolist()
    assert row["fornell_larcker"] == ("holds" if criterion["holds"] else "does not hold")


def test_the_interval_is_judged_and_not_the_estimate():
    assert validity._outcome(0.70, 0.84, 0.85) == "below"
    assert validity._outcome(0.86, 0.95, 0.85) == "above"
    assert validity._outcome(0.80, 0.90, 0.85) == "uncertain"
    assert validity._outcome(np.nan, np.nan, 0.85) == ""


def two_scales(r: float, n: int = 300) -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(5)
    traits = rng.multivariate_normal([0, 0], [[1, r], [r, 1]], size=n)
    items = np.repeat(traits, 3, axis=1) + 0.7 * rng.normal(size=(n, 6))
    return pd.DataFrame(items[:, :3], columns=list("abc")), pd.DataFrame(items[:, 3:], columns=list("def"))


def test_a_ratio_that_cannot_reach_nought_is_remarked():
    how = {"below": 0.85, "ci_level": 0.9, "draws": 100}
    near, apart = (
        validity.pair_of_scales(*two_scales(r), rng=np.random.default_rng(1), **how)["status"] for r in (0.0, 0.5)
    )
    assert near.endswith(validity.NEAR_ZERO) and apart == "estimated"
    alike = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0], "b": [1.0, 3.0, 2.0, 4.0]})  # one correlation, above 0
    remarks = [validity._near_zero(alike, {"x": ["a"], "y": ["b"]}, 0.1, (low, 0.9)) for low in (-0.01, 0.01)]
    assert remarks == [validity.NEAR_ZERO, ""]


def test_many_people_are_resampled_in_fewer_draws(monkeypatch):
    monkeypatch.setattr(validity, "RESAMPLED", 300 * 60)
    how = {"below": 0.85, "ci_level": 0.9, "draws": 100}
    full = validity.pair_of_scales(*two_scales(0.5), rng=np.random.default_rng(1), **how)
    assert full["draws"] == 100  # 1,000 draws are made of any number of people
    monkeypatch.setattr(validity, "LEAST_DRAWS", 50)
    fewer = validity.pair_of_scales(*two_scales(0.5), rng=np.random.default_rng(1), **how)
    assert fewer["draws"] == 60 and fewer["method"].endswith("60 draws); variance extracted by maximum likelihood; 100 draws were asked for, and 300 people are resampled in fewer")  # fmt: skip


def test_fewer_people_than_may_be_reported_have_no_numbers():
    asked = {"w1": [IMPACT, GAD7, UCLA3]}
    answers = answered(asked["w1"], n=30)
    answers.loc[:9, GAD7.items[0].id] = np.nan  # 20 people answered everything
    found = {
        few: written(validity.discriminant(answers, asked, {"ours": PAIRS[:1]}, **HOW, min_cell=few), "discriminant")
        .set_index("pair")
        .loc["anxiety"]
        for few in (20, 21)
    }
    assert found[20]["n"] == 20 and np.isfinite(found[20]["htmt"])
    assert found[21]["status"] == found[21]["ave_status"] == "not reported: fewer than 21 people answered everything"
    assert found[21][["htmt", "r", "corrected", "ave_x"]].isna().all() and found[21][["n", "n_lost"]].tolist() == [
        0,
        30,
    ]
    scores, shown = scored(answers, asked["w1"]), ["gad7_sum", "mreii_hv"]
    scores.loc[:9, "gad7_sum"] = np.nan
    told = written(validity.method_variance(answers, scores, asked, "ucla3", shown, min_cell=21), "method_variance")
    assert told["status"].eq("not reported: fewer than 21 people answered everything").all() and len(told) == 2
    assert validity.method_variance(answers, scores, asked, "ucla3", shown, 20)["estimate"].notna().any()


def test_who_rated_no_event_is_no_part_of_a_pair_of_its_scales():
    about = administer(load_instruments(only=["mreii_events"])["mreii_events"], **{"as": "unclear"})
    answers = answered([about], n=80)
    answers.loc[:19, [item.id for item in about.items]] = np.nan  # could think of no such event
    answers.loc[20, about.items[0].id] = np.nan
    row = validity.discriminant(answers, {"w1": [about]}, {}, **HOW).iloc[0]
    assert row[["n", "n_lost"]].tolist() in ([59, 1], [60, 0]) and row["method"].endswith("of those who rated one")


def test_a_study_declares_pairs_of_its_own(tmp_path):
    place = tmp_path / "schemas/predictions"
    place.mkdir(parents=True)
    entry = "  - {id: calm, score: gad7_sum, with: ucla3, below: 0.9}\n"
    (place / "ours.yaml").write_text(f"id: ours\ntitle: Ours\ndiscriminant:\n{entry}", encoding="utf-8")
    found = read_pairs(tmp_path)
    assert found["ours"] == [Pair("calm", "gad7_sum", "ucla3", 0.9)] and set(found) == {"mreii", "ours"}
    assert read_predictions(place / "ours.yaml") == []  # a file may declare pairs alone
    assert schema_problems({"id": "ours", "title": "Neither"}, "predictions", "ours")
    (place / "ours.yaml").write_text(f"id: ours\ntitle: Ours\ndiscriminant:\n{entry}{entry}", encoding="utf-8")
    with pytest.raises(Refused, match="two pairs are called so"):
        read_pairs(tmp_path)


@pytest.mark.parametrize("n", [0, 1, 3])
def test_a_handful_of_people_gives_reasons_and_no_numbers(n):
    asked = {"w1": [IMPACT, GAD7]}
    answers = answered(asked["w1"], n=n)
    table = written(validity.discriminant(answers, asked, {"ours": PAIRS[:1]}, **HOW), "discriminant")
    assert table["htmt"].isna().all() and (table["status"].str.startswith("not re") | (n == 0)).all()
    scores = scored(answers, asked["w1"])
    if n:
        method = written(
            validity.method_variance(answers, scores, asked, "gad7_sum", ["mreii_hv", "mreii_sb"]), "method_variance"
        )
        assert method["estimate"].isna().all() and method["status"].str.startswith("not re").all()
        careless, people = careless_answers.careless_answers(answers, asked, {"irv": {"below": 0.1}})
        assert len(written(people, "careless_people")) == n
        status = written(careless, "careless").set_index("index")["status"]
        assert status["long_string"] == "estimated" and status["mahalanobis_d2"].startswith("not run: ")
        tables = missing_together.missing_tables(answers, scores, asked, 1)
        assert written(tables["little"], "little")["status"].tolist() == ["not estimated: nothing is missing"]
        assert written(tables["missing_patterns"], "missing_patterns")[["level", "n", "missing"]].values.tolist() == [
            ["instruments", n, ""]
        ]


# --- shared method ---------------------------------------------------------------------------------------------------


def test_checks_of_shared_method_are_the_librarys_and_say_when_they_cannot_be_made():
    asked = {"w1": [IMPACT, GAD7, UCLA3], "w2": [GAD7]}
    answers = pd.concat([answered(asked["w1"], n=200), answered(asked["w2"], wave="w2", number=2)], ignore_index=True)
    scores = pd.concat([scored(answers.query("wave == @w").reset_index(drop=True), own) for w, own in asked.items()])
    shown = ["gad7_sum", "ucla3", "mreii_hv"]
    table = written(validity.method_variance(answers, scores, asked, "mreii_in", shown), "method_variance")
    first = table[(table["wave"] == "w1") & (table["check"] == validity.SINGLE_FACTOR)].set_index("statistic")
    people = answers.query("wave == 'w1'")
    items = pd.concat([units(people, i, s) for i in asked["w1"] for s in i.scores], axis=1)
    roots = np.linalg.eigvalsh(np.corrcoef(items, rowvar=False))[::-1]
    assert first["k"].iloc[0] == items.shape[1] == 38
    assert first.loc["first_component", "estimate"] == pytest.approx(roots[0] / 38)
    marker = table[(table["wave"] == "w1") & (table["check"] == validity.MARKER)]
    r = scores.query("wave == 'w1'")[[*shown, "mreii_in"]].corr()
    least = max(0, r.loc["mreii_in", shown].min())
    expected = (r.loc["gad7_sum", "ucla3"] - least) / (1 - least)
    assert len(marker) == 3 and marker["estimate"].iloc[0] == pytest.approx(expected)
    second = table[table["wave"] == "w2"]["status"].tolist()
    assert second == ["not run: fewer than two reflective scales were asked", "not run: the marker variable, mreii_in, was not asked"]  # fmt: skip
    none = validity.method_variance(answers, scores, asked, "", shown)
    assert none["status"].str.contains("no marker variable is declared").sum() == 2


def test_a_marker_that_nothing_gives_stops_the_run(tmp_path):
    study = write_study(tmp_path / "study", waves=1)
    settings = study / "config/config.yaml"
    settings.write_text(settings.read_text(encoding="utf-8") + "marker: gad7_sun\n", encoding="utf-8")
    with pytest.raises(Refused, match="Did you mean “gad7_sum”"):
        load_study(study)


# --- careless answers ------------------------------------------------------------------------------------------------


def test_indices_are_of_answers_as_clicked_and_nobody_leaves():
    """An export that stores some items turned round already: runs are of what was clicked, consistency of what is keyed."""
    asked = {"w1": [RSES, GAD7, UCLA3]}
    answers = answered(asked["w1"], n=90)
    turned = [item for item in RSES.items if item.reverse]
    stored = administer(
        SHIPPED["rses"], order="A", anchor_direction="ascending", already_reversed=[item.id for item in turned]
    )
    same = answers.assign(**{item.id: item.low + item.high - answers[item.id] for item in turned})
    one, people = careless_answers.careless_answers(answers, asked, {})
    _, again = careless_answers.careless_answers(same, {"w1": [stored, GAD7, UCLA3]}, {})
    pd.testing.assert_frame_equal(people, again)
    assert people["participant"].tolist() == answers["participant"].tolist()
    assert len(one) == len(careless_answers.LABELS) and one["n_flagged"].isna().all()
    clicked = answers[[i for own in asked["w1"] for i in own.columns]].to_numpy()
    blocks = np.repeat([0, 1, 2], [10, 7, 3])  # each with a range of its own
    by_hand = [longest_run(row, blocks) for row in clicked]
    assert people["long_string"].tolist() == by_hand


def test_items_alike_are_found_in_the_first_wave_of_the_panel_and_not_in_each():
    asked = {"w1": [GAD7, UCLA3], "again": [GAD7, UCLA3]}
    answers = pd.concat([answered(asked["again"], n=12, wave="again", number=1, role="retest"), answered(asked["w1"])])
    answers = answers.reset_index(drop=True)
    items = [i for own in asked["w1"] for i in own.columns]
    r = answers.loc[answers["wave"] == "w1", items].corr()
    pd.testing.assert_frame_equal(careless_answers.correlations_of_items(answers, asked).loc[items, items], r)
    alike = int(((r > 0.6).to_numpy().sum() - len(items)) / 2)
    table, _ = careless_answers.careless_answers(answers, asked, {})
    rows = table[table["index"] == "synonyms"]
    assert alike > 3 and rows["status"].str.startswith(f"estimated; from {alike} pairs").tolist() == [True, True]
    assert rows["definition"].str.contains("first wave of the panel that asked both").all()
    paired = {name for name in items if (r.loc[name].drop(name) > 0.6).any()}
    assert rows["k"].tolist() == [len(paired)] * 2


def longest_run(answers: np.ndarray, blocks: np.ndarray) -> int:
    best = run = 1
    for k in range(1, len(answers)):
        run = run + 1 if answers[k] == answers[k - 1] and blocks[k] == blocks[k - 1] else 1
        best = max(best, run)
    return best


def test_people_beyond_a_cut_off_are_counted_unless_they_are_few():
    asked = {"w1": [GAD7, UCLA3]}
    answers = answered(asked["w1"], n=60)
    items, blocks = [i for own in asked["w1"] for i in own.columns], np.repeat([0, 1], [7, 3])
    answers.loc[59, items] = np.nan  # nothing answered: no run, rather than one of length 0
    clicked = answers[items].to_numpy()
    caught = answers.loc[[longest_run(row, blocks) > 5 for row in clicked], "participant"].tolist()
    assert 1 < len(caught) < 30
    cut = {"long_string": {"above": 5}, "lz": {"below": -50}}
    table, people = careless_answers.careless_answers(answers, asked, cut)
    row = table.set_index("index").loc["long_string"]
    assert row[["n", "cutoff", "n_flagged"]].tolist() == [59, "above 5", len(caught)]
    assert row["percent_flagged"] == pytest.approx(100 * len(caught) / 59)
    assert people.loc[people["beyond_cutoff"] == "long_string", "participant"].tolist() == caught
    covered = guarded(written(table, "careless"), "careless", stated=Policy(len(caught) + 1)).set_index("index")
    assert covered.loc["long_string", ["n_flagged", "percent_flagged"]].isna().all()
    assert covered.loc["lz", "n_flagged"] == 0  # nobody can be found in a nought


def test_person_fit_goes_over_the_scales_of_a_wave():
    asked = [RSES, GAD7]
    people = answered(asked, n=150)
    indices, checks = careless_answers.indices_of(people, asked)
    parts = []
    for instrument, name in ((RSES, "rses_sum"), (GAD7, "gad7_sum")):
        items = units(people, instrument, next(s for s in instrument.scores if s.id == name))
        parts.append(p.person_fit(items, p.graded_response(items)))
    expected = sum(part["deviation"] for part in parts) / np.sqrt(sum(part["variance"] for part in parts))
    np.testing.assert_allclose(indices["lz"], expected, rtol=1e-12)
    assert checks.set_index("index").loc["lz", ["k", "status"]].tolist() == [17, "estimated; over 2 of 2 scales"]


def test_fits_of_a_wave_made_on_their_own_are_those_made_with_the_rest_bit_by_bit(tmp_path):
    """Answers of waves that asked other scales, one of which has no admissible model, through the file and back."""
    asked = {"w1": [RSES, GAD7, UCLA3], "w2": [GAD7], "w3": [SOURCES]}
    parts = [answered(own, wave=wave, number=k) for k, (wave, own) in enumerate(asked.items(), 1)]
    parts[0].loc[3:5, [item.id for item in GAD7.items]] = np.nan
    parts[0]["rses_01"] = 1.0  # an item that does not vary: no model
    answers = pd.concat(parts, ignore_index=True)
    for wave, own in zip(asked, parts, strict=True):
        write_table(scale_fits(own, asked[wave]), tmp_path / wave / "scale_fits.parquet")
    fits = read_of_waves(sorted(tmp_path.glob("*/scale_fits.parquet"), reverse=True))  # in whatever order
    assert "rses_sum__deviation" not in fits["w1"] and list(fits["w3"]) == ["participant"]
    whole, again = (careless_answers.careless_answers(answers, asked, {}, own) for own in (None, fits))
    for one, other in zip(whole, again, strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)
    assert whole[1]["lz"].notna().sum() > 100
    status = again[0].query("index == 'lz'").set_index("wave")["status"]
    assert status["w1"].endswith("over 2 of 3 scales; without 1, whose model is not admissible")
    assert status["w3"].startswith("not run")


def test_fits_of_other_people_are_refused():
    people = answered([GAD7])
    with pytest.raises(ValueError, match="not those of its people"):
        careless_answers.indices_of(people, [GAD7], None, scale_fits(people, [GAD7])[::-1])


# --- missing together ------------------------------------------------------------------------------------------------


def test_patterns_by_hand_few_people_in_one_row():
    asked = {"w1": [GAD7, UCLA3, SOURCES], "w2": [GAD7]}
    first = answered(asked["w1"], n=10)
    flags = {f"{item.id}__na": False for item in SOURCES.items}
    first = first.assign(**flags)
    first.loc[:3, [i.id for i in UCLA3.items]] = np.nan  # four people leave out loneliness
    first.loc[0, [i.id for i in GAD7.items]] = np.nan  # one of them anxiety too
    first.loc[9, SOURCES.items[0].id], first.loc[9, f"{SOURCES.items[0].id}__na"] = np.nan, True  # nobody of that kind
    second = answered(asked["w2"], n=7, wave="w2", number=2).assign(**flags)
    again = answered(asked["w2"], n=2, wave="again", role="retest").assign(**flags)
    answers = pd.concat([first, second, again], ignore_index=True)
    asked["again"] = asked["w2"]
    scores = pd.concat([scored(answers.query("wave == @w").reset_index(drop=True), own) for w, own in asked.items()])
    found = missing_together.missing_tables(answers, scores, asked, min_cell=3)
    table = guarded(written(found["missing_patterns"], "missing_patterns"), "missing_patterns", stated=Policy(3))
    table = table.fillna({"n": -1})
    rows = {
        key: own[["pattern", "n_patterns", "n", "missing"]].values.tolist()
        for key, own in table.groupby(["wave", "level"])
    }
    assert rows["all", "waves"] == [[1, 1, 7, ""], [2, 1, 3, "w2"]]  # the retest is no wave of the panel
    # one person alone would be seen, so that the next rarer pattern joins: 3 + 1
    assert rows["w1", "instruments"] == [[1, 1, 6, ""], [0, 2, 4, ""]]
    assert rows["w2", "instruments"] == [[1, 1, 7, ""]]
    assert rows["again", "instruments"] == [[0, 1, -1, ""]]  # two people in all
    shown = written(missing_together.missing_tables(answers, scores, asked, 1)["missing_patterns"], "missing_patterns")
    assert shown.query("wave == 'w1'")["missing"].tolist() == ["", "ucla3", "gad7; ucla3"]
    assert shown.query("wave == 'w1'")["asked"].iloc[0] == "gad7; ucla3; mreii_sources"


def test_littles_test_is_of_scores_that_share_no_item_and_apply_to_everybody():
    asked = {"w1": [RSES, GAD7, UCLA3, SOURCES]}
    answers = answered(asked["w1"], n=150).assign(**{f"{item.id}__na": False for item in SOURCES.items})
    scores = scored(answers, asked["w1"])
    low = scores["gad7_sum"] < scores["gad7_sum"].quantile(0.4)
    scores["ucla3"] = scores["ucla3"].mask(low)
    row = missing_together.missing_tables(answers, scores, asked, 1)["little"].iloc[0]
    test = little_test(scores[["rses_sum", "gad7_sum", "ucla3"]])
    assert row[["k", "chi2", "df", "p"]].tolist() == [3, test.chi2, test.df, test.p] and row["p"] < 0.001
