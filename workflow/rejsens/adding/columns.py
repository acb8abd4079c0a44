"""An export's cells, a column at a time: the different texts of a column, how often each stands there, and in which rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from rejsens.importers.cells import answer_text, texts_of
from rejsens.importers.model import Export


@dataclass(frozen=True)
class Column:
    """One column: its different texts (without blanks around them), each row's position among them, the spreadsheet rows."""

    name: str
    texts: tuple[str, ...]
    codes: np.ndarray
    rows: np.ndarray

    @property
    def counts(self) -> dict[str, int]:
        """How many rows hold each text that is not blank."""
        numbers = np.bincount(self.codes, minlength=len(self.texts))
        return {text: int(n) for text, n in zip(self.texts, numbers, strict=True) if text and n}

    @property
    def filled(self) -> list[str]:
        """The different texts that are not blank."""
        return list(self.counts)

    def rows_with(self, texts: Iterable[str]) -> list[int]:
        """The spreadsheet rows that hold one of the texts."""
        wanted = set(texts)
        return self.rows[np.isin(self.codes, [i for i, text in enumerate(self.texts) if text in wanted])].tolist()

    def cells(self) -> list[str]:
        """The text of every row, in order."""
        return np.array(self.texts, dtype=object)[self.codes].tolist() if self.texts else []


def column(export: Export, name: str) -> Column:
    """One column of an export as its different texts; texts that differ only in blanks around them are one."""
    positions, raw = texts_of(export.cells[name])
    cleaned = [answer_text(text or "") for text in raw]
    texts = list(dict.fromkeys(cleaned))
    place = {text: i for i, text in enumerate(texts)}
    merged = np.array([place[text] for text in cleaned], dtype=np.int64)
    codes = merged[positions] if len(cleaned) else np.zeros(len(positions), dtype=np.int64)
    return Column(name, tuple(texts), codes, np.asarray(export.rows))
