"""A package whose ids, labels and names are as awkward as a study's own words can be; nobody is in it."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

from rejsens.sharing.columns import as_dictionary, in_types
from rejsens.sharing.package import Facts, Package

AWKWARD = (
    "=cmd|'/c calc'!A0", '"quoted"', "two\nlines", "ünï→日本", "'apostrophe", "-5", "+1", "@SUM(A1)", "a;=b", "comma, blank", "NA",
    "<script>alert(1)</script>", "a\\b", "{{x}}", "\u202eright to left",
)  # fmt: skip
LONG = "very_long_" * 9 + "name"
MARKUP = '<b>“bold”</b>\n=cmd| *x* [y](z) | "q" \\ #'


def example_package(participants: tuple[str, ...] = AWKWARD, kind: str = "full", simulated: bool = True) -> Package:
    """Two waves of the given people: an item with labels, one that may not apply, a number, texts, a score, long names."""
    people = [(person, wave) for wave in ("w1", "w2") for person in participants]
    n = len(people)
    rng = np.random.default_rng(8)
    item = pd.array(rng.integers(0, 4, n), dtype="Int64")
    item[0] = pd.NA
    number = rng.normal(size=n) * 10.0 ** rng.integers(-8, 8, n)
    number[-1] = np.nan
    answers = pd.DataFrame(
        {
            "participant": [person for person, _ in people],
            "wave": [wave for _, wave in people],
            "wave_number": [1 if wave == "w1" else 2 for _, wave in people],
            "role": "wave",
            "gad7_01": item,
            "gad7_01__na": pd.isna(item),
            "to": number,
            LONG: item,
        }
    )
    scores = answers[["participant", "wave", "wave_number", "role"]].assign(
        gad7_sum=number, gad7_sum__n_answered=[*range(n)], gad7_sum__prorated=[k % 2 == 0 for k in range(n)]
    )
    tables = {"answers": answers, "scores": scores}
    dictionary = as_dictionary(
        pd.DataFrame([_row(name, column) for name, frame in tables.items() for column in frame.columns])
    )
    return Package(kind, _facts(simulated), in_types(tables, dictionary), dictionary, ("A note: " + MARKUP,))


def _row(table: str, column: str) -> dict[str, object]:
    integer = column in ("gad7_01", LONG, "wave_number") or column.endswith("__n_answered")
    boolean = column.endswith(("__na", "__prorated"))
    text = column in ("participant", "wave", "role")
    item = {"minimum": 0, "maximum": 3, "missing_codes": '[-99, -98, -97, -96, "refused"]', "level": "ordinal",
            "values": json.dumps({"0": MARKUP, "1": "x" * 300, "2": "日本" * 100, "3": ""}), "reverse_keyed": True}  # fmt: skip
    return {
        "table": table,
        "variable": column,
        "label": MARKUP * 20 if column == "to" else f"The {column}",
        "question_text": MARKUP if column == "gad7_01" else "",
        "type": "integer" if integer else "boolean" if boolean else "string" if text else "number",
        "level": "nominal" if text or boolean else "interval",
        "blank_means": "" if text or boolean or (integer and column not in ("gad7_01", LONG)) else "not answered",
        "instrument": "gad7",
        "source": MARKUP,
    } | (item if column in ("gad7_01", LONG) else {})


def _facts(simulated: bool) -> Facts:
    waves = [
        {"name": name, "title": MARKUP, "role": "wave", "platform": "plain", "from": f"2026-0{k}-01", "to": f"2026-0{k}-07",
         "population": MARKUP, "language": "en", "mode": "", "source": "", "licence": "CC0-1.0", "sha256": "0" * 64,
         "simulated": simulated}
        for k, name in ((1, "w1"), (2, "w2"))
    ]  # fmt: skip
    return Facts(
        title="A title: " + MARKUP, description=MARKUP, simulated=simulated, contact="Somebody " + MARKUP, licence="CC0-1.0",
        waves=tuple(waves), statements=(("Funding", MARKUP),), citation="The software. (n.d.).", version="0.1.0", seed=7,
    )  # fmt: skip
