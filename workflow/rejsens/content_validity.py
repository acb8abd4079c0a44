"""Content validity from experts' sheets: the item and scale content validity indices, and kappa beyond chance.

I-CVI: the share of raters who gave 3 or 4 of 4. Chance: p_c = C(N, A) * .5 ** N, with A of N raters agreeing on relevance.
Modified kappa: k* = (I-CVI - p_c) / (1 - p_c); fair from .40, good from .60, excellent above .74 (Cicchetti & Sparrow 1981;
Fleiss 1981). S-CVI/Ave: the mean of the I-CVIs; S-CVI/UA: the share of items that every rater found relevant. Polit, Beck &
Owen 2007, Research in Nursing & Health 30, 459-467, 10.1002/nur.20199: I-CVI of .78 and S-CVI/Ave of .90 or higher.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from rejsens.importers.workbook import refuse_hostile
from rejsens.limits import BESIDE_BYTES
from rejsens.problems import Problem, Refused, did_you_mean, listed
from rejsens.questionnaire.review import COLUMNS, SIMULATED

RELEVANT = 3  # the lowest rating that says relevant
RATERS, ITEM, SCALE = 6, 0.78, 0.90  # fewest raters, lowest I-CVI, lowest S-CVI/Ave
RATED = ("relevance", "clarity")
KAPPA = ((0.74, "excellent"), (0.60, "good"), (0.40, "fair"))


def item_index(ratings: Sequence[float]) -> dict[str, float]:
    """One item's indices from its ratings.

    ratings   1 to 4, one for each rater; missing ratings (NaN) are left out and counted
    returns   n, missing, agree, i_cvi, chance (p_c), kappa (k*); NaN for the last three when nobody rated it

    Checked against two published tables that use these formulas, and by hand, by tests/unit/test_content_validity.py.

    >>> found = item_index([4, 3, 4, 4, 2])
    >>> found["n"], found["i_cvi"], round(found["chance"], 3), round(found["kappa"], 2)
    (5, 0.8, 0.156, 0.76)
    """
    given = [rating for rating in ratings if not math.isnan(rating)]
    n, agree = len(given), sum(rating >= RELEVANT for rating in given)
    if not n:
        return {"n": 0, "missing": len(ratings), "agree": 0, "i_cvi": math.nan, "chance": math.nan, "kappa": math.nan}
    index, chance = agree / n, math.comb(n, agree) * 0.5**n
    kappa = (index - chance) / (1 - chance)
    return {"n": n, "missing": len(ratings) - n, "agree": agree, "i_cvi": index, "chance": chance, "kappa": kappa}


def kappa_word(kappa: float) -> str:
    """How a modified kappa is called.

    >>> kappa_word(0.76), kappa_word(0.74), kappa_word(0.40), kappa_word(0.1)
    ('excellent', 'good', 'fair', 'poor')
    """
    if math.isnan(kappa):
        return ""
    if kappa > KAPPA[0][0]:
        return KAPPA[0][1]
    return next((word for limit, word in KAPPA[1:] if kappa >= limit), "poor")


def score_items(ratings: pd.DataFrame) -> pd.DataFrame:
    """Indices of every item, of relevance and of clarity.

    ratings   rater, item, scale, relevance, clarity (1 to 4 or NaN), one row for each rater and item
    returns   item, scale, rated (relevance or clarity), n, missing, agree, i_cvi, chance, kappa, kappa_is, verdict
              (kept, look at it again, or undecided with fewer than six raters), in the order of the first sheet
    """
    rows = []
    for rated in RATED:
        for (item, scale), group in ratings.groupby(["item", "scale"], sort=False):
            found = item_index(group[rated].tolist())
            kept = round(found["i_cvi"], 2) >= ITEM  # 7 of 9 raters is .78 in the source's own table
            said = "undecided" if found["n"] < RATERS else "kept" if kept else "look at it again"
            rows.append(
                {
                    "item": item,
                    "scale": scale,
                    "rated": rated,
                    **found,
                    "kappa_is": kappa_word(found["kappa"]),
                    "verdict": said,
                }
            )
    return pd.DataFrame(rows)


def score_scales(items: pd.DataFrame) -> pd.DataFrame:
    """Indices of every scale and of all items together, of relevance and of clarity.

    items     as `score_items` returns them
    returns   scale, rated, items, raters_least, raters_most, missing, s_cvi_ave, s_cvi_ua, verdict; items that nobody rated
              are counted under `unrated` and left out
    """
    rows = []
    for rated in RATED:
        own = items[items["rated"] == rated]
        groups = [*own.groupby("scale", sort=False), ("all items", own)]
        rows += [{"scale": scale, "rated": rated, **_scale_index(group)} for scale, group in groups]
    return pd.DataFrame(rows)


def _scale_index(items: pd.DataFrame) -> dict[str, object]:
    rated = items[items["n"] > 0]
    average, universal = float(rated["i_cvi"].mean()), float((rated["agree"] == rated["n"]).mean())
    few = bool((rated["n"] < RATERS).any()) or rated.empty
    enough = math.isclose(average, SCALE) or average > SCALE
    return {
        "items": len(rated), "unrated": len(items) - len(rated), "raters_least": int(rated["n"].min()) if len(rated) else 0,
        "raters_most": int(rated["n"].max()) if len(rated) else 0, "missing": int(items["missing"].sum()),
        "s_cvi_ave": average, "s_cvi_ua": universal,
        "verdict": "undecided" if few else "reached" if enough else "not reached",
    }  # fmt: skip


# --- sheets ----------------------------------------------------------------------------------------------------------


def read_sheets(paths: Iterable[Path], expected: pd.DataFrame) -> pd.DataFrame:
    """The ratings of all sheets, CSV or workbook, one rater each.

    paths      returned sheets; a rater who left no name is called as the file
    expected   the sheet as it was sent out: its items and their scales
    returns    rater, item, scale, relevance, clarity (NaN where it is empty)
    raises     Refused with the faults of all sheets: no sheet, no such columns, unknown, missing or repeated items, ratings
               other than 1 to 4, several raters in one sheet, one rater in two
    """
    problems: list[Problem] = []
    sheets: dict[str, pd.DataFrame] = {}
    files: dict[str, Path] = {}
    for path in paths:
        frame = _read(path, problems)
        if frame is None:
            continue
        rater = _rater(path, frame, problems)
        if rater in sheets:
            problems.append(
                Problem(
                    str(path),
                    "Two sheets of one rater",
                    f"the name in {files[rater]} is the same",
                    "one sheet for each rater",
                    "leave one out, or correct the name",
                )
            )
        files.setdefault(rater, path)
        sheets[rater] = _ratings(path, frame, expected, problems).assign(rater=rater)
    if not sheets and not problems:
        problems.append(
            Problem("content-validity", "No sheet", "no file was named", "", "name the sheets that experts sent back")
        )
    if problems:
        raise Refused(problems, "The review sheets")
    scales = dict(zip(expected["item"], expected["scale"], strict=True))
    ratings = pd.concat(sheets.values(), ignore_index=True)
    return ratings.assign(scale=ratings["item"].map(scales))[["rater", "item", "scale", *RATED]]


def _unread(path: Path, found: str) -> Problem:
    fix = "save it again as one of these"
    return Problem(str(path), "A sheet that cannot be read", found, "CSV in UTF-8, or a workbook", fix)


def _table(path: Path) -> pd.DataFrame:
    """The cells as texts, of a file that does not grow beyond measure."""
    if (size := path.stat().st_size) > BESIDE_BYTES:
        raise Refused(_unread(path, f"it has {size >> 20:,} MB; at most {BESIDE_BYTES >> 20:,} are read"), str(path))
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        refuse_hostile(str(path), path.read_bytes())
        return pd.read_excel(path, dtype=str, keep_default_na=False)
    return pd.read_csv(path, dtype=str, keep_default_na=False, sep=None, engine="python", encoding="utf-8-sig")


def _read(path: Path, problems: list[Problem]) -> pd.DataFrame | None:
    if not path.is_file():
        problems.append(Problem(str(path), "A file is missing", "there is no such file", "", "correct the name"))
        return None
    try:
        frame = _table(path)
    except Refused as refused:
        problems += [_unread(path, problem.found) for problem in refused.problems]
        return None
    except Exception:  # a damaged file fails in as many ways as it has parts
        problems.append(_unread(path, "it is empty, damaged or no table"))
        return None
    frame.columns = [str(name).strip() for name in frame.columns]
    if missing := [name for name in ("item", *RATED) if name not in frame]:
        problems.append(
            Problem(
                str(path),
                "Missing columns",
                listed(missing),
                listed(list(COLUMNS), 20),
                "fill the sheet as it was sent out",
            )
        )
        return None
    return frame.map(str.strip)


def _rater(path: Path, frame: pd.DataFrame, problems: list[Problem]) -> str:
    names = [name for name in dict.fromkeys(frame.get("rater", pd.Series(dtype=str))) if name]
    if len(names) > 1:
        problems.append(
            Problem(
                str(path), "Several raters in one sheet", f"{len(names)} names", "one sheet for each rater", "split it"
            )
        )
    return names[0] if names else path.stem


def _ratings(path: Path, frame: pd.DataFrame, expected: pd.DataFrame, problems: list[Problem]) -> pd.DataFrame:
    items, known = list(frame["item"]), list(expected["item"])
    for row, item in enumerate(items, start=2):
        if item not in known:
            problems.append(
                Problem(
                    f"{path} › row {row}",
                    "Unknown items",
                    "it was not on the sheet",
                    "",
                    did_you_mean(item, known) or "rate the items that were sent out",
                )
            )
    for item in dict.fromkeys(item for item in items if item in known):
        if items.count(item) > 1:
            problems.append(
                Problem(f"{path} › {item}", "Items rated twice", f"{items.count(item)} rows", "one row", "leave one")
            )
    if missing := [item for item in known if item not in items]:
        problems.append(
            Problem(
                str(path), "Items without a row", listed(missing, 12), "", "keep every row, and leave its ratings empty"
            )
        )
    return frame[["item"]].assign(**{name: _numbers(path, frame, name, problems) for name in RATED})


def _numbers(path: Path, frame: pd.DataFrame, name: str, problems: list[Problem]) -> list[float]:
    """1 to 4 or NaN; `4.0` is what some spreadsheets make of 4."""
    found = []
    for row, text in enumerate(frame[name], start=2):
        plain = text.removesuffix(".0").removesuffix(",0")
        if plain and plain not in ("1", "2", "3", "4"):
            said = f"“{plain}”" if plain.replace(".", "").replace(",", "").lstrip("-").isdigit() else "some other text"
            problems.append(
                Problem(
                    f"{path} › row {row}",
                    f"Ratings of {name} that are none",
                    said,
                    "1, 2, 3, 4 or empty",
                    "correct the cell",
                )
            )
        found.append(float(plain) if plain in ("1", "2", "3", "4") else math.nan)
    return found


# --- words -----------------------------------------------------------------------------------------------------------


def summary(ratings: pd.DataFrame, items: pd.DataFrame, scales: pd.DataFrame) -> list[str]:
    """What a person reads at the terminal."""
    raters = list(dict.fromkeys(ratings["rater"]))
    relevance = items[items["rated"] == "relevance"]
    total = scales[(scales["scale"] == "all items") & (scales["rated"] == "relevance")].iloc[0]
    lines = ["Simulated ratings: nobody judged these items."] if is_simulated(ratings) else []
    lines.append(
        f"{len(raters)} raters, {len(relevance)} items, {int(relevance['missing'].sum())} ratings of relevance missing."
    )
    if len(raters) < RATERS:
        lines.append(f"Fewer than {RATERS} raters: nothing is decided.")
    lines.append(
        f"S-CVI/Ave {_plain(total['s_cvi_ave'])} ({SCALE:.2f} or higher is asked for: {total['verdict']}), S-CVI/UA {_plain(total['s_cvi_ua'])}."
    )
    again = relevance[relevance["verdict"] == "look at it again"]
    lines.append(
        f"I-CVI below {ITEM:.2f}: {listed([f'{r.item} ({_plain(r.i_cvi)})' for r in again.itertuples()], 20) or 'none'}."
    )
    few = relevance[relevance["verdict"] == "undecided"]
    if len(few) and len(raters) >= RATERS:
        lines.append(f"Undecided, rated by fewer than {RATERS}: {listed(few['item'].tolist(), 20)}.")
    return lines


def is_simulated(ratings: pd.DataFrame) -> bool:
    """Whether any of the sheets was filled by a program."""
    return bool(ratings["rater"].str.startswith(SIMULATED).any())


def _plain(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.2f}"


def tables(paths: Iterable[Path], expected: pd.DataFrame) -> Mapping[str, pd.DataFrame]:
    """ratings, items and scales from returned sheets; each says whether the ratings are simulated."""
    ratings = read_sheets(paths, expected)
    items = score_items(ratings)
    mark = {"simulated": is_simulated(ratings)}
    return {"ratings": ratings, "items": items.assign(**mark), "scales": score_scales(items).assign(**mark)}
