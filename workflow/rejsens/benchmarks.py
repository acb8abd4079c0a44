"""Published results beside this study's own, in the same metric; never a pass or a fail."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any

import pandas as pd

from rejsens import apa

METRICS = {"mean": "M", "alpha": "α", "retest_r": "retest r", "r": "r", "r_corrected": "r, corrected for attenuation"}
NO_SCORE = "not measured in this study"
NO_METRIC = "this study has nothing in the same metric"
_Row = dict[str, Any]


def benchmarks(
    content: Mapping[str, Any], correlations: pd.DataFrame, descriptives: pd.DataFrame, reliability: pd.DataFrame
) -> pd.DataFrame:
    """Every published result, with this study's estimate wherever the same two scores, or the same score, exist.

    content       `config/benchmarks.yaml` as read
    correlations, descriptives, reliability   the contract tables; their first wave that has the number counts
    returns       DataFrame: benchmark, finding, source, doi, sample, metric, value, sd, low and high (the published
                  interval, or the range over samples), against, note; x, y, wave, n, estimate, ci_low, ci_high of this
                  study; z (of the difference between two samples, missing elsewhere); comparison, in words; claims
                  beside which it stands, joined by "; ". One row for each pair of this study's scores that stands for the finding, or one row that says there is none.
                  `alpha` is compared with alpha, `retest_r` with the retest correlation, `r_corrected` with
                  r / sqrt(alpha_x alpha_y), its interval scaled alike
    formula       z of two means: (m1 - m2) / sqrt(sd1^2 / n1 + sd2^2 / n2); of two correlations: difference of their
                  Fisher z over sqrt(1 / (n1 - 3) + 1 / (n2 - 3)). Only where the published value comes from one sample
    missing       a score that the study lacks, or whose number is missing, is said to be missing
    """
    known = _Known(correlations, descriptives, reliability)
    rows = []
    for entry in content["benchmarks"]:
        found: list[_Row | None] = [own for own in (_own(entry, x, y, known) for x, y in _candidates(entry)) if own]
        claims = {"claims": "; ".join(entry.get("claims", ()))}
        rows += [_row(entry, own) | claims for own in found or [None]]
    return pd.DataFrame(rows)


def beside(benchmarks: pd.DataFrame, claim: str, names: Mapping[str, str]) -> list[str]:
    """The published results that stand beside a claim, each in one text, with this study's own number where it has one.

    benchmarks    the contract table
    names         score -> its label; a score without one bears its id
    """
    own = benchmarks[[claim in str(cell).split("; ") for cell in benchmarks["claims"]]]
    return [_in_words(row, names) for row in own.to_dict("records")]


def _in_words(row: Mapping[str, Any], names: Mapping[str, str]) -> str:
    start = f"{row['source']}, {row['finding']}{', against the claim' if row['against'] else ''}"
    if row["metric"] == "none":
        note = str(row["note"]).removesuffix(".")
        return f"{start}: {note}"
    write = apa.number if row["metric"] == "mean" else apa.r
    value = f"{write(row['low'])} to {write(row['high'])}" if apa.is_missing(row["value"]) else write(row["value"])
    start = f"{start}: {METRICS[row['metric']]} = {value}"
    if apa.is_missing(row["estimate"]):
        return f"{start}, {row['comparison']}"
    own = apa.coefficient(row["estimate"], row["ci_low"], row["ci_high"], bounded=row["metric"] != "mean")
    scores = " and ".join(names.get(name, name) for name in (row["x"], row["y"]) if name)
    return f"{start}; here {own} ({scores}, wave {row['wave']})"


class _Known:
    """This study's tables by what identifies a number; the first wave that has it."""

    def __init__(self, correlations: pd.DataFrame, descriptives: pd.DataFrame, reliability: pd.DataFrame):
        self.r: dict[tuple[str, str], _Row] = {}
        for row in correlations.dropna(subset=["r"]).to_dict("records"):
            self.r.setdefault((row["x"], row["y"]), row)
            self.r.setdefault((row["y"], row["x"]), row)
        self.score = _first(descriptives.dropna(subset=["mean"]).to_dict("records"), ["score"])
        self.coefficient = _first(reliability.dropna(subset=["estimate"]).to_dict("records"), ["score", "coefficient"])


def _first(rows: Iterable[_Row], keys: Sequence[str]) -> dict[tuple[str, ...], _Row]:
    found: dict[tuple[str, ...], _Row] = {}
    for row in rows:
        found.setdefault(tuple(row[key] for key in keys), row)
    return found


def _candidates(entry: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Pairs of scores, or single scores with an empty second, that stand for the finding."""
    if "scores" in entry:
        return [(score, "") for score in entry["scores"]]
    return list(product(entry.get("x", ()), entry.get("y", ())))


def _own(entry: Mapping[str, Any], x: str, y: str, known: _Known) -> _Row | None:
    """This study's number in the metric of the finding; None when there is none."""
    numbers: tuple[float, ...]
    match entry["metric"]:
        case "mean":
            row = known.score.get((x,))
            numbers = (row["mean"], row["ci_low"], row["ci_high"]) if row else ()
        case "alpha" | "retest_r":
            row = known.coefficient.get((x, entry["metric"]))
            numbers = (row["estimate"], row["ci_low"], row["ci_high"]) if row else ()
        case "r":
            row = known.r.get((x, y))
            numbers = (row["r"], row["ci_low"], row["ci_high"]) if row else ()
        case "r_corrected":
            row, known_alphas = known.r.get((x, y)), [known.coefficient.get((name, "alpha")) for name in (x, y)]
            alphas = [alpha["estimate"] for alpha in known_alphas if alpha and alpha["estimate"] > 0]
            if not row or len(alphas) < 2:
                return None
            scale = 1 / math.sqrt(alphas[0] * alphas[1])
            numbers = tuple(value * scale for value in (row["r"], row["ci_low"], row["ci_high"]))
        case _:
            return None
    if not row:
        return None
    estimate, low, high = (float(value) for value in numbers)
    own = {"x": x, "y": y, "wave": row["wave"], "n": row["n"], "estimate": estimate, "ci_low": low, "ci_high": high}
    return own | {"z": _z(entry, own, row)}


def _z(entry: Mapping[str, Any], own: Mapping[str, Any], row: Mapping[str, Any]) -> float:
    """z of the difference of two samples; missing where the published value is no single sample's."""
    if "n" not in entry or "value" not in entry:
        return math.nan
    if entry["metric"] == "mean":
        return (own["estimate"] - entry["value"]) / math.hypot(
            row["sd"] / math.sqrt(own["n"]), entry["sd"] / math.sqrt(entry["n"])
        )
    if entry["metric"] in ("r", "retest_r") and min(own["n"], entry["n"]) > 3 and abs(own["estimate"]) < 1:
        difference = math.atanh(own["estimate"]) - math.atanh(entry["value"])
        return difference / math.sqrt(1 / (own["n"] - 3) + 1 / (entry["n"] - 3))
    return math.nan


def _row(entry: Mapping[str, Any], own: Mapping[str, Any] | None) -> _Row:
    low, high = entry.get("low", entry.get("from", math.nan)), entry.get("high", entry.get("to", math.nan))
    published = {
        "benchmark": entry["id"], "finding": entry["finding"], "source": entry["source"], "doi": entry.get("doi", ""),
        "sample": entry.get("sample") or f"{entry['n']:,} people", "metric": entry["metric"],
        "value": entry.get("value", math.nan), "sd": entry.get("sd", math.nan), "low": low, "high": high,
        "against": bool(entry.get("against", False)), "note": entry.get("note", ""),
    }  # fmt: skip
    if own is None:
        absent = dict.fromkeys(("n", "estimate", "ci_low", "ci_high", "z"), math.nan)
        words = NO_METRIC if entry["metric"] == "none" else NO_SCORE
        return published | {"x": "", "y": "", "wave": ""} | absent | {"comparison": words}
    return published | dict(own) | {"comparison": _comparison(published, own)}


def _comparison(published: Mapping[str, Any], own: Mapping[str, Any]) -> str:
    """Where this study's interval lies. A published interval is met when the two overlap. "Above" a value below 0 would
    read as more of it, so that of these the distance to 0 is said."""
    low, high = own["ci_low"], own["ci_high"]
    if math.isnan(low) or math.isnan(high):
        return "this study has no interval"
    ends = [published["low"], published["high"]]
    if any(math.isnan(end) for end in ends):
        ends = [published["value"]] * 2
    what = "value" if ends[0] == ends[1] else "range" if math.isnan(published["value"]) else "interval"
    if high < ends[0] or low > ends[1]:
        place = f"{'below' if high < ends[0] else 'above'} the published {what}"
        if ends[1] < 0:
            place = f"{'farther from' if high < ends[0] else 'nearer to'} 0 than the published {what}"
            place = f"on the other side of 0 from the published {what}" if low > 0 else place
        return f"the interval of this study lies {place}"
    return f"the interval of this study {'holds' if what == 'value' else 'overlaps'} the published {what}"
