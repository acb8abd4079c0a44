"""Figures of one instrument, asked about what they say: their artists, their data, never their pixels."""

from __future__ import annotations

import re
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

sys.path.insert(0, str(Path(__file__).parent))
from example_tables import study

from rejsens import apa, figure_files, style
from rejsens.figure_layout import drawn_texts, faults_of_layout
from rejsens.figures import invariance_ladder, path_diagram
from rejsens.figures._instrument import spread, waves_in_time
from rejsens.figures._paths import Paths, paths
from rejsens.registry import TABLES, figures, load_plugin
from rejsens.tabular import COLUMNS

FIGURES = figures("no such study", of="instrument")
WAVES = ("w1", "w2", "w3")
NAN = float("nan")
FIT = {"chi2": 20.5, "df": 9, "p": 0.31, "cfi": 0.994, "tli": 0.991, "rmsea": 0.021, "rmsea_ci_low": 0.0, "rmsea_ci_high": 0.04, "srmr": 0.02}  # fmt: skip
NEGATIVE = "negative residual variance: s1_02_r"


# An instrument -------------------------------------------------------------------------------------------------------


def rows_of(name: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    """A table of the pipeline; what a row does not say is blank."""
    blank = {column: "" if kind.startswith("str") else NAN for column, kind in COLUMNS[name].items()}
    return pd.DataFrame([blank | row for row in rows], columns=list(COLUMNS[name]))


def items_of(sizes: tuple[int, ...], label: str) -> dict[str, list[dict[str, Any]]]:
    """Factor -> its items, every second one reverse-keyed."""
    return {
        f"s{k}": [
            {"item": f"s{k}_{j:02d}" + "_r" * (j % 2 == 0), "label": f"{label}_{k}_{j}", "reverse": j % 2 == 0}
            for j in range(1, size + 1)
        ]
        for k, size in enumerate(sizes, start=1)
    }


@cache
def instrument(
    sizes: tuple[int, ...] = (3, 4), label: str = "item", n_waves: int = 3, n: int = 400
) -> dict[str, pd.DataFrame]:
    """All tables of one instrument: one factor for each scale in each wave, four models of them all, two ladders."""
    scales, waves = items_of(sizes, label), WAVES[:n_waves]
    models, loadings = [], []
    own = {"instrument": "it", "status": "admissible"}
    fitted = (
        own
        | {"estimator": "MLR", "missing_rule": "every row (FIML)", "n": n, "n_lost": 1, "fit_status": "reported"}
        | FIT
    )
    for wave in waves:
        for k, (scale, items) in enumerate(scales.items()):
            models.append(
                fitted
                | {
                    "model": scale,
                    "label": f"Scale {k + 1} of {label} (S{k + 1})",
                    "structure": "one_factor",
                    "wave": wave,
                }
            )
            loadings += [
                own | {"model": scale, "wave": wave, "factor": scale} | item | _std(j, k)
                for j, item in enumerate(items)
            ]
    for structure in ("correlated", "second_order", "bifactor", "method"):
        models.append(
            fitted | {"model": structure, "label": f"{structure} of {label}", "structure": structure, "wave": waves[0]}
        )
        loadings += [own | {"model": structure, "wave": waves[0]} | row for row in _loadings(structure, scales)]
    pairs = [(a, b) for i, a in enumerate(scales) for b in list(scales)[:i]]
    between = [
        own | {"model": model, "wave": waves[0], "x": a, "y": b, "estimate": -0.3 + 0.1 * k}
        for model in ("correlated", "method")
        for k, (a, b) in enumerate(pairs)
    ]
    return {
        "waves": rows_of("waves", [{"wave": w, "wave_number": k, "role": "wave"} for k, w in enumerate(waves, start=1)]),
        "factor_models": rows_of("factor_models", models),
        "loadings": rows_of("loadings", loadings),
        "factor_correlations": rows_of("factor_correlations", between),
        "invariance": rows_of("invariance", _ladders(list(scales), waves, n)),
        **_explored(scales, waves[0], n),
    }  # fmt: skip


def _std(j: int, k: int) -> dict[str, float]:
    std = 0.4 + 0.06 * j + 0.01 * k
    return {"estimate": std, "se": 0.03, "std": std, "std_ci_low": std - 0.05, "std_ci_high": std + 0.05}


def _loadings(structure: str, scales: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    rows = [
        {"factor": s} | item | _std(j, k) for k, (s, items) in enumerate(scales.items()) for j, item in enumerate(items)
    ]
    everything = [item for items in scales.values() for item in items]
    if structure == "second_order":
        rows += [
            {"factor": "general", "item": s, "label": s, "reverse": False, "std": 0.5 - 0.9 * k}
            for k, s in enumerate(scales)
        ]
    if structure == "bifactor":
        rows = [{"factor": "general"} | item | {"std": 0.31 + 0.01 * j} for j, item in enumerate(everything)] + rows
    if structure == "method":
        rows += [{"factor": "method"} | item | {"std": -0.11} for item in everything if item["reverse"]]
    return rows


def _ladders(scales: list[str], waves: tuple[str, ...], n: int) -> list[dict[str, Any]]:
    """By groups the second rung of the first scale is rejected; over waves it is not admissible."""
    rows = []
    for between, compared in (("gender", "man; woman"), ("waves", "; ".join(waves)))[: 1 + (len(waves) > 1)]:
        for scale in scales:
            for k, rung in enumerate(("configural", "metric", "scalar", "strict")):
                row = {"instrument": "it", "model": scale, "between": between, "compared": compared, "rung": rung, "estimator": "MLR",
                       "missing_rule": "every row (FIML)", "n": n, "n_lost": 1, "status": "admissible"} | FIT  # fmt: skip
                if k:
                    bad = scale == scales[0] and k == 1
                    row |= {"against": ("configural", "metric", "scalar")[k - 1], "d_p": 0.0004 if bad else 0.21, "d_cfi": -0.004, "d_rmsea": 0.003,
                            "holds": "rejected" if bad else "not rejected"}  # fmt: skip
                if between == "waves" and scale == scales[0] and k:
                    told = NEGATIVE if k == 1 else "barred: the rung metric is not admissible"
                    row |= {
                        **dict.fromkeys((*FIT, "d_p", "d_cfi", "d_rmsea"), NAN),
                        "status": told,
                        "holds": "",
                        "n": n if k == 1 else NAN,
                    }
                rows.append(row)
    return rows


def _explored(scales: dict[str, list[dict[str, Any]]], wave: str, n: int) -> dict[str, pd.DataFrame]:
    sets = {**scales, "all": [item for items in scales.values() for item in items]}
    where = {"instrument": "it", "wave": wave}
    theta = np.linspace(-4, 4, 9)
    dimensions, eigenvalues, response, curves = [], [], [], []
    for name, items in sets.items():
        factors = len(scales) if name == "all" else 1
        dimensions.append(where | {"set": name, "label": f"Items of {name}", "correlations": "pearson", "n": n, "n_lost": 0, "k": len(items),
                                   "kmo": 0.8, "factors_parallel": factors, "factors_map": factors, "status": "estimated"})  # fmt: skip
        for number in range(1, len(items) + 1):
            observed = 3.0 - 0.2 * number if number <= factors else 0.7 - 0.01 * number
            eigenvalues += [where | {"set": name, "kind": kind, "number": number, "eigenvalue": observed, "random_mean": 1.0, "random_high": 1.1}
                            for kind in ("components", "factors")]  # fmt: skip
    for scale, items in scales.items():
        whole = np.zeros_like(theta)
        for j, item in enumerate(items):
            information = (0.5 + 0.2 * j) * np.exp(-0.2 * theta**2)
            whole = whole + information
            response.append(
                where | item | {"score": scale, "n": n, "parameter": "a", "estimate": 1.5, "status": "admissible"}
            )
            curves += [
                where | {"score": scale, "item": item["item"], "theta": t, "information": i}
                for t, i in zip(theta, information, strict=True)
            ]
        curves += [
            where | {"score": scale, "theta": t, "information": i, "se": 1 / np.sqrt(i)}
            for t, i in zip(theta, whole, strict=True)
        ]
    names = ("dimensionality", "eigenvalues", "item_response", "information")
    return {
        name: rows_of(name, rows) for name, rows in zip(names, (dimensions, eigenvalues, response, curves), strict=True)
    }


def inadmissible() -> dict[str, pd.DataFrame]:
    """Nothing may be used."""
    found = {name: frame.copy() for name, frame in instrument().items()}
    for name in ("factor_models", "loadings", "invariance", "item_response", "dimensionality"):
        found[name]["status"] = NEGATIVE
    return found | {name: found[name].iloc[:0] for name in ("eigenvalues", "information")}


def nothing() -> dict[str, pd.DataFrame]:
    return {name: frame.iloc[:0] for name, frame in instrument().items()}


LONG = "a_label_that_is_much_longer_than_any_box_of_a_diagram_will_ever_be"
SCENARIOS = {
    "two scales": (instrument, {}, True),
    "three items, one wave, shared": (lambda: instrument((3,), n_waves=1), {"simulated": False}, False),
    "long labels": (lambda: instrument(label=LONG), {}, True),
    "few people": (lambda: instrument(n=7), {"simulated": False}, False),
    "inadmissible": (inadmissible, {}, True),
    "nothing": (nothing, {"simulated": False}, False),
}
SILENT = ("few people", "nothing")


@cache
def drawing(name: str, scenario: str) -> style.Drawing:
    make, changes, people = SCENARIOS[scenario]
    return drawn(name, make(), people, **changes)


def drawn(name: str, given: dict[str, pd.DataFrame], people: bool = True, **changes: Any) -> style.Drawing:
    module = load_plugin(f"rejsens.figures.{name}")
    return module.draw(**{t: given[t] for t in module.TABLES}, study=study(**changes), instrument="it", people=people)


# The contract of every figure ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_module_declares_itself(name):
    module, made = load_plugin(f"rejsens.figures.{name}"), drawing(name, "two scales")
    assert (made.title, made.caption) == style.title_and_caption(module.__doc__)
    assert made.title and not made.title.endswith(".") and made.caption.endswith(".")
    assert set(module.TABLES) <= set(TABLES) and module.SHOWS_PEOPLE is False


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_fits_its_page_and_says_what_it_shows(name, scenario):
    made = drawing(name, scenario)
    assert faults_of_layout(made.figure) == []
    width, height = made.figure.get_size_inches() * 25.4
    assert width <= style.PAGE + 0.01 and height <= style.MAX_HEIGHT + 0.01
    words = [ink.text for ink in drawn_texts(made.figure)]
    assert (style.SIMULATED in words) == ("simulated" not in SCENARIOS[scenario][1])
    for said in [*words, made.alt, made.note]:
        assert not re.search(r"(?<![\w])-\.?\d|\bnan\b|NaN|None|<NA>", said), said
    if made.data.empty:
        assert " ".join(word for word in words if word != style.SIMULATED) == made.alt
    else:
        assert len(re.findall(r"\d+", made.alt)) >= 3
    assert made.data.empty or scenario not in SILENT


@pytest.mark.parametrize("name", ["loadings", "path_diagram"])
def test_28_items_on_five_factors_are_readable(name):
    made = drawn(name, instrument((6, 6, 6, 5, 5), "some short label"))
    assert faults_of_layout(made.figure) == []
    assert made.figure.get_size_inches()[1] * 25.4 <= style.MAX_HEIGHT + 0.01
    shown = {str(value) for column in ("item", "to") if column in made.data for value in made.data[column]}
    assert {f"s{k}_01" for k in range(1, 6)} <= shown


def test_a_drawing_saved_twice_has_the_same_bytes(tmp_path):
    given = dict(instrument((3,), n_waves=1))
    given["factor_models"] = given["factor_models"].query("model == 'bifactor'")
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        figure_files.save(drawn("path_diagram", given), tmp_path / folder / "figure")
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes(), file.name


def test_waves_stand_in_time_and_are_thinned_from_the_middle():
    waves = pd.DataFrame({"wave": ["again", "b", "a"], "wave_number": [1, 2, 1], "role": ["retest", "wave", "wave"]})
    assert waves_in_time(["again", "a", "b", "gone"], waves) == ["a", "b", "again", "gone"]
    assert spread(list("abcdefg"), 3) == ["a", "d", "g"]


# Each figure, asked --------------------------------------------------------------------------------------------------


def _lines(made: style.Drawing, label: str) -> list:
    return [line for axes in made.figure.axes for line in axes.lines if line.get_label() == label]


def test_loadings_are_marked_where_the_table_has_them():
    made, table = drawing("loadings", "two scales"), instrument()["loadings"]
    first = table[table["model"].isin(["s1", "s2"]) & table["wave"].eq("w1")]
    marks = [(line.get_marker(), x) for line in _lines(made, "first") for x in line.get_xdata()]
    assert sorted(x for _, x in marks) == pytest.approx(sorted(first["std"]))
    assert sorted(x for marker, x in marks if marker == "D") == pytest.approx(
        sorted(first.loc[first["reverse"], "std"])
    )
    spans = [c for axes in made.figure.axes for c in axes.collections if c.get_label() == "interval"]
    ends = sorted(float(x) for c in spans for segment in c.get_segments() for x in segment[:, 0])
    assert ends == pytest.approx(sorted(made.data[["std_ci_low", "std_ci_high"]].to_numpy().ravel()))
    assert made.data.groupby("wave").size().to_dict() == {"w1": 7, "w2": 7, "w3": 7}


def test_a_wave_whose_model_is_not_admissible_is_named_and_not_drawn():
    given = {name: frame.copy() for name, frame in instrument().items()}
    bad = given["factor_models"]["model"].eq("s1") & given["factor_models"]["wave"].eq("w2")
    given["factor_models"].loc[bad, "status"] = NEGATIVE
    made = drawn("loadings", given)
    assert made.data.query("model == 's1'")["wave"].unique().tolist() == ["w1", "w3"]
    assert f"wave w2: {NEGATIVE}" in made.note


def _layout(structure: str, given: dict[str, pd.DataFrame]) -> Paths:
    own = {name: frame[frame["model"].eq(structure)] for name, frame in given.items() if "model" in frame}
    return paths(next(own["factor_models"].itertuples()), own["loadings"], own["factor_correlations"], {})


def test_every_structure_is_told_from_its_loadings():
    given = instrument()
    bifactor, method, second = (_layout(name, given) for name in ("bifactor", "method", "second_order"))
    assert bifactor.beside[0] == "general" and len(bifactor.beside[1]) == 7 and bifactor.factors == ["s1", "s2"]
    assert method.beside[0] == "method" and set(method.beside[1]) == {"s1_02_r", "s2_02_r", "s2_04_r"}
    assert second.above == ("general", {"s1": 0.5, "s2": pytest.approx(-0.4)}) and not second.beside[1]
    assert _layout("correlated", given).between == {("s2", "s1"): -0.3}


def test_every_path_has_its_number_in_the_diagram_and_in_the_data():
    given = {name: frame.copy() for name, frame in instrument().items()}
    given["factor_models"] = given["factor_models"].query(
        "model in ['correlated', 'method', 'second_order', 'bifactor']"
    )
    shared = {
        "instrument": "it",
        "model": "correlated",
        "wave": "w1",
        "x": "s1_01",
        "y": "s2_03",
        "estimate": 0.23,
        "status": "admissible",
    }
    given["factor_correlations"] = pd.concat([given["factor_correlations"], rows_of("factor_correlations", [shared])])
    made = drawn("path_diagram", given)
    assert faults_of_layout(made.figure) == []
    table = given["loadings"].query("model in ['correlated', 'method', 'second_order', 'bifactor']")
    printed = [ink.text for ink in drawn_texts(made.figure)]
    expected = [apa.r(x) for x in [*table["std"], -0.3, -0.3, 0.23]]
    assert all(printed.count(number) >= expected.count(number) for number in expected)
    assert made.data["path"].value_counts().to_dict() == {
        "loading": len(table),
        "correlation": 2,
        "residual correlation": 1,
    }
    assert sorted(made.data.query("path == 'loading'")["value"]) == pytest.approx(sorted(table["std"]))


def test_residual_pairs_that_lie_side_by_side_have_lanes_of_their_own():
    items = pd.DataFrame({"factor": "f", "item": list("abcdef"), "label": "", "reverse": False, "std": 0.5})
    laid = Paths(items, {"f": "F"}, residuals={("a", "b"): 0.1, ("e", "f"): 0.1, ("a", "f"): 0.1, ("b", "c"): 0.1})
    assert laid.lanes == {("a", "b"): 0, ("e", "f"): 0, ("b", "c"): 1, ("a", "f"): 2}


def test_a_model_that_is_not_admissible_stands_in_words_and_has_no_path():
    given = {name: frame.copy() for name, frame in instrument().items()}
    given["factor_models"].loc[given["factor_models"]["model"].eq("method"), "status"] = NEGATIVE
    made = drawn("path_diagram", given)
    assert "method" not in set(made.data["model"])
    assert "negative residual variance: “item 1 2”." in made.note  # by its label, not its column
    assert any("Not admissible" in ink.text for ink in drawn_texts(made.figure))


def test_each_rung_has_the_box_of_its_verdict():
    made = drawing("invariance_ladder", "two scales")
    boxes = [
        patch.get_label()
        for axes in made.figure.axes
        for patch in axes.patches
        if patch.get_label() in invariance_ladder.LOOKS
    ]
    assert {kind: boxes.count(kind) for kind in set(boxes)} == {
        "start": 4,
        "rejected": 1,
        "not rejected": 8,
        "other": 3,
    }
    words = [ink.text for ink in drawn_texts(made.figure)]
    assert words.count("rejected") == 1 and words.count("not rejected") == 6
    assert words.count("not rejected *") == 2 and "* Above a rung that was itself rejected." in made.note
    assert made.alt.count("above a rung that was itself rejected") == 2
    assert words.count("not admissible") == 1 and words.count("barred") == 2
    assert words.count("CFI .994 (−.004)") == 9 and "p < .001" in words
    assert "metric rejected (p < .001)" in made.alt and "negative residual variance: “item 1 2”" in made.note
    frames = {(to_hex(fill), width, str(dashes)) for fill, _, width, dashes, _ in invariance_ladder.LOOKS.values()}
    assert len(frames) == len(invariance_ladder.LOOKS)  # told apart without colour


def test_two_groups_only_and_released_equalities():
    given = {name: frame.copy() for name, frame in instrument(n_waves=1).items()}
    rung = given["invariance"]["holds"].eq("rejected")
    given["invariance"].loc[rung, ["released", "partial_holds"]] = ["loadings of s1_02_r", "not rejected"]
    given["invariance"].loc[rung, "partial_d_p"] = 0.21
    made = drawn("invariance_ladder", given)
    assert faults_of_layout(made.figure) == []
    assert set(made.data["between"]) == {"gender"}
    assert "partial: p = .210" in [ink.text for ink in drawn_texts(made.figure)] and "loadings of “" in made.note
    assert "s1_02_r" not in made.note


def test_the_scree_fills_as_many_dots_as_parallel_analysis_suggests():
    made = drawing("scree", "two scales")
    assert [len(line.get_xdata()) for line in _lines(made, "suggested")] == [2, 1, 1]  # all items first
    own = instrument()["eigenvalues"].query("set == 'all' and kind == 'components'")
    dots = np.concatenate([line.get_ydata() for kind in ("suggested", "others") for line in _lines(made, kind)[:1]])
    np.testing.assert_allclose(dots, own["eigenvalue"])
    np.testing.assert_allclose(_lines(made, "random")[0].get_ydata(), own["random_high"])
    assert "parallel analysis suggests 2, MAP 2" in made.alt


def test_information_of_items_and_scale_is_drawn_as_in_the_table():
    made, table = drawing("information_curves", "two scales"), instrument()["information"]
    whole = table.query("score == 's1' and item == ''")
    np.testing.assert_allclose(_lines(made, "scale")[0].get_ydata(), whole["information"])
    np.testing.assert_allclose(_lines(made, "se")[0].get_ydata(), whole["se"])
    heights = {name: float(np.ptp(_lines(made, name)[0].get_ydata())) for name in ("s1_01", "s2_04_r")}
    peaks = {name: float(np.ptp(table.query("item == @name")["information"])) for name in heights}
    assert heights["s1_01"] / heights["s2_04_r"] == pytest.approx(peaks["s1_01"] / peaks["s2_04_r"])
    assert apa.number(table.query("item == 's2_04_r'")["information"].max()) in [
        ink.text for ink in drawn_texts(made.figure)
    ]


def test_what_would_give_a_blank_threshold_away_has_no_curve_and_the_figure_says_so():
    tables = instrument()
    curves = tables["information"]
    whole_of_first = curves["score"].eq("s1") & curves["item"].fillna("").eq("")
    shown = curves[~curves["item"].isin(["s1_01", "s2_01", "s2_02"]) & ~whole_of_first]
    made = drawn("information_curves", tables | {"information": shown})
    assert set(made.data["score"]) == {"s2"} and "give away a threshold that is blank" in made.note
    assert "Items with a blank threshold have no curve" in made.note
    assert "blank" not in drawn("information_curves", tables).note


def test_models_of_many_items_say_that_they_have_no_room():
    made = drawn("path_diagram", instrument((path_diagram.MOST_ITEMS + 1,), n_waves=1))
    assert made.data.empty and "no room" in made.alt


def test_a_scale_whose_items_all_have_a_blank_threshold_has_no_curve_either():
    tables = instrument()
    whole = tables["information"][tables["information"]["item"].fillna("").eq("")]
    made = drawn("information_curves", tables | {"information": whole})
    assert made.data.empty and "give away a threshold that is blank" in made.alt


@pytest.mark.parametrize(
    ("name", "size", "keys"),
    [
        ("information_curves", 3, ["score"]),
        ("invariance_ladder", 3, ["model", "between"]),
        ("loadings", 12, ["model"]),
        ("path_diagram", 3, ["model"]),
        ("scree", 3, ["set"]),
    ],
)
def test_what_a_page_has_no_room_for_is_named_and_nothing_else_is_missing(name, size, keys):
    given = instrument((size,) * 14)
    made = drawn(name, given)
    assert faults_of_layout(made.figure) == []
    assert made.figure.get_size_inches()[1] * 25.4 <= style.MAX_HEIGHT + 0.01
    table = {"information_curves": "information", "invariance_ladder": "invariance", "scree": "eigenvalues"}
    every = given[table.get(name, "loadings")]
    if "status" in every and name != "invariance_ladder":
        every = every[every["status"].eq("admissible")]
    whole = {tuple(map(str, key)) for key in every[keys].drop_duplicates().itertuples(index=False)}
    if name == "loadings":  # of the models of one factor
        whole = {key for key in whole if re.fullmatch(r"s\d+", key[0])}
    shown = {tuple(map(str, key)) for key in made.data[keys].drop_duplicates().itertuples(index=False)}
    dropped = made.note.partition("Not shown for space: ")[2].split(". ")[0].split("; ")
    assert shown < whole and len(shown) + len(dropped) == len(whole), (len(shown), dropped, len(whole))


def test_an_item_that_the_first_wave_did_not_ask_has_no_number_of_that_wave():
    given = instrument((3,))
    loadings = given["loadings"]
    first = loadings["wave"].eq("w1") & loadings["item"].eq("s1_03")
    made = drawn("loadings", given | {"loadings": loadings[~first]})
    told = [ink.text for ink in drawn_texts(made.figure)]
    values = [apa.r(v) for v in loadings.loc[~first & loadings["wave"].eq("w1") & loadings["model"].eq("s1"), "std"]]
    assert len(values) == 2 and all(value in told for value in values)
    assert "s1_03" in set(made.data.loc[made.data["wave"].eq("w2"), "item"])
    assert len([w for w in told if re.fullmatch(r"\.\d\d", w)]) == 2
