"""What an export itself shows before anybody is screened: its dates, its repeated rows, its end, cells outside their range."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

import numpy as np
import pandas as pd

from rejsens.definitions import Instrument
from rejsens.exports import Export
from rejsens.plausibility.model import Answered, Notice, not_run, ran
from rejsens.problems import counted
from rejsens.responses import allowed
from rejsens.sidecars import Wave

SPREADSHEET_ENDS = (65_536, 1_048_576)  # last row of an .xls and of an .xlsx sheet
DAY = re.compile(r"^\s*(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})")
DATE_COLUMNS = (  # columns in which a platform or a panel writes when somebody answered
    "StartDate", "EndDate", "RecordedDate", "startdate", "datestamp", "submitdate", "Timestamp", "created", "ended",
    "Started at", "Completed at", "AcceptTime", "SubmitTime",
)  # fmt: skip
MOST_TEXTS = 5_000  # different texts of one column that are looked at for what tells who somebody is
GRACE = timedelta(days=1)  # a platform's clock may stand in another time zone


def look_at_export(
    wave: Wave,
    instruments: Sequence[Instrument],
    export: Export,
    frame: pd.DataFrame,
    columns: Mapping[str, str],
    outside: pd.DataFrame,
) -> list[Notice]:
    """Checks of one export as it was delivered, all rows of it.

    frame     participant, row, one float column per item, cells outside their range missing
    columns   item id -> column of the export
    outside   participant, row, column (an item), found, allowed: one row per cell outside its range
    """
    asked = {i: c for i, c in columns.items() if i in frame}
    everybody = Answered(  # ids and answers as they stand in the frame: a million people need no second table
        wave.name, 0, wave.role or "wave", instruments, frame["participant"], frame["row"].to_numpy(),
        {i: frame[i].to_numpy() for i in asked}, {}, asked,
    )  # fmt: skip
    checks = {
        "dates": _dates(wave, export, everybody),
        "missing_answer": _missing_answers(wave, export, everybody),
        "personal": _personal(wave, export, everybody),
        "pasted_twice": _pasted_twice(everybody),
        "cut_off": _cut_off(wave.name, export.rows),
        "outside": _outside(everybody, export, outside),
    }
    return [notice for name, found in checks.items() for notice in ran(wave.name, len(frame), name, found)]


def _dates(wave: Wave, export: Export, everybody: Answered) -> Iterator[Notice]:
    """Answers that were begun or handed in outside the days that the sidecar states."""
    used = set(everybody.columns.values())
    try:
        first, last = (date.fromisoformat(wave.collected[end]) for end in ("from", "to"))
    except ValueError:
        return  # told as a fault of the sidecar
    for column in (c for c in DATE_COLUMNS if c in export.columns and c not in used):
        written = _days(export.cells[column].to_pylist(), first, last)
        days = {p: day for p, day in enumerate(written) if day is not None}
        read = list(days)
        outside = [p for p in read if not first - GRACE <= days[p] <= last + GRACE]
        if outside:
            early = sum(days[p] < first for p in outside)
            when = " and ".join(
                f"{n:,} {side}" for n, side in ((early, "before"), (len(outside) - early, "after")) if n
            )
            text = f"{counted(len(outside), 'row')} of {len(read):,}, {when} the days that the sidecar states, {first} to {last}"
            advice = "correct `collected:`, or look whether the right export was taken"
            yield Notice(
                wave.name, "dates", column, text, advice, len(read), "share", len(outside) / len(read),
                people=everybody.who(np.array(outside)),
            )  # fmt: skip
        elif len(export.rows) and not read:
            yield not_run(wave.name, "dates", f"no cell of {column} is a date that can be read")


def _days(texts: Sequence[str], first: date, last: date) -> list[date | None]:
    """The day of each cell, None where none is written. Of day-month-year and month-day-year the one that fits better."""
    parts = {text: DAY.match(text or "") for text in dict.fromkeys(texts)}
    ways = []
    for order in ("dmy", "mdy"):
        known = {text: _day(found, order) for text, found in parts.items()}
        fits = sum(day is not None and first - GRACE <= day <= last + GRACE for day in known.values())
        ways.append((fits, sum(day is not None for day in known.values()), known))
    known = max(ways, key=lambda way: way[:2])[2]
    return [known[text] for text in texts]


def _day(found: re.Match[str] | None, order: str) -> date | None:
    if found is None:
        return None
    a, b, c = map(int, found.groups())
    year, month, day = (a, b, c) if a > 31 else ((c, b, a) if order == "dmy" else (c, a, b))
    try:
        return date(year + 2000 if year < 100 else year, month, day)
    except ValueError:
        return None


def _missing_answers(wave: Wave, export: Export, everybody: Answered) -> Iterator[Notice]:
    """Codes that are declared as missing, and lie inside the range of items in whose columns they stand."""
    for instrument in everybody.instruments:
        lost: dict[float, int] = {}
        for item in instrument.items:
            declared = {float(c) for c in (*(wave.missing_codes or ()), *item.missing_codes) if not isinstance(c, str)}
            codes = [c for c in declared if allowed(np.array([c]), item).all() and c not in item.not_applicable]
            if codes and item.id in everybody.columns:
                cells = export.cells[everybody.columns[item.id]].to_pylist()
                for code in codes:
                    lost[code] = lost.get(code, 0) + cells.count(f"{code:g}")
        for code in (c for c, n in lost.items() if n):
            text = f"{code:g} is declared as missing and is an answer of {instrument.name}: {counted(lost[code], 'answer')} went missing"
            advice = "correct `missing_codes:`; a code that is missing for one instrument only is stated in its entry under `instruments:`"
            yield Notice(
                wave.name, "missing_answer", instrument.name, text, advice, everybody.n, "count", lost[code]
            )  # fmt: skip


def _personal(wave: Wave, export: Export, everybody: Answered) -> Iterator[Notice]:
    """Columns that tell who somebody is, by their name or by what stands in them; simulated people have no privacy."""
    if wave.simulated:
        return
    from rejsens.adding.personal import named, tells_in_column, told_by

    used = {*everybody.columns.values(), *(wave.stored_totals or ()), *(wave.multiple or ())}
    participant = wave.participant["column"]
    for column in (c for c in export.columns if c not in used):
        texts = _some([text for text in dict.fromkeys(export.cells[column].to_pylist()) if text])
        if column == participant:
            hidden = wave.participant.get("hash") or wave.participant.get("key_fingerprint")
            tells = "" if hidden else next(filter(None, map(told_by, texts)), "") or _panel_id(named(column))
        else:
            tells = named(column, export.questions.get(column, "")) if texts else ""
            tells = tells or tells_in_column(texts)
        if tells:
            text = f"the column tells {tells} ({counted(len(texts), 'different text')}); none is quoted here"
            advice = "personal data must not stand in a wave: add it with `rejsens add-wave`, which leaves such columns out and hides ids"
            yield Notice(wave.name, "personal", column, text, advice, len(texts), "count", len(texts))


def _some(texts: list[str]) -> list[str]:
    """At most MOST_TEXTS of them, evenly spaced: a million ids tell no more than a few thousand."""
    return texts[:: -(-len(texts) // MOST_TEXTS)] if len(texts) > MOST_TEXTS else texts


def _panel_id(kind: str) -> str:
    """A study's own ids stand in a column of any name; ids that a platform or a panel gave lead back to the person."""
    return kind if "id" in kind.split() else ""


def _pasted_twice(wave: Answered) -> Iterator[Notice]:
    """Rows that repeat the whole row of the same person, where there are so many that a block was pasted twice."""
    ids = pd.Series(wave.participants)
    several = np.flatnonzero(ids.duplicated(keep=False))
    if not len(several):
        return
    frame = pd.DataFrame({"who": ids.iloc[several].to_numpy(), "row": wave.fingerprints(wave.answers)[several]})
    again = several[frame.duplicated().to_numpy()]
    if len(again) >= 3 and len(again) > 0.05 * wave.n:
        text = f"{len(again):,} of {wave.n:,} rows repeat an earlier row of the same participant cell by cell"
        advice = "look whether one file was put under another that holds the same answers"
        yield Notice(
            wave.name, "pasted_twice", "", text, advice, wave.n, "share", len(again) / wave.n, people=wave.who(again)
        )  # fmt: skip


def _cut_off(wave: str, rows: np.ndarray) -> Iterator[Notice]:
    """An export that ends exactly where a spreadsheet ends."""
    if len(rows) and int(rows[-1]) in SPREADSHEET_ENDS:
        text = f"its last row is row {int(rows[-1]):,}, the last that a spreadsheet can hold"
        yield Notice(
            wave, "cut_off", "", text, "export the wave again as CSV and do not open it in a spreadsheet", len(rows)
        )


def _outside(everybody: Answered, export: Export, outside: pd.DataFrame) -> Iterator[Notice]:
    """What many cells outside their range have in common: another coding, or a column too many or too few."""
    if not len(outside):
        return
    per_item = set(outside["column"])
    explained: set[str] = set()
    for instrument in everybody.instruments:
        if sum(item.id in per_item for item in instrument.items) < 2:
            continue
        if notice := _another_coding(everybody, instrument, outside):
            explained |= {item.id for item in instrument.items}
            yield notice
    yield from _one_column_too_many(everybody, export, outside[~outside["column"].isin(explained)])


def _one_column_too_many(everybody: Answered, export: Export, outside: pd.DataFrame) -> Iterator[Notice]:
    """Columns whose answers outside their range would all be legal in the column beside them."""
    place = {column: k for k, column in enumerate(export.columns)}
    items = {i.id: i for instrument in everybody.instruments for i in instrument.items if i.id in everybody.columns}
    ordered = sorted(items, key=lambda i: place.get(everybody.columns[i], -1))
    cells = {name: group["found"].to_numpy() for name, group in outside.groupby("column") if len(group) >= 3}
    for step, side in ((-1, "left"), (1, "right")):
        moved = []
        for position, name in enumerate(ordered):
            if name in cells and 0 <= position + step < len(ordered):
                neighbour = items[ordered[position + step]]
                moved += [name] if allowed(cells[name], neighbour).all() else []
        if len(moved) >= 2 and 2 * len(moved) > len(cells):
            n = sum(len(cells[name]) for name in moved)
            text = (
                f"the {n:,} answers outside their range of {counted(len(moved), 'column')}, from {everybody.column(moved[0])} "
                f"on, would be legal one column to the {side}"
            )
            many = "few" if step > 0 else "many"
            advice = f"one column too {many}? Compare the header with the questionnaire"
            yield Notice(everybody.name, "shifted_columns", "", text, advice, n, "count", n)


def _another_coding(everybody: Answered, instrument: Instrument, outside: pd.DataFrame) -> Notice | None:
    """Answers of a whole instrument that would all be legal if each code were one lower (or higher)."""
    items = [item for item in instrument.items if item.type == "scale"]
    cells = outside[outside["column"].isin([item.id for item in items])]
    if len(items) < 2 or len(cells) < 3 or cells["column"].nunique() < 2:
        return None
    for step, end, other in ((1, "high", "low"), (-1, "low", "high")):
        beyond = cells["found"].to_numpy() - cells["column"].map({i.id: getattr(i, end) for i in items}).to_numpy()
        unused = not any(
            (everybody.answers[i.id] == getattr(i, other)).any() for i in items if i.id in everybody.answers
        )
        if unused and (beyond == step).all():
            low, high = items[0].low, items[0].high
            codes = {"low": low, "high": high}
            given, missed = codes[end] + step, codes[other]
            if instrument.codes_descend:  # the export's own codes, before they were turned
                step, given, missed = -step, low + high - given, low + high - missed
            text = (
                f"{len(cells):,} answers are {given:g} and nobody gave {missed:g}: "
                f"coded {low + step:g} to {high + step:g} instead of {low:g} to {high:g}?"
            )
            advice = "state what each code of this export means under `labels:` in the sidecar"
            return Notice(everybody.name, "codes", instrument.name, text, advice, len(cells), "count", len(cells))
    return None
