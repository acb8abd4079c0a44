"""Cells become canonical answers: columns and labels are mapped, missing codes set.

Cells are never interpreted one by one: each column is read as its distinct texts, and the few texts are mapped.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from rejsens.definitions import Instrument, Item
from rejsens.exports import Export
from rejsens.problems import Problem, Refused, counted, did_you_mean, listed
from rejsens.sidecars import Wave, administered_name


@dataclass(frozen=True)
class Answers:
    """Canonical answers of one wave: `frame` (participant, row, one float column per item), what each column was used for."""

    frame: pd.DataFrame
    not_applicable: pd.DataFrame
    columns: pd.DataFrame
    stored_totals: pd.DataFrame


def column_map(export: Export, wave: Wave, asked: list[Instrument]) -> dict[str, str]:
    """Item id -> column of the export. Explicit lists and patterns first, then the header map, then equal names."""
    entries = {administered_name(entry): entry for entry in wave.settings["instruments"]}
    renamed = {item: column for column, item in (wave.headers or {}).items()}
    found: dict[str, str] = {}
    problems: list[Problem] = []
    for instrument in asked:
        declared = _declared_columns(instrument, entries[instrument.name], wave, problems)
        absent = []
        for position, item in enumerate(instrument.columns):
            # under a named order, column k of the wave is the k-th item of that order
            column = declared[position] if declared else renamed.get(item) or _positional(instrument, position, item)
            if column in export.columns:
                found[item] = column
            else:
                absent.append(column)
        if absent:
            problems.append(
                Problem(
                    f"{wave.file}, row 1",
                    "Missing columns",
                    f"{instrument.name}: {listed(absent)} {'is' if len(absent) == 1 else 'are'} not in the header",
                    "",
                    " ".join(
                        filter(
                            None,
                            [
                                did_you_mean(absent[0], export.columns),
                                f"Map the column in {wave.path} (`headers:` or `columns:`), or list the items that were asked (`items:`)",
                            ],
                        )
                    ),
                )
            )
    problems += [
        Problem(
            wave.path,
            "Header map names a column that is not there",
            f"“{column}”",
            "",
            did_you_mean(column, export.columns) or "remove the line",
        )
        for column in (wave.headers or {})
        if column not in export.columns
    ]
    items = list((wave.headers or {}).values())
    problems += [
        Problem(
            wave.path, "Two columns read as one item", f"“{item}”", "one column for each item", "correct `headers:`"
        )
        for item in sorted({item for item in items if items.count(item) > 1})
    ]
    known = {item for instrument in asked for item in instrument.columns}
    problems += [
        Problem(
            wave.path,
            "Header map names an unknown item",
            f"{column} → “{item}”",
            "",
            did_you_mean(item, known) or "correct the item",
        )
        for column, item in (wave.headers or {}).items()
        if item not in known
    ]
    twice = [column for column in set(found.values()) if list(found.values()).count(column) > 1]
    problems += [
        Problem(wave.path, "One column read as two items", f"“{c}”", "", "correct `columns:` or `headers:`")
        for c in sorted(twice)
    ]
    if wave.participant["column"] not in export.columns:
        problems.append(
            Problem(
                wave.path,
                "The participant column is missing",
                f"“{wave.participant['column']}”",
                "",
                did_you_mean(wave.participant["column"], export.columns) or "name the column that identifies a person",
            )
        )
    problems += [
        Problem(
            f"{wave.path} › stored_totals",
            "Missing columns",
            f"“{c}” is not in the header",
            "",
            did_you_mean(c, export.columns) or "remove the line",
        )
        for c in (wave.stored_totals or {})
        if c not in export.columns
    ]
    scores = [score.id for instrument in asked for score in instrument.scores]
    problems += [
        Problem(
            f"{wave.path} › stored_totals",
            "Unknown scores",
            f"{c} → “{s}”",
            listed(scores, 40),
            did_you_mean(s, scores) or "correct the score",
        )
        for c, s in (wave.stored_totals or {}).items()
        if s not in scores
    ]
    if problems:
        raise Refused(problems, wave.name)
    return found


def _declared_columns(instrument: Instrument, entry: Mapping, wave: Wave, problems: list[Problem]) -> list[str]:
    declared = entry.get("columns")
    if isinstance(declared, str):
        return [declared.format(n=n) for n in range(1, len(instrument.columns) + 1)]
    if declared and len(declared) != len(instrument.columns):
        problems.append(
            Problem(
                f"{wave.path} › {instrument.name} › columns",
                "A column list of the wrong length",
                f"{len(declared)} columns",
                f"{len(instrument.columns)} items were asked",
                "list one column per item, in the order of the questionnaire",
            )
        )
        return []
    return list(declared or [])


def _positional(instrument: Instrument, position: int, item: str) -> str:
    """The name an export gives to the item at one position: rses_03 is the third question, whatever the item order."""
    if instrument.order is None:
        return item
    prefix = instrument.name.removesuffix(instrument.id)
    numbered = [prefix + i for i in next(iter(instrument.orders.values())) if prefix + i in instrument.columns]
    return numbered[position]


def read_answers(export: Export, wave: Wave, asked: list[Instrument]) -> Answers:
    """All answers of a wave as numbers. Texts that no map knows and ids that are missing are refused, all at once."""
    columns = column_map(export, wave, asked)
    problems: list[Problem] = []
    frame: dict[str, object] = {"participant": _participants(export, wave, problems), "row": export.rows}
    not_applicable: dict[str, np.ndarray] = {}
    for instrument in asked:
        for item in instrument.items:
            values = _item_values(export, wave, instrument, item, columns[item.id], problems)
            if item.not_applicable:
                not_applicable[item.id] = np.isin(values, item.not_applicable)
                values = np.where(not_applicable[item.id], np.nan, values)
            frame[item.id] = values
    totals = {c: _numbers(export, c, wave, problems) for c in (wave.stored_totals or {})}
    if problems:
        raise Refused(problems, f"{wave.file}")
    return Answers(
        pd.DataFrame(frame, copy=False),
        pd.DataFrame(not_applicable, index=range(export.n_rows)),
        _column_uses(export, wave, columns),
        pd.DataFrame(totals),
    )


def _column_uses(export: Export, wave: Wave, columns: Mapping[str, str]) -> pd.DataFrame:
    """What became of each column of the export; a column that nothing reads is listed, not forgotten."""
    uses = {column: ("item", item) for item, column in columns.items()}
    uses |= {column: ("stored total", score) for column, score in (wave.stored_totals or {}).items()}
    uses[wave.participant["column"]] = ("participant", "participant")
    rows = [(wave.name, column, *uses.get(column, ("not used", ""))) for column in export.columns]
    return pd.DataFrame(rows, columns=["wave", "column", "used_as", "name"])


def _texts(export: Export, column: str) -> tuple[np.ndarray, list[str]]:
    """Codes and distinct texts (trimmed) of one column."""
    encoded = export.cells[column].combine_chunks()
    encoded = encoded.chunk(0) if isinstance(encoded, pa.ChunkedArray) else encoded
    if not pa.types.is_dictionary(encoded.type):  # the participant column may be read as an item too
        encoded = encoded.dictionary_encode()
    return encoded.indices.to_numpy(zero_copy_only=False), [text.strip() for text in encoded.dictionary.to_pylist()]


def _rows_of(export: Export, codes: np.ndarray, wanted: list[int]) -> list[int]:
    return export.rows[np.isin(codes, wanted)].tolist()


def _participants(export: Export, wave: Wave, problems: list[Problem]) -> pd.Series:
    column = wave.participant["column"]
    ids = export.cells[column].to_pandas(types_mapper=pd.ArrowDtype).astype("str").str.strip()
    if (ids == "").any():
        rows = export.rows[(ids == "").to_numpy()].tolist()
        problems.append(
            Problem(
                column,
                "Rows without a participant id",
                listed([f"row {r}" for r in rows]),
                "",
                "fill in the id or remove the row from the export",
            )
        )
    if wave.participant.get("hash"):
        key = _key(wave)
        ids = ids.map(lambda text: hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:16])
    return ids


def _key(wave: Wave) -> bytes:
    path = Path(os.environ.get("REJSENS_ID_KEY", ""))
    if not path.is_file():
        raise Refused(
            Problem(
                wave.path,
                "The key for participant ids is missing",
                "the environment variable REJSENS_ID_KEY names no file",
                "",
                "set it to the study's key file, which stands outside the repository",
            ),
            wave.name,
        )
    key = path.read_bytes()
    fingerprint = hashlib.sha256(b"fingerprint" + key).hexdigest()[:16]
    if wave.participant.get("key_fingerprint") != fingerprint:
        raise Refused(
            Problem(
                wave.path,
                "Another key for participant ids",
                f"this key's fingerprint is {fingerprint}",
                str(wave.participant.get("key_fingerprint")),
                "use the study's one key, or the waves would never link",
            ),
            wave.name,
        )
    return key


def _numbers(export: Export, column: str, wave: Wave, problems: list[Problem]) -> np.ndarray:
    codes, texts = _texts(export, column)
    values, unread = _read_texts(texts, {}, _means_missing(texts, wave))
    if unread:
        rows = _rows_of(export, codes, unread)
        problems.append(
            Problem(
                column,
                "Answers that are not numbers",
                f"{counted(len(rows), 'cell')}, rows {listed(rows)}",
                "numbers",
                "correct the cells",
            )
        )
    return values[codes]


def _means_missing(texts: list[str], wave: Wave) -> list[bool]:
    """Which texts mean no answer: blanks, declared texts, declared numbers however they are written (-99, -99.0)."""
    declared = wave.missing_codes or ()
    words = {"", *(code.strip() for code in declared if isinstance(code, str))}
    numbers = {float(code) for code in declared if not isinstance(code, str)}
    return [text in words or _number(text) in numbers for text in texts]


def _number(text: str) -> float:
    """The number that a text spells, or NaN."""
    try:
        return float(text) if not set(text) - set("0123456789+-.eE") else np.nan
    except ValueError:
        return np.nan


def _read_texts(texts: list[str], labels: Mapping[str, float], missing: list[bool]) -> tuple[np.ndarray, list[int]]:
    """The number each distinct text stands for (NaN = missing), and the positions of texts that stand for none."""
    values, unread = np.full(len(texts), np.nan), []
    for i, text in enumerate(texts):
        if missing[i]:
            continue
        values[i] = labels[text.casefold()] if text.casefold() in labels else _number(text)
        if np.isnan(values[i]):
            unread.append(i)
    return values, unread


def _item_values(
    export: Export, wave: Wave, instrument: Instrument, item: Item, column: str, problems: list[Problem]
) -> np.ndarray:
    codes, texts = _texts(export, column)
    given = wave.labels or {}
    explicit = given.get(item.id) or given.get(instrument.name) or given.get(instrument.id) or {}
    own = {text.casefold(): code for code, text in item.labels.items()}
    labels = own | {str(k).strip().casefold(): float(v) for k, v in explicit.items()}
    missing = _means_missing(texts, wave)
    values, unread = _read_texts(texts, labels, missing)
    if explicit:  # a code that the label map knows nothing about is as unmapped as a text
        unread = [
            i
            for i, text in enumerate(texts)
            if not missing[i] and text.casefold() not in labels and _number(text) not in item.missing_codes
        ]
    if unread:
        rows = _rows_of(export, codes, unread)
        hints = [did_you_mean(texts[i].casefold(), [*own, *map(str, explicit)]) for i in unread]
        problems.append(
            Problem(
                f"{column} ({item.id})" if column != item.id else column,
                "Answers that no label or code explains",
                f"{counted(len(unread), 'different answer')} in {counted(len(rows), 'cell')}, rows {listed(rows)}",
                item.allowed,
                " ".join(filter(None, dict.fromkeys(hints)))
                or f"add each spelling to `labels:` › {instrument.name} in {wave.path}, or to `missing_codes:`",
            )
        )
    values = np.where(np.isin(values, item.missing_codes), np.nan, values)
    if instrument.codes_descend:  # a code for "not applicable" stands outside the range and stays
        values = np.where(np.isin(values, item.not_applicable), values, item.low + item.high - values)
    return values[codes]
