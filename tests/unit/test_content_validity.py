"""Content validity: the indices against published tables, sheets that are read as they were filled, and refusals."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest
from tests.conftest import ROOT
from typer.testing import CliRunner

from rejsens.cli import app
from rejsens.content_validity import (
    item_index,
    kappa_word,
    read_sheets,
    score_items,
    score_scales,
    summary,
    tables,
)
from rejsens.problems import Refused
from rejsens.questionnaire.contents import Contents, contents
from rejsens.questionnaire.reading import Wanted
from rejsens.questionnaire.review import review_sheet, simulated_reviews, write_review, write_simulated
from rejsens.spreadsheet import write_csv

# raters, of whom agree, I-CVI, p_c, k*: BMC Health Services Research 2017, 17:385 (10.1186/s12913-017-2469-8), table 10,
# whose formulas are those of Polit, Beck & Owen 2007
PUBLISHED = [
    (10, 10, 1.00, 0.001, 1.00), (10, 9, 0.90, 0.010, 0.90), (10, 8, 0.80, 0.044, 0.79), (10, 7, 0.70, 0.117, 0.66),
    (9, 8, 0.89, 0.018, 0.89), (9, 7, 0.78, 0.070, 0.76), (9, 6, 0.67, 0.164, 0.60),
]  # fmt: skip
# the same by hand: C(N, A) / 2 ** N
BY_HAND = [(3, 3, 1 / 8), (4, 3, 4 / 16), (5, 4, 5 / 32), (6, 4, 15 / 64), (8, 6, 28 / 256)]
# relevance by six raters of twelve items (PMC7253559, table 4): S-CVI/Ave .97, S-CVI/UA .83
TWELVE = ["444444", "434434", "444444", "444444", "344444", "234334", "444444", "444444", "334234", "444344", "444344", "444344"]  # fmt: skip


@pytest.fixture(scope="module")
def found() -> Contents:
    return contents(Wanted("mreii", ROOT))


@pytest.mark.parametrize(("n", "agree", "index", "chance", "kappa"), PUBLISHED)
def test_item_indices_are_those_of_a_published_table(n, agree, index, chance, kappa):
    got = item_index([4] * agree + [2] * (n - agree))
    assert (got["n"], got["agree"], got["missing"]) == (n, agree, 0)
    assert [round(got[k], d) for k, d in (("i_cvi", 2), ("chance", 3), ("kappa", 2))] == [index, chance, kappa]


@pytest.mark.parametrize(("n", "agree", "chance"), BY_HAND)
def test_chance_and_kappa_by_hand(n, agree, chance):
    got = item_index([3] * agree + [1] * (n - agree))
    assert got["chance"] == chance and got["kappa"] == (agree / n - chance) / (1 - chance)


@pytest.mark.parametrize(("kappa", "word"), [(0.75, "excellent"), (0.74, "good"), (0.6, "good"), (0.59, "fair"), (0.39, "poor"), (math.nan, "")])  # fmt: skip
def test_words_for_kappa(kappa, word):
    assert kappa_word(kappa) == word


def long(rows: list[str]) -> pd.DataFrame:
    cells = [(f"r{k}", f"i{i:02}", "s", float(x), 4.0) for i, row in enumerate(rows) for k, x in enumerate(row)]
    return pd.DataFrame(cells, columns=["rater", "item", "scale", "relevance", "clarity"])


def test_scale_indices_are_those_of_a_published_table():
    scales = score_scales(score_items(long(TWELVE)))
    got = scales[(scales["scale"] == "s") & (scales["rated"] == "relevance")].iloc[0]
    assert (round(got["s_cvi_ave"], 2), round(got["s_cvi_ua"], 2), got["verdict"]) == (0.97, 0.83, "reached")
    assert (got["items"], got["raters_least"], got["raters_most"], got["missing"]) == (12, 6, 6, 0)


def test_verdicts_follow_the_limits():
    nine = score_items(long(["444444422"]))  # 7 of 9: .78 in the source's table
    assert nine["verdict"].tolist()[0] == "kept"
    assert score_items(long(["4444422"]))["verdict"].tolist()[0] == "look at it again"  # 5 of 7: .71
    assert score_items(long(["44444"]))["verdict"].tolist()[0] == "undecided"
    low = score_scales(score_items(long(["444444", "444422"])))
    assert low[low["scale"] == "s"]["verdict"].tolist()[0] == "not reached"


def test_a_missing_rating_leaves_the_raters_of_its_item_and_is_counted():
    ratings = long(["4444444", "4444444"])
    ratings.loc[[0, 1], "relevance"] = math.nan
    items = score_items(ratings)
    assert items.iloc[0][["n", "missing", "i_cvi"]].tolist() == [5, 2, 1.0] and items.iloc[0]["verdict"] == "undecided"
    scale = score_scales(items).iloc[0]
    assert (scale["raters_least"], scale["raters_most"], scale["missing"], scale["verdict"]) == (5, 7, 2, "undecided")


def test_an_item_that_nobody_rated_is_left_out_of_its_scale_and_counted():
    ratings = long(["444444", "444444"])
    ratings.loc[ratings["item"] == "i01", "relevance"] = math.nan
    scale = score_scales(score_items(ratings)).iloc[0]
    assert (scale["items"], scale["unrated"], scale["s_cvi_ave"]) == (1, 1, 1.0)


# --- sheets ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["csv", "semicolon", "xlsx"])
def test_a_sheet_that_comes_back_is_read_as_it_was_filled(tmp_path, found, kind):
    write_review(found, tmp_path)
    path = tmp_path / ("review.xlsx" if kind == "xlsx" else "review.csv")
    if kind == "xlsx":
        sheet = pd.read_excel(path, dtype=str, keep_default_na=False)
    else:
        sheet = pd.read_csv(path, dtype=str, keep_default_na=False)
    ratings = [str(1 + k % 4) for k in range(len(sheet))]
    sheet = sheet.assign(rater="AB", relevance=ratings, clarity=[*ratings[1:], ""])
    back = tmp_path / f"back{path.suffix}"
    if kind == "xlsx":
        sheet.to_excel(back, index=False)
    else:
        sheet.to_csv(back, index=False, sep=";" if kind == "semicolon" else ",")
    read = read_sheets([back], review_sheet(found))
    assert read["relevance"].tolist() == [float(x) for x in ratings] and math.isnan(read["clarity"].iloc[-1])
    assert set(read["rater"]) == {"AB"} and read["item"].tolist() == review_sheet(found)["item"].tolist()


def filled(found: Contents, rater: str = "AB") -> pd.DataFrame:
    return review_sheet(found).assign(rater=rater, relevance="4", clarity="3")


def test_all_faults_of_all_sheets_are_told_at_once_and_no_text_is_repeated(tmp_path, found):
    good = filled(found)
    bad = {
        "ratings": good.assign(rater="a", relevance=["5", "a secret", *good["relevance"][2:]]),
        "items": pd.concat([good.assign(rater="b").iloc[2:], good.assign(rater="b").iloc[[5]], good.assign(rater="b", item="mreii_e99").iloc[[0]]]),
        "raters": good.assign(rater=["c", *["d"] * (len(good) - 1)]),
        "columns": good.drop(columns="clarity"),
        "one": good.assign(rater="e"), "two": good.assign(rater="e"),
    }  # fmt: skip
    paths = [tmp_path / f"{name}.csv" for name in bad]
    for path, sheet in zip(paths, bad.values(), strict=True):
        write_csv(sheet, path)
    with pytest.raises(Refused) as refused:
        read_sheets([*paths, tmp_path / "none.csv"], review_sheet(found))
    assert {p.cause for p in refused.value.problems} == {
        "Ratings of relevance that are none", "Unknown items", "Items rated twice", "Items without a row",
        "Several raters in one sheet", "Missing columns", "Two sheets of one rater", "A file is missing",
    }  # fmt: skip
    text = str(refused.value)
    assert "secret" not in text and "“5”" in text and "row 2" in text and "mreii_e01" in text


@pytest.mark.parametrize("name", ["empty.csv", "blank.csv", "empty.xlsx", "damaged.xlsx", "cut.xlsx", "inside.xlsx"])
def test_a_damaged_or_empty_sheet_is_refused_in_words(tmp_path, found, name):
    write_review(found, tmp_path)
    whole = (tmp_path / "review.xlsx").read_bytes()
    content = {"blank.csv": b"\n\n", "damaged.xlsx": b"no workbook", "cut.xlsx": whole[: len(whole) // 2],
               "inside.xlsx": whole[:3000] + bytes(400) + whole[3400:]}  # fmt: skip
    path = tmp_path / name
    path.write_bytes(content.get(name, b""))
    with pytest.raises(Refused) as refused:
        read_sheets([path], review_sheet(found))
    assert {p.cause for p in refused.value.problems} <= {"A sheet that cannot be read", "Missing columns"}


def test_sheets_of_an_instrument_that_nobody_rates_are_refused(tmp_path):
    write_csv(pd.DataFrame({"item": ["age"], "relevance": ["4"], "clarity": ["4"]}), tmp_path / "a.csv")
    said = CliRunner().invoke(app, ["content-validity", str(tmp_path / "a.csv"), "--name", "background"])
    assert said.exit_code == 1 and "Nothing to rate" in said.output


def test_nothing_to_score_is_refused(found):
    with pytest.raises(Refused, match="No sheet"):
        read_sheets([], review_sheet(found))


def test_simulated_raters_are_called_so_from_the_sheet_to_the_words(tmp_path, found):
    paths = write_simulated(found, tmp_path)
    assert len(paths) == 8 and all("simulated" in path.name for path in paths)
    made = tables(paths, review_sheet(found))
    lines = summary(made["ratings"], made["items"], made["scales"])
    assert lines[0].startswith("Simulated ratings") and made["items"]["simulated"].all()
    again = [sheet for _, sheet in simulated_reviews(found)]
    assert (
        pd.read_csv(paths[3], dtype=str, keep_default_na=False)["relevance"].tolist() == again[3]["relevance"].tolist()
    )
    people = tables([_person(tmp_path, found)], review_sheet(found))
    assert not people["items"]["simulated"].any()
    assert any("Fewer than 6 raters" in line for line in summary(people["ratings"], people["items"], people["scales"]))


def _person(folder: Path, found: Contents) -> Path:
    write_csv(filled(found), folder / "person.csv")
    return folder / "person.csv"


def test_items_that_too_few_rated_are_named_undecided():
    ratings = long(["4444444", "4444444"])
    ratings.loc[[0, 1], "relevance"] = math.nan
    items = score_items(ratings)
    lines = summary(ratings, items, score_scales(items))
    assert "Undecided, rated by fewer than 6: i00." in lines and "I-CVI below 0.78: none." in lines
    assert not any("Undecided" in line for line in summary(long(["44444"]), *_scored(["44444"])))  # nothing is decided


def _scored(rows: list[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    items = score_items(long(rows))
    return items, score_scales(items)
