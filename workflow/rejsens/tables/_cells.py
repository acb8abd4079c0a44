"""What the printed tables share: labels, the order of waves, and cells that stand for too few people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from string import ascii_lowercase
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.events import OF_RATERS

MOST_WAVES = 12  # columns that a printed page holds; the CSV tables hold every wave


def labels(dictionary: pd.DataFrame) -> dict[str, str]:
    """Score id -> its label."""
    return dict(zip(dictionary["score"], dictionary["label"], strict=True))


def panel(waves: pd.DataFrame) -> list[str]:
    """Wave names in time order, retest samples last."""
    ordered = waves.assign(_retest=waves["role"] != "wave").sort_values(["_retest", "wave_number"], kind="stable")
    return list(ordered["wave"])


def latest(frame: pd.DataFrame, waves: pd.DataFrame) -> str:
    """The newest panel wave that has rows in a table; empty when none has."""
    present = set(frame["wave"])
    return next((w for w in reversed(list(_only_panel(waves))) if w in present), "")


def _only_panel(waves: pd.DataFrame) -> pd.Series:
    return waves[waves["role"] == "wave"].sort_values("wave_number")["wave"]


def shown_waves(waves: pd.DataFrame) -> tuple[list[str], tuple[str, ...]]:
    """Waves that stand side by side, and the note that says so when some do not: the first and the newest."""
    names = panel(waves)
    if len(names) <= MOST_WAVES:
        return names, ()
    kept = [names[0], *names[-(MOST_WAVES - 1) :]]
    return kept, (f"Shown are the first and the {MOST_WAVES - 1} newest of {len(names)} waves.",)


def withheld(n: Any, study: Mapping[str, Any]) -> bool:
    """Whether the disclosure guard took a row's numbers: then it took the count of people too. Simulated people need no guard."""
    return not study["simulated"] and apa.is_missing(n)


def cover_note(study: Mapping[str, Any], used: bool) -> tuple[str, ...]:
    """The general note that explains covered cells."""
    if not used:
        return ()
    return (f"{apa.MISSING} marks cells that stand for, or would reveal, fewer than {study['min_cell']} people.",)


def n_percent(n: Any, total: Any, covered: bool = False) -> str:
    """A count with its percentage of a total.

    >>> n_percent(12, 48), n_percent(0, 0), n_percent(3, 48, covered=True)
    ('12 (25.0)', '0', '—')
    """
    if covered or apa.is_missing(n):
        return apa.MISSING
    return f"{apa.count(n)} ({apa.percent(100 * n / total)})" if total and n else apa.count(n)


def marks(texts: Sequence[str]) -> dict[str, str]:
    """A letter for each distinct non-empty text, in order of appearance: the marks of specific notes (a to z, aa, ab).

    >>> marks(["", "not converged", "too few", "not converged"])
    {'not converged': 'a', 'too few': 'b'}
    """
    letters = [*ascii_lowercase, *(a + b for a in ascii_lowercase for b in ascii_lowercase)]
    return dict(zip(dict.fromkeys(text for text in texts if text), letters, strict=False))


def marked(cell: str, text: str, letters: Mapping[str, str]) -> str:
    """A cell with the mark of its note."""
    return f"{cell}^{letters[text]}" if text in letters else cell


def joined(names: Iterable[str]) -> str:
    """Labels in a row; semicolons, since a label may hold a comma."""
    return "; ".join(names)


def text_of(value: Any) -> str:
    """A text cell of a table; missing is empty."""
    return "" if apa.is_missing(value) else str(value)


def status_of(status: Any) -> str:
    """What a reader should know of a statistic; empty when all is in order.

    >>> status_of("ok"), status_of("estimated; 3 items only"), status_of("not reported: one item")
    ('', '3 items only', 'not reported: one item')
    """
    text = text_of(status)
    return "" if text in ("ok", "estimated") else text.removeprefix("estimated; ")


def missing_rules(rules: Iterable[Any]) -> tuple[str, ...]:
    """The notes that say how missing answers were taken, each rule once, and last of whom where it is about events.

    >>> missing_rules(["complete rows", f"complete rows; {OF_RATERS}", None])
    ('Missing answers: complete rows.', 'Ratings of an event: n and lost are of those who rated one.')
    """
    told = [text for rule in rules if (text := text_of(rule))]
    events = [sentence(OF_RATERS)] if any(text.endswith(OF_RATERS) for text in told) else []
    plain = dict.fromkeys(text.removesuffix(f"; {OF_RATERS}") for text in told)
    return (*(f"Missing answers: {rule}." for rule in plain), *events)


def sentence(text: str) -> str:
    """A text with a capital first letter and a full stop.

    >>> sentence("not converged"), sentence("Done.")
    ('Not converged.', 'Done.')
    """
    text = text.strip()
    return (text[:1].upper() + text[1:]) + ("" if text.endswith((".", "!", "?")) else ".")
