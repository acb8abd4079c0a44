"""Which rows of an export are answers, and who gave them: rows left out, ids that are none, totals under the answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from rejsens.adding.ids import find_key, hash_all, id_problems, study_of
from rejsens.exports import Export
from rejsens.importers.cells import answer_text, texts_of
from rejsens.importers.rows import left_out
from rejsens.problems import SHOWN, Problem, counted, listed, rows_named
from rejsens.sidecars import Wave

NO_LEFT_OUT = pd.DataFrame({"participant": [], "row": [], "rule": [], "label": []})
TOTALS = frozenset({
    "total", "totals", "grand", "sum", "mean", "average", "avg", "sd", "median", "min", "max", "count", "n",
    "gesamt", "summe", "mittelwert", "anzahl", "moyenne", "somme", "totaal", "suma", "media",
})  # fmt: skip
SOUND_IDS = "^([0-9]+|[0-9A-Za-z_]{5,})$"  # ids that nothing could be said about, found in one pass


@dataclass(frozen=True)
class Rows:
    """The rows that are answers: which ones of the export, their spreadsheet rows, who gave them ("" where that is not known)."""

    export: Export
    kept: np.ndarray
    numbers: np.ndarray
    participants: pd.Series

    def texts(self, column: str) -> tuple[np.ndarray, list[str]]:
        """Codes and distinct texts of one column, as answers; a text that no row holds is "" (a missing one)."""
        codes, texts = texts_of(self.export.cells[column])
        if not self.kept.all():
            codes = codes[self.kept]
            used = np.bincount(codes, minlength=len(texts)) > 0
            texts = [text if there else "" for text, there in zip(texts, used, strict=True)]
        return codes, [answer_text(text) for text in texts]

    def holding(self, codes: np.ndarray, wanted: Iterable[int]) -> np.ndarray:
        return np.flatnonzero(np.isin(codes, list(wanted)))

    def named(self, positions: np.ndarray) -> str:
        """Rows as a sentence names them ("row 6", "rows 6 and 9"), with the person's id where it is known."""
        shown = positions[:SHOWN]
        people = [f" ({person})" if person else "" for person in self.participants.iloc[shown]]
        first = [f"{row}{person}" for row, person in zip(self.numbers[shown], people, strict=True)]
        return rows_named([*first, *positions[SHOWN:]])

    def cells(self, positions: np.ndarray) -> tuple[tuple[str, int], ...]:
        people, numbers = self.participants.iloc[positions].tolist(), self.numbers[positions].tolist()
        return tuple(zip(people, numbers, strict=True))


def answer_rows(export: Export, wave: Wave, problems: list[Problem]) -> tuple[Rows, pd.DataFrame]:
    """The rows that are answers, and those that the sidecar leaves out, by the entry that caught them."""
    entries = wave.leave_out or ()
    caught = left_out(export.cells, entries)
    kept = ~np.logical_or.reduce(caught) if caught else np.ones(export.n_rows, bool)
    people = _participants(export, wave, kept, problems)
    aside = [
        pd.DataFrame(
            {
                "participant": people[hit].to_numpy(),
                "row": export.rows[hit],
                "rule": f"left_out_{k}",
                "label": entry["label"],
            }
        )
        for k, (entry, hit) in enumerate(zip(entries, caught, strict=True), start=1)
    ]
    problems += [
        Problem(
            f"{wave.path} › leave_out",
            "Rows to leave out that are not there",
            f"“{entry['label']}”: no row of {entry['column']} holds {listed([str(v) for v in entry['values']])}",
            "",
            "correct the values, or keep the entry if this wave happens to have none",
            blocks=False,
        )
        for entry, hit in zip(entries, caught, strict=True)
        if entry["column"] in export.columns and not hit.any()
    ]
    if not kept.any():
        problems.append(
            Problem(wave.path, "No row is left", "`leave_out:` sets every row aside", "", "correct `leave_out:`")
        )
    found = pd.concat(aside, ignore_index=True) if aside else NO_LEFT_OUT.copy()
    if kept.all():  # a large wave is not copied for nothing
        return Rows(export, kept, export.rows, people), found
    return Rows(export, kept, export.rows[kept], people[kept].reset_index(drop=True)), found


def _participants(export: Export, wave: Wave, kept: np.ndarray, problems: list[Problem]) -> pd.Series:
    """The id of every row, hashed where the sidecar says so; "" where the export has none."""
    column = wave.participant["column"]
    if column not in export.columns:  # told by column_map
        return pd.Series(np.full(export.n_rows, ""), dtype="str")
    trimmed = pc.utf8_trim_whitespace(export.cells[column].cast("string"))
    ids = trimmed.to_pandas(types_mapper=pd.ArrowDtype).astype("str")
    if not pc.all(pc.match_substring_regex(trimmed, SOUND_IDS)).as_py():
        ids = pd.Series([answer_text(text) for text in ids], dtype="str")
        problems += _id_problems(ids[kept].tolist(), export.rows[kept], wave)
    problems += _totals(ids[kept] if not kept.all() else ids, export.rows[kept], wave)
    if not wave.participant.get("hash"):
        return ids
    key = find_key(wave.participant.get("key_fingerprint"), wave.path, study_of(wave.path))
    return pd.Series(hash_all(ids, key), dtype="str")


def _id_problems(ids: list[str], rows: np.ndarray, wave: Wave) -> list[Problem]:
    """Ids that are none or were damaged; a word that means no answer is an id unless the sidecar declares it."""
    declared = {code for code in wave.missing_codes or () if isinstance(code, str)}
    ids = ["" if text in declared else text for text in ids]
    column = wave.participant["column"]
    problems = id_problems(ids, rows.tolist(), column)
    formulas = rows[[text.startswith("=") for text in ids]]
    if len(formulas):
        problems.append(
            Problem(
                column,
                "Formulas in cells",
                f"{counted(len(formulas), 'id')} {'is' if len(formulas) == 1 else 'are'} a formula, {rows_named(formulas.tolist())}",
                "the ids as the platform gave them",
                "replace the formulas by what they show, or use the platform's own export",
                cells=tuple(("", int(row)) for row in formulas),
            )
        )
    return problems


def _totals(ids: pd.Series, rows: np.ndarray, wave: Wave) -> list[Problem]:
    """A last row that sums up the others is nobody's answers; where such words are common, they are ids."""
    above = ids.iloc[:-3].head(50)
    words = above.str.isalpha().any()
    last = [int(row) for text, row in zip(ids.iloc[-3:], rows[-3:], strict=True) if _is_total(text, short=not words)]
    if not last or len(last) == len(ids) or any(_is_total(text) for text in above):
        return []
    return [
        Problem(
            wave.participant["column"],
            "Rows of totals under the answers",
            f"{rows_named(last)}: a word such as “total” stands where an id should",
            "one row for each participant",
            "remove the row from the export",
            cells=tuple(("", row) for row in last),
        )
    ]


def _is_total(text: str, short: bool = True) -> bool:
    """Whether a text begins with a word for totals; `short` says whether SD or N alone are taken for one."""
    words = text.casefold().replace(":", " ").replace("=", " ").split()
    return bool(words) and words[0] in TOTALS and len(text) < 30 and (short or len(words) > 1 or len(words[0]) > 3)
