"""What somebody could work out from the aggregates of a finished study: written from docs/privacy.md, without the guard's code.

`leaks(results, least)` reads every file below results/ but results/participants/ and returns, in words, each number of 1 to
least − 1 people that stands there or follows: from a total, from shares and means of the same answers, from another table, wave
or figure. Counts of what was done with rows (flow.csv, quality.csv, waves.csv, n_missing, n_lost) are exempt, as the policy says.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

Range = tuple[float, float]
# table -> counts of people that may not lie between 1 and least − 1
COUNTS = {
    "sample": ["n"], "responses": ["n"], "descriptives": ["n"], "correlations": ["n"], "missing": ["n"], "variables": ["n", "n_not_applicable"],
    "codebook": ["n", "n_not_applicable"], "careless": ["n", "n_flagged"], "missing_patterns": ["n"], "erosion": ["n", "n_decline", "n_improve"],
    "attrition": ["n", "n_absent"], "estimates": ["n_people"], "multiverse": ["n_people"], "diagnostics": ["n_people", "n_instead"],
    "claims": ["n_people"], "benchmarks": ["n"], "reliability": ["n"], "items": ["n"], "factor_models": ["n"], "invariance": ["n"],
    "dimensionality": ["n"], "exploratory_loadings": ["n"], "item_response": ["n"], "scalability": ["n"], "local_dependence": ["n"],
    "discriminant": ["n"], "method_variance": ["n"], "little": ["n"], "predictions": ["n"], "validation": ["n"],
    "validation_loadings": ["n"], "keying": ["n"],
    "response_distributions": ["n"], "scores_by_wave": ["n"], "exposure_outcome_curve": ["n_people"], "correlation_heatmap": ["n"],
    "trajectories": ["n"], "headline": ["n_people"], "forest_of_hypotheses": ["n_people"],
}  # fmt: skip
SHARES = {"variables": ["floor_pct", "ceiling_pct"], "codebook": ["floor_pct", "ceiling_pct"], "items": ["floor_percent", "ceiling_percent"],
          "descriptives": ["floor_percent", "ceiling_percent"], "careless": ["percent_flagged"]}  # fmt: skip
EXEMPT = ("flow", "quality", "waves", "stored_totals", "participant_flow")
FEW_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
SAID = re.compile(r"\b(\d+|" + "|".join(FEW_WORDS) + r") (?:people|persons?|participants?|respondents?)\b")
NOT_COUNTED = re.compile(r"(fewer than|at least|is|of|each is|export is) $")  # a limit, or what a person is
TEXTS = (".csv", ".json", ".md", ".html", ".tex", ".typ", ".yml", ".svg", ".jsonld")


def leaks(results: Path, least: int) -> list[str]:
    """Everything that tells of fewer than `least` people."""
    tables = dict(_tables(results))
    found = [*_small_counts(tables, least), *_shares(tables, least), *_rows_of_people(tables)]
    found += [
        *_hidden_answers(tables, least),
        *_hidden_levels(tables),
        *_one_persons_value(tables, least),
        *_said(results, least),
    ]
    return found


def _tables(results: Path) -> Iterator[tuple[str, pd.DataFrame]]:
    for path in sorted(results.rglob("*.csv")):
        name = path.relative_to(results).as_posix()
        if not name.startswith(("participants/", "tables/")) and path.stat().st_size > 1:
            yield name, pd.read_csv(path)


def _named(tables: dict[str, pd.DataFrame], stem: str) -> list[tuple[str, pd.DataFrame]]:
    return [(name, frame) for name, frame in tables.items() if Path(name).stem == stem]


def _all_of(tables: dict[str, pd.DataFrame], stem: str) -> pd.DataFrame:
    frames = [frame for _, frame in _named(tables, stem)]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


# --- what stands there -----------------------------------------------------------------------------------------------


def _small_counts(tables: dict[str, pd.DataFrame], least: int) -> Iterator[str]:
    for stem, columns in COUNTS.items():
        for name, frame in _named(tables, stem):
            for column in columns:
                few = frame[column].between(1, least - 1) if column in frame else pd.Series(dtype=bool)
                for row in frame.index[few]:
                    yield f"{name} row {row}: {column} is {frame.at[row, column]:g}"


def _shares(tables: dict[str, pd.DataFrame], least: int) -> Iterator[str]:
    for stem, columns in SHARES.items():
        for name, frame in _named(tables, stem):
            for column in columns:
                people = (frame[column] * frame["n"] / 100).round()
                for row in frame.index[people.between(1, least - 1)]:
                    yield f"{name} row {row}: {column} is {people[row]:g} people"


def _rows_of_people(tables: dict[str, pd.DataFrame]) -> Iterator[str]:
    for name, frame in tables.items():
        if "participant" in frame:
            yield f"{name}: one row per person"


def _said(results: Path, least: int) -> Iterator[str]:
    for path in sorted(results.rglob("*")):
        name = path.relative_to(results).as_posix()
        if name.startswith("participants/") or path.suffix not in TEXTS or path.stem in EXEMPT:
            continue
        for found in SAID.finditer(re.sub(r"<[^>]*>", " ", path.read_text(encoding="utf-8"))):
            word = found[1]
            people = FEW_WORDS.index(word) + 1 if word in FEW_WORDS else int(word)
            before = found.string[max(0, found.start() - 24) : found.start()]
            if 0 < people < least and not NOT_COUNTED.search(before):
                yield f"{name}: “{before}{found[0]}”"


# --- what follows ----------------------------------------------------------------------------------------------------


def _width(span: float, people: float, persons: float) -> float:
    """The rounding of docs/privacy.md: the next 1, 2 or 5 from so many persons' range of answers upwards."""
    least = persons * span / people
    return next(s * 10.0**p for p in range(-12, 6) for s in (1, 2, 5) if s * 10.0**p >= least * (1 - 1e-9))


def _hidden_answers(tables: dict[str, pd.DataFrame], least: int) -> Iterator[str]:
    """Counts of answers that are blank, from the total of the codebook, the mean and the shares at the ends."""
    responses, codebook, items = (_all_of(tables, stem) for stem in ("responses", "codebook", "items"))
    if responses.empty:
        return
    for (item, wave), own in responses.groupby(["item", "wave"]):
        told = codebook[(codebook["variable"] == item) & (codebook["wave"] == wave)]
        blank = own[own["n"].isna()]
        if blank.empty or told.empty or told["n"].isna().all():
            continue
        n = int(told["n"].iloc[0])
        means = [_mean_range(told.iloc[0], n, own)]
        turned = items[(items["item"] == item) & (items["wave"] == wave)] if len(items) else items
        means += (
            [_mean_range(row, n, own) for _, row in turned[~turned["reverse"].astype(bool)].iterrows()]
            if len(turned)
            else []
        )
        ends = {own["value"].min(): told["floor_pct"].iloc[0], own["value"].max(): told["ceiling_pct"].iloc[0]}
        known = float((own["value"] * own["n"]).sum())
        fits = list(_solutions(blank["value"].tolist(), n - int(own["n"].sum()), known, n, means, ends))
        for place, value in enumerate(blank["value"]):
            possible = {fit[place] for fit in fits}
            if len(possible) <= 1:
                yield f"responses of {item}, wave {wave}: answer {value:g} was given by {possible}"


def _mean_range(row: pd.Series, n: int, own: pd.DataFrame) -> Range:
    """Between what the mean of all answers lies, as it is printed."""
    if math.isnan(row["mean"]):
        return -math.inf, math.inf
    width = _printed(row["mean"], _width(own["value"].max() - own["value"].min(), n, 3))
    return row["mean"] - width / 2, row["mean"] + width / 2


def _printed(value: float, width: float) -> float:
    """How much a printed mean leaves open: the width of its rounding, or of its last decimal where it is not rounded so."""
    steps = value / width
    return width if abs(steps - round(steps)) < 1e-6 else 10.0 ** -len(repr(float(value)).partition(".")[2])


def _solutions(
    values: list[float], total: int, known: float, n: int, means: list[Range], ends: dict[float, float]
) -> Iterator[tuple[int, ...]]:
    """Every way in which the hidden people can have answered."""
    for first in itertools.product(*(range(1, total + 1) for _ in values[:-1])):
        last = total - sum(first)
        counts = (*first, last)
        mean = (known + sum(v * c for v, c in zip(values, counts, strict=True))) / n
        told = all(
            math.isnan(ends.get(v, math.nan)) or round(ends[v] * n / 100) == c
            for v, c in zip(values, counts, strict=True)
        )
        if last >= 1 and told and all(low - 1e-9 <= mean <= high + 1e-9 for low, high in means):
            yield counts


def _hidden_levels(tables: dict[str, pd.DataFrame]) -> Iterator[str]:
    """Categories of Table 1 that are blank: one alone follows from the total of its wave, or from the same people elsewhere."""
    sample, waves = _all_of(tables, "sample"), _all_of(tables, "waves")
    if sample.empty:
        return
    for (wave, variable), own in sample[sample["level"].notna()].groupby(["wave", "variable"]):
        total = int(waves.loc[waves["wave"] == wave, "n_kept"].iloc[0]) - int(own["n_missing"].iloc[0])
        blank = own[own["n"].isna()]
        rest = total - int(own["n"].sum())
        if len(blank) == 1 or (len(blank) and rest == len(blank)):
            yield f"sample, {variable}, wave {wave}: {blank['level'].tolist()} are {rest} people"


_MEANS = (
    ("codebook", "variable", 3),
    ("items", "item", 3),
    ("descriptives", "score", 0.5),
    ("sample", "variable", 0.5),
)
_RANGES = (("range_low", "range_high"), ("min", "max"))


def _one_persons_value(tables: dict[str, pd.DataFrame], least: int) -> Iterator[str]:
    """Two means of nearly the same people: what the few between them answered, to less than half of what it can be."""
    told: dict[tuple[str, str], list[tuple[str, float, float, float]]] = {}
    for stem, named, persons in _MEANS:
        for _, row in _all_of(tables, stem).iterrows():
            if (stem == "items" and row["reverse"]) or not row["n"] > 0 or not row["sd"] > 0:
                continue
            covered = 0.5 if stem == "codebook" and row["type"] in ("score", "numeric") else persons
            low, high = next(((a, b) for a, b in _RANGES if a in row and stem != "sample"), ("", ""))
            spread = 6 * row["sd"]
            span = spread if not low else row[high] - row[low] if covered > 1 else min(row[high] - row[low], spread)
            width = _printed(row["mean"], _width(span, row["n"], covered))
            told.setdefault((row[named], row["wave"]), []).append((stem, row["n"], width, span))
    for (variable, wave), rows in told.items():
        for (one, n, width, span), (other, fewer, wide, _) in itertools.permutations(rows, 2):
            if 0 < n - fewer < least:
                unknown = (n * width + fewer * wide) / (n - fewer)
                if unknown < span / 2:
                    yield f"{variable}, wave {wave}: {one} less {other} tells {n - fewer:g} people's mean to {unknown:.2g}"
