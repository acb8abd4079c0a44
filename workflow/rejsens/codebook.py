"""The codebook: one row per variable and wave, as CSV, XLSX, HTML and JSON-LD that say the same.

Items come from the table "variables" (what each wave asked), scores from their definitions and the finished tables of
descriptive statistics and reliability, in four forms of one table that has passed the disclosure guard.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd

from rejsens import codebook_page
from rejsens.definitions import Instrument, Score
from rejsens.describe import missing_rule
from rejsens.differences import wording_changed
from rejsens.disclosure import Policy, guarded
from rejsens.problems import listed
from rejsens.sidecars import Wave
from rejsens.spreadsheet import Sheet, write_csv, write_xlsx
from rejsens.tabular import tidy, write_table
from rejsens.translations import SOURCE

UNITS = {
    "sum": "sum of answers",
    "mean": "mean of answers",
    "product_mean": "mean of products",
    "count": "number of items",
    "weighted_sum": "weighted sum of answers",
    "max_share": "share of a total, 0 to 1",
    "mean_of_scores": "mean of subscales",
    "sum_of_scores": "sum of subscales",
}
STATISTICS = ("mean", "sd", "median", "skew", "kurtosis")
SIMULATED = "Simulated data: nobody answered these questions."
# column -> what it holds; the XLSX file carries this as a sheet
MEANINGS = {
    "variable": "name in the data: an item as in answers.parquet, a score as in scores.csv",
    "wave": "wave in which it was asked",
    "label": "short label",
    "question_text": "the question; question_source says who tells it; blank where nobody does",
    "instrument": "instrument, with the prefix under which it was asked",
    "subscale": "part of the instrument, where it has parts",
    "position": "place in the questionnaire, by the columns of the export",
    "type": "single (one answer), multi (a tick box, 0 or 1), numeric, or score",
    "choices": "code in the data -> label, as JSON; a list where several spellings were read as one code",
    "missing_codes": "codes and texts of the export that mean no answer, as JSON; in the data they are blank",
    "min": "lowest possible value, by the instrument as asked",
    "max": "highest possible value",
    "reverse_keyed": "true: scores take the item turned round; the answers in the data are not turned",
    "scored_in": "scores that use it",
    "replaces": "why its answers may be compared although it changed, as the wave's sidecar declares",
    "wording_changed": "against the nearest earlier wave in the same language that tells the wording: yes, no, not known; "
    "other language: so far told in others only; blank when first asked",
    "display_logic": "whom it was asked of, as the instrument's file says; blank: everybody",
    "required": "whether an answer was forced; blank: no export tells it",
    "unit": "of a score",
    "n": "people with a value, after exclusions",
    "n_missing": "people without, not counting those to whom it does not apply",
    "pct_missing": "their share, 0 to 100",
    "mean": "mean, of the answers as they stand in the data",
    "sd": "standard deviation (n - 1)",
    "median": "median",
    "skew": "bias-corrected skewness",
    "kurtosis": "bias-corrected excess kurtosis",
    "floor_pct": "share at the lowest possible value, 0 to 100",
    "ceiling_pct": "share at the highest possible value, 0 to 100",
    "alpha": "Cronbach's alpha of a score",
    "omega": "omega (one factor) of a score",
    "source": "publication of the instrument",
    "licence": "terms of the instrument",
    "column": "column of the export",
    "question_source": "export or sidecar: as it was asked; definition: as the instrument's file says",
    "language": "language of question_text, as a tag such as de; blank where no sidecar states it",
    "n_not_applicable": "people to whom it does not apply",
    "already_reversed": "true: the export holds the item turned round already, and scores do not turn it again",
    "item_order": "which of several printed orders was used",
    "anchor_direction": "whether the codes of the export rise (ascending) or fall with agreement; the data always rise",
    "higher_means": "what a higher score says",
    "missing_rule": "how many answers a score needs",
    "key_status": "verified, rule_only, own (this project's), or user_supplied (not verified)",
    "status_line": "what must be said of the instrument",
    "data_source": "where the wave's data come from",
    "data_licence": "licence of the wave's data",
    "simulated": "true: nobody answered; the data were drawn by a program",
}


def codebook(
    waves: Sequence[Wave],
    asked: Mapping[str, Sequence[Instrument]],
    variables: Mapping[str, pd.DataFrame],
    before: Mapping[str, Sequence[str]],
    descriptives: pd.DataFrame,
    reliability: pd.DataFrame,
) -> pd.DataFrame:
    """Every wave's items in the order of its questionnaire, then its scores.

    waves         in order of time
    asked         wave -> instruments as administered
    variables     wave -> the table "variables"
    before        wave -> the waves with which its wording is compared, nearest first
    descriptives, reliability   the pipeline's tables of these names
    returns       the table "codebook"
    """
    frames, changed = [], wording_changed(variables, before)
    for wave in waves:
        items = item_rows(wave, asked[wave.name], variables[wave.name], changed[wave.name])
        scores = score_rows(wave, asked[wave.name], descriptives, reliability)
        frames.append(pd.DataFrame([*items, *scores]))
    return _numbered(tidy(pd.concat(frames, ignore_index=True), "codebook"))


def codebook_for_wave(wave: Wave, instruments: Sequence[Instrument], variables: pd.DataFrame) -> pd.DataFrame:
    """The codebook of one wave on its own: items with their statistics, scores as defined, without any.

    variables   the table "variables" of that wave (`validate(...).variables`)
    """
    found = pd.DataFrame([*item_rows(wave, instruments, variables, {}), *score_rows(wave, instruments)])
    return _numbered(tidy(found, "codebook"))


def write_wave_codebook(frame: pd.DataFrame, path: Path | str, stated: Policy) -> None:
    """Write a codebook as CSV: the file that stays beside a wave, and is handed on with its sidecar.

    stated   the study's policy: no job of a run writes this, so that nobody else states it
    """
    write_csv(guarded(frame, "codebook", stated=stated), path)


# --- rows ------------------------------------------------------------------------------------------------------------


def item_rows(
    wave: Wave, instruments: Sequence[Instrument], variables: pd.DataFrame, changed: Mapping[str, str]
) -> list[dict[str, Any]]:
    """One row per item; what the table "variables" says, and whose instrument it is."""
    by_name = {instrument.name: instrument for instrument in instruments}
    rows = []
    for item in variables.to_dict("records"):
        condition = by_name[item["instrument"]].item(item["variable"]).asked_if
        answered = item["n"] + item["n_missing"]
        own = {
            "label": item["label"].replace("_", " ").capitalize(),
            "wording_changed": changed.get(item["variable"], ""),
            "display_logic": f"{condition.at_least:g} or more in {listed(condition.any_of, 20)}" if condition else "",
            "pct_missing": 100 * item["n_missing"] / answered if answered else math.nan,
            "language": _text_language(item),
        }
        rows.append(item | own | _whose(by_name[item["instrument"]], wave))
    return rows


def _text_language(item: Mapping[str, Any]) -> str:
    """The language of the question as it stands in the codebook: that of the wave, or that of the instrument's file."""
    if item["question_source"] != "definition":
        return item["language"] if item["question_text"] else ""
    return (item["language"] if item["defined_text"] else "") or SOURCE


def score_rows(
    wave: Wave,
    instruments: Sequence[Instrument],
    descriptives: pd.DataFrame | None = None,
    reliability: pd.DataFrame | None = None,
) -> list[dict[str, Any]]:
    """One row per score that the wave's items give; without tables of statistics, what it is and no number."""
    described = _of_wave(descriptives, wave.name, ["score"])
    trusted = _of_wave(reliability, wave.name, ["score", "coefficient"])
    rows = []
    for instrument in instruments:
        for score in instrument.scores:
            found = described.get(score.id, {})
            rows.append(
                _score(score, instrument, wave)
                | {name: found.get(name, math.nan) for name in ("n", "n_missing", *STATISTICS)}
                | {"pct_missing": _percent_missing(found)}
                | {f"{end}_pct": found.get(f"{end}_percent", math.nan) for end in ("floor", "ceiling")}
                | {name: trusted.get((score.id, c), {}).get("estimate", math.nan) for name, c in COEFFICIENTS.items()}
            )
    return rows


COEFFICIENTS = {"alpha": "alpha", "omega": "omega_u"}
NUMBERED = ("n", "n_missing", "pct_missing", "n_not_applicable", *STATISTICS, "floor_pct", "ceiling_pct", *COEFFICIENTS)


def _score(score: Score, instrument: Instrument, wave: Wave) -> dict[str, Any]:
    used = {*score.items, *(item for pair in score.pairs for item in pair)}
    part = bool(score.of) or len(used) < len(instrument.items)
    return {
        "variable": score.id,
        "wave": wave.name,
        "label": score.label,
        "instrument": instrument.name,
        "subscale": score.label if part and not score.of else "",
        "position": math.nan,
        "type": "score",
        "min": score.low,
        "max": score.high,
        "reverse_keyed": False,
        "already_reversed": False,
        "scored_in": " ".join(other.id for other in instrument.scores if score.id in other.of),
        "unit": UNITS[score.method],
        "n_not_applicable": math.nan,
        "higher_means": score.higher_means,
        "missing_rule": missing_rule(score),
        **_whose(instrument, wave),
    }


def _whose(instrument: Instrument, wave: Wave) -> dict[str, Any]:
    """Where the questions and the data come from, and on what terms."""
    licence = instrument.licence
    permission = "Permission required." if licence.get("permission_required") else ""
    given = f"Permitted: {instrument.permission}" if instrument.permission else ""
    terms = " ".join(filter(None, [licence.get("terms", ""), permission, licence.get("notice") or "", given]))
    return {
        "source": instrument.citation + (f" https://doi.org/{instrument.doi}" if instrument.doi else ""),
        "licence": terms,
        "key_status": "user_supplied" if instrument.user_supplied else instrument.key.get("status", ""),
        "status_line": instrument.status_line or "",
        "data_source": wave.source or "",
        "data_licence": wave.licence or "",
        "simulated": bool(wave.simulated),
    }


def _of_wave(table: pd.DataFrame | None, wave: str, keys: list[str]) -> dict[Any, dict[str, Any]]:
    if table is None:
        return {}
    own = table[table["wave"] == wave].drop_duplicates(keys)
    return own.set_index(keys, drop=False).to_dict("index")


def _percent_missing(found: Mapping[str, Any]) -> float:
    people = found.get("n", 0) + found.get("n_missing", 0)
    return 100 * found["n_missing"] / people if people else math.nan


def _numbered(frame: pd.DataFrame) -> pd.DataFrame:
    """With numbers as floats, counts too: a score has none."""
    return frame.astype(dict.fromkeys(NUMBERED, "float64"))


# --- writing ---------------------------------------------------------------------------------------------------------


def write_codebook(frame: pd.DataFrame, facts: Mapping[str, Any], output: SimpleNamespace) -> None:
    """Write the codebook in its four forms: `output.csv`, `.xlsx`, `.html`, `.jsonld`.

    facts   `study` (title, simulated, description, contact, min_cell), `waves` (one mapping each: name, title, from, to,
            source, licence, population, language, mode, simulated) and `instruments` (facts by name)
    """
    frame = guarded(frame, "codebook")  # once, for all four
    write_table(frame, output.csv, "codebook")
    write_workbook(frame, facts, output.xlsx)
    Path(output.html).write_text(codebook_page.page(frame, facts), encoding="utf-8")
    text = json.dumps(as_dataset(frame, facts), ensure_ascii=False, indent=1)
    Path(output.jsonld).write_text(text + "\n", encoding="utf-8")


def write_workbook(frame: pd.DataFrame, facts: Mapping[str, Any], path: Path | str) -> None:
    """The codebook as XLSX: its rows, what each column holds, and where the data come from."""
    mark = SIMULATED if _simulated(facts) else ""
    about = [("Study", facts["study"]["title"]), *([("Data", SIMULATED)] if mark else [])]
    about += [("About", facts["study"].get("description", "")), ("Questions to", facts["study"].get("contact", ""))]
    for wave in facts["waves"]:
        words = (wave["title"], f"{wave['from']} to {wave['to']}", wave["source"], wave["licence"])
        about.append((f"Wave {wave['name']}", "; ".join(filter(None, words))))
    about += [(f"Instrument {i}", f"{x['title']}. {x['terms']}".strip()) for i, x in facts["instruments"].items()]
    wide = {
        "label": 26,
        "question_text": 48,
        "choices": 40,
        "source": 40,
        "licence": 40,
        "status_line": 30,
        "scored_in": 24,
    }
    sheets = [
        Sheet("Codebook", frame[list(MEANINGS)], wide, tuple(wide), mark),
        Sheet("Columns", pd.DataFrame(MEANINGS.items(), columns=["column", "meaning"]), {"meaning": 100}, (), mark),
        Sheet(
            "About",
            pd.DataFrame([row for row in about if row[1]], columns=["what", "text"]),
            {"text": 100},
            ("text",),
            mark,
        ),
    ]
    newest = max((wave["to"] for wave in facts["waves"]), default="1980-01-01")
    write_xlsx(sheets, path, date.fromisoformat(newest), f"Codebook: {facts['study']['title']}")


def _simulated(facts: Mapping[str, Any]) -> bool:
    return bool(facts["study"]["simulated"]) or any(wave["simulated"] for wave in facts["waves"])


def as_dataset(frame: pd.DataFrame, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The codebook as a schema.org Dataset: a PropertyValue per variable and wave, a part per wave.

    schema.org/variableMeasured takes "pairs of identifier and description using PropertyValue"; answers and missing codes
    stand under `valueReference` as DefinedTerm. Statistics are in the other three forms.
    """
    study, waves = facts["study"], facts["waves"]
    notes = [study.get("description", ""), SIMULATED if _simulated(facts) else ""]
    days = [wave["from"] for wave in waves] + [wave["to"] for wave in waves]
    dataset = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "name": study["title"],
        "description": " ".join(filter(None, notes)) or f"Codebook of {study['title']}",
        "keywords": ["simulated data"] if _simulated(facts) else [],
        "temporalCoverage": f"{min(days)}/{max(days)}" if days else "",
        "license": _works(wave["licence"] for wave in waves),
        "measurementTechnique": [x["title"] for x in facts["instruments"].values()],
        "citation": list(dict.fromkeys(x["citation"] for x in facts["instruments"].values() if x["citation"])),
        "hasPart": [_part(wave) for wave in waves],
        "variableMeasured": [_property(row) for row in frame.to_dict("records")],
    }
    return {key: value for key, value in dataset.items() if value}


def _works(names: Any) -> list[dict[str, str]]:
    return [{"@type": "CreativeWork", "name": name} for name in dict.fromkeys(names) if name]


def _part(wave: Mapping[str, Any]) -> dict[str, Any]:
    part = {
        "@type": "Dataset",
        "identifier": wave["name"],
        "name": wave["title"],
        "description": f"{wave['population']}" + (f" {SIMULATED}" if wave["simulated"] else ""),
        "temporalCoverage": f"{wave['from']}/{wave['to']}",
        "inLanguage": wave["language"],
        "license": _works([wave["licence"]]),
        "isBasedOn": wave["source"],
    }
    return {key: value for key, value in part.items() if value}


def _property(row: Mapping[str, Any]) -> dict[str, Any]:
    choices = json.loads(row["choices"] or "{}")
    labels = {code: x if isinstance(x, str) else " / ".join(x) for code, x in choices.items()}
    terms = [{"@type": "DefinedTerm", "termCode": code, "name": label} for code, label in labels.items()]
    absent = json.loads(row["missing_codes"] or "[]")
    terms += [{"@type": "DefinedTerm", "termCode": str(code), "name": "no answer"} for code in absent]
    found = {
        "@type": "PropertyValue",
        "propertyID": f"{row['wave']}/{row['variable']}",
        "name": row["variable"],
        "alternateName": row["label"],
        "description": row["question_text"] or row["label"],
        "measurementTechnique": row["instrument"],
        "minValue": None if pd.isna(row["min"]) else row["min"],
        "maxValue": None if pd.isna(row["max"]) else row["max"],
        "unitText": row["unit"],
        "valueReference": terms,
    }
    return {key: value for key, value in found.items() if value not in ("", None, [])}
