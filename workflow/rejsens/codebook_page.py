"""The codebook as one self-contained page: no script, nothing from the network; choosing waves and kinds is done in CSS."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
from markupsafe import Markup

from rejsens import apa, layout, pages
from rejsens.translations import SOURCE, language_name, same_language
from rejsens.wording import plain_key

ITEM_COLUMNS = ("Wave", "n", "Missing", "M", "SD", "Median", "Skew", "Kurtosis", "Floor %", "Ceiling %", "Column")
SCORE_COLUMNS = ("Wave", "n", "Missing", "M", "SD", "Median", "Skew", "Kurtosis", "Floor %", "Ceiling %", "Alpha", "Omega")  # fmt: skip
TOLD_BY = {"definition": "wording of the instrument’s file", "sidecar": "wording of the wave’s sidecar"}
KINDS = {"multi": "tick box", "numeric": "number", "single": "", "score": ""}


def page(frame: pd.DataFrame, facts: Mapping[str, Any]) -> str:
    """The codebook as HTML.

    frame   the table "codebook"
    facts   as `codebook.write_codebook` takes them
    """
    waves = [wave["name"] for wave in facts["waves"]]
    number = {name: k for k, name in enumerate(waves, start=1)}
    instruments = [
        _instrument(name, k, own, facts["instruments"].get(name, {}), number)
        for k, (name, own) in enumerate(frame.groupby("instrument", sort=False), start=1)
    ]
    shared = _shared(facts["waves"])
    own = [key for key in WORDS if key not in shared]
    environment = pages.environment(pages.TEMPLATES / "codebook", pages.TEMPLATES)
    environment.filters["italics"] = lambda text: Markup(layout.italics(text))
    environment.filters["header"] = lambda text: Markup(layout.header_html(text))
    return environment.get_template("page.html.j2").render(
        study={"description": "", "contact": ""} | dict(facts["study"]),
        simulated=bool(facts["study"]["simulated"]) or any(wave["simulated"] for wave in facts["waves"]),
        waves=[(k, wave, _said(wave, own)) for k, wave in enumerate(facts["waves"], start=1)],
        shared=_said(facts["waves"][0], shared) if facts["waves"] else "",
        instruments=instruments,
        counts=_counts(frame, waves),
        item_columns=ITEM_COLUMNS,
        score_columns=SCORE_COLUMNS,
        min_cell=facts["study"]["min_cell"],
    )


WORDS = {"population": "{}", "source": "Source: {}", "licence": "Licence of the data: {}"}


def _shared(waves: Sequence[Mapping[str, Any]]) -> list[str]:
    """What is true of every wave alike."""
    return [key for key in WORDS if len({wave[key] for wave in waves}) == 1]


def _said(wave: Mapping[str, Any], keys: Iterable[str]) -> str:
    """What a sidecar says of where its data come from, as sentences."""
    return " ".join(WORDS[key].format(wave[key].rstrip(".")) + "." for key in keys if wave[key])


def _counts(frame: pd.DataFrame, waves: Sequence[str]) -> list[tuple[str, str]]:
    scores = frame["type"] == "score"
    return [
        ("Waves, with retests", apa.count(len(waves))),
        ("Instruments", apa.count(frame["instrument"].nunique())),
        ("Items", apa.count(frame.loc[~scores, "variable"].nunique())),
        ("Scores", apa.count(frame.loc[scores, "variable"].nunique())),
        ("Rows", apa.count(len(frame))),
    ]


def _instrument(
    name: str, k: int, rows: pd.DataFrame, facts: Mapping[str, Any], number: Mapping[str, int]
) -> dict[str, Any]:
    scores = rows["type"] == "score"
    first = rows.iloc[0]
    return {
        "id": name,
        "number": k,
        "title": facts.get("title", name),
        "window": facts.get("window", ""),
        "source": first["source"],
        "licence": first["licence"],
        "permission": bool(facts.get("permission_required")),
        "user_supplied": first["key_status"] == "user_supplied",
        "status_line": first["status_line"],
        "waves": _classes(rows["wave"], number),
        "items": _variables(rows[~scores], number),
        "scores": _variables(rows[scores], number),
    }


def _variables(rows: pd.DataFrame, number: Mapping[str, int]) -> list[dict[str, Any]]:
    return [
        {"id": name, "waves": _classes(own["wave"], number), "versions": _versions(own.to_dict("records"), number)}
        for name, own in rows.groupby("variable", sort=False)
    ]


def _classes(waves: Iterable[str], number: Mapping[str, int]) -> str:
    return " ".join(f"w{number[wave]}" for wave in dict.fromkeys(waves))


def _versions(rows: Sequence[Mapping[str, Any]], number: Mapping[str, int]) -> list[dict[str, Any]]:
    """Waves that asked a variable alike, under one description; a wave that does not tell the words takes those of the last."""
    versions: list[dict[str, Any]] = []
    for row in rows:
        described = _described(row)
        if versions and _alike(versions[-1]["described"], described) and not row["replaces"]:
            versions[-1]["rows"].append(row)
            known = versions[-1]["described"]
            known |= {key: text for key, text in described.items() if text and not known[key] and key != "told_by"}
            if described["question"] and not described["told_by"]:
                known["told_by"] = ""  # a wave tells it itself
        else:
            versions.append({"described": described, "rows": [row]})
    return [
        version["described"]
        | {
            "waves": _classes((row["wave"] for row in version["rows"]), number),
            "since": version["rows"][0]["wave"] if k else "",
            "rows": [(number[row["wave"]], _cells(row)) for row in version["rows"]],
        }
        for k, version in enumerate(versions)
    ]


def _alike(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    words = all(plain_key(a) == plain_key(b) for a, b in [(first["question"], second["question"])] if a and b)
    labels = [{code: plain_key(text) for code, text in side["choices"]} for side in (first, second)]
    options = not all(labels) or labels[0] == labels[1]
    return words and options and first["facts"] == second["facts"]


def _described(row: Mapping[str, Any]) -> dict[str, Any]:
    choices = json.loads(row["choices"] or "{}")
    absent = ", ".join(map(str, json.loads(row["missing_codes"] or "[]")))
    ends = "" if pd.isna(row["min"]) or pd.isna(row["max"]) else f"{_end(row['min'])} to {_end(row['max'])}"
    facts = [
        KINDS[row["type"]],
        "" if same_language(row["language"] or SOURCE, SOURCE) else f"in {language_name(row['language'])}",
        f"range {ends}" if ends else "",
        f"no answer: {absent}" if absent else "",
        "reverse-keyed" if row["reverse_keyed"] else "",
        "stored reversed" if row["already_reversed"] else "",
        f"item order {row['item_order']}" if row["item_order"] else "",
        "codes of the export fall with agreement" if row["anchor_direction"] == "descending" else "",
        f"asked of those with {row['display_logic']}" if row["display_logic"] else "",
        f"used in {', '.join(row['scored_in'].split())}" if row["scored_in"] else "",
        f"higher: {row['higher_means']}" if row["higher_means"] else "",
        row["unit"],
        row["missing_rule"],
    ]
    return {
        "label": row["label"],
        "question": row["question_text"],
        "told_by": TOLD_BY.get(row["question_source"], "") if row["question_text"] else "",
        "choices": [(code, x if isinstance(x, str) else " / ".join(x)) for code, x in choices.items()],
        "facts": [fact for fact in facts if fact],
        "replaces": row["replaces"],
    }


def _end(x: float) -> str:
    return apa.number(x, 0 if float(x).is_integer() else 2)


def _cells(row: Mapping[str, Any]) -> list[str]:
    missing = apa.count(row["n_missing"])
    if missing != apa.MISSING and row["n_missing"]:
        missing = f"{missing} ({apa.percent(row['pct_missing'])}%)"
    moments = [apa.number(row[name]) for name in ("mean", "sd", "median", "skew", "kurtosis")]
    ends = [apa.percent(row[name]) for name in ("floor_pct", "ceiling_pct")]
    last = [apa.r(row["alpha"]), apa.r(row["omega"])] if row["type"] == "score" else [row["column"]]
    return [row["wave"], apa.count(row["n"]), missing, *moments, *ends, *last]
