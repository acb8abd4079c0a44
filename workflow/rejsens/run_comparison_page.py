"""The comparison of two runs for the screen: verdicts first, then what moved and by how much, then what lies behind it."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence

import pandas as pd

from rejsens.problems import counted, listed
from rejsens.run_changes import Verdict, changed, not_on_record, printed, told_of_few, too_many_to_tell, verdicts
from rejsens.run_comparison import ONLY_A, ONLY_B, Difference, Run

SHOWN = 8
NOBODY = "Nobody answered the questions of a simulated study."


def as_text(found: Difference, tolerance: float, width: int | None = None) -> str:
    """The whole comparison in short."""
    parts: list[object] = [*_runs(found), ""]
    if found.nothing:
        parts.append(f"No number differs: {_agreed(found, tolerance)}.")
    else:
        parts += [*_of_verdicts(verdicts(found.a, found.b)), "", *_of_numbers(found, tolerance)]
    parts += [*_of_print(found), "", *_behind(found), *_careful(found)]
    return _drawn(parts, width)


def table_as_text(found: Difference, name: str, width: int | None = None) -> str:
    """Every row of one table in which the runs differ."""
    rows = found.changes[found.changes["table"] == name]
    lines = [
        (
            _about(row["row"]),
            row["column"] or row["kind"],
            _short(row["before"]),
            _short(row["after"]),
            _share(row["relative"]),
        )
        for row in rows.to_dict("records")
    ]
    said = f"{name}: nothing differs." if not lines else f"{name}: {counted(len(lines), 'difference')}."
    parts: list[object] = [*_runs(found), "", said]
    if lines:
        parts.append(_table(("Row", "Column", "A", "B", "Changed by"), lines))
    return _drawn(parts, width)


def _runs(found: Difference) -> list[str]:
    lines = [f"{letter}  {run.name}{_of_study(run)}" for letter, run in (("A", found.a), ("B", found.b))]
    return [*lines, NOBODY] if found.a.simulated or found.b.simulated else lines


def _of_study(run: Run) -> str:
    named = [f"“{run.title}”"] if run.title else []
    return "  " + ", ".join([*named, *(["simulated"] if run.simulated else [])])


def _agreed(found: Difference, tolerance: float) -> str:
    return f"{sum(found.compared.values()):,} numbers of {counted(len(found.compared), 'table')} agree to {_times(tolerance)}"


def _times(tolerance: float) -> str:
    return "the last digit" if tolerance == 0 else f"a relative {tolerance:g}".replace("e-0", "e-")


def _of_verdicts(all_: Sequence[Verdict]) -> list[str]:
    """The verdicts that changed, each with the numbers behind it."""
    both = [v for v in all_ if v.before and v.after]
    moved = [v for v in both if v.moved]
    lines = []
    if both and not moved:
        lines.append(f"Verdicts: all {len(both)} hypotheses that both runs test have the verdict they had.")
    elif moved:
        lines.append(
            f"Verdicts: {len(moved)} of {counted(len(both), 'hypothesis').replace('hypothesiss', 'hypotheses')} changed."
        )
        lines += [
            f"  {v.hypothesis} ({v.label}): {v.before['verdict']} → {v.after['verdict']}{_numbers(v)}" for v in moved
        ]
    for letter, alone in (("A", [v for v in all_ if not v.after]), ("B", [v for v in all_ if not v.before])):
        if alone:
            named = listed([f"{v.hypothesis} {(v.before or v.after)['verdict']}" for v in alone], SHOWN)
            lines.append(f"Only {letter} tests {named}.")
    return lines or ["Verdicts: neither run tests a hypothesis."]


def _numbers(v: Verdict) -> str:
    told = [
        f"{word} {_short(v.before[column])} → {_short(v.after[column])}"
        for column, word in (("estimate", "estimate"), ("p_adjusted", "adjusted p"), ("n_people", "people"))
        if column in v.before and column in v.after and v.before[column] != v.after[column]
    ]
    return "; " + ", ".join(told) if told else ""


def _of_numbers(found: Difference, tolerance: float) -> list[object]:
    """One line per table: how many of its numbers moved, and the largest change among them."""
    groups = {str(name): rows for name, rows in found.changes.groupby("table", sort=False)}
    moved = int(found.changes["kind"].isin(("number", "count")).sum())
    head = f"Numbers: {moved:,} of {sum(found.compared.values()):,} differ by more than {_times(tolerance)}, "
    head += f"in {len(groups)} of {counted(len(found.compared), 'table')} that both runs have."
    worded = {name for name, rows in groups.items() if rows["kind"].eq("text").all()}
    named = [name for name in sorted(found.compared, key=lambda name: name != "estimates") if name in groups]
    lines = [_line(name, groups[name], found.compared[name]) for name in named if name not in worded]
    table = _table(("Table", "Moved", "Texts", "Only in A", "Only in B", "Largest change"), lines)
    told: list[object] = [head, *([table] if lines else [])]
    for side in (ONLY_A, ONLY_B):
        names = [name for name, where in found.absent.items() if where == side]
        told += [f"Tables {side}: {listed(names, 12)}."] if names else []
    for letter, run, other in (("A", found.a, found.b), ("B", found.b, found.a)):
        own = [f"{n}.{c}" for n in found.compared for c in run.tables[n] if c not in other.tables[n]]
        told += [f"Columns only in {letter}: {listed(own, 12)}."] if own else []
    if worded:
        told.append(f"Only words differ in: {listed([f'{n} ({len(groups[n])})' for n in named if n in worded], 30)}.")
    if named:
        told.append(f"Each difference of a table: --table {named[0]}. All of them, for a program: --out FILE.csv")
    doubled = [name for name in found.alike if name in groups and name not in worded]
    if doubled:
        told.append(f"Rows of the same name were matched by what else they hold in: {listed(doubled, 12)}.")
    return told


def _line(name: str, rows: pd.DataFrame, of: int) -> tuple[str, ...]:
    kinds = rows["kind"].value_counts()
    moved = int(kinds.get("number", 0) + kinds.get("count", 0))
    alone = [str(kinds.get(side, "")) for side in (ONLY_A, ONLY_B)]
    return name, f"{moved:,} of {of:,}" if moved else "", str(kinds.get("text", "")), *alone, _largest(rows)


def _largest(rows: pd.DataFrame) -> str:
    told = rows.dropna(subset=["relative"])
    if told.empty:
        return ""
    numbers = told[told["kind"] == "number"]  # that a count moved is said by every row of people; a number says more
    told = numbers if len(numbers) else told
    most = told.loc[told["relative"].idxmax()]
    return f"{_share(most['relative'])}: {most['column']} {_short(most['before'])} → {_short(most['after'])} ({_about(most['row'])})"


def _about(row: str) -> str:
    """What a row is about, without the names of its columns.

    >>> _about("score=gad7_sum; wave=w1")
    'gad7_sum · w1'
    """
    return " · ".join(re.split(r"(?:^|; )\w+=", row)[1:])


def _of_print(found: Difference) -> list[str]:
    """Numbers of hypotheses that a reader of the text sees otherwise."""
    told = printed(found.a, found.b)
    if told is None:
        return []
    moved, n = told
    if not moved:
        return [f"Printed text: all {n:,} numbers of hypotheses that both print read as before."] if n else []
    named = listed([f"{name} {before} → {after}" for name, (before, after) in moved.items()], 4)
    return [f"Printed text: {len(moved):,} of {n:,} numbers of hypotheses read otherwise: {named}."]


def _behind(found: Difference) -> list[str]:
    """What changed between the runs, and what may be said of it."""
    told = changed(found.a, found.b)
    if told is None:
        lacking = [letter for letter, run in (("A", found.a), ("B", found.b)) if run.record is None]
        return [f"What changed cannot be told: {' and '.join(lacking)} has no readable report/provenance.json."]
    stale = [
        f"The record of {letter} is older than its tables ({listed(run.stale, 3)}), so that it may not tell all: "
        "`rejsens run` makes them agree."
        for letter, run in (("A", found.a), ("B", found.b))
        if run.stale
    ]
    if lacking := not_on_record(found.a, found.b):
        stale.append(f"Not on record in both runs, so that a change of it cannot be told: {listed(lacking)}.")
    if told:
        last = [] if found.nothing else [too_many_to_tell(told)]
        said = "What changed between the two:" if not found.nothing else "None of this moved a number:"
        return [said, *(f"  {sentence}" for sentence in told), *filter(None, last), *stale]
    if lacking:
        return ["What both runs have on record is the same.", *stale]
    if found.nothing:
        return ["Data, settings, code, versions and processor are the same on record.", *stale]
    same = "Data, settings, code, versions and processor are the same on record, and yet results differ: "
    return [same + "a file was changed after its run. `rejsens verify` says which.", *stale]


def _careful(found: Difference) -> list[str]:
    waves = told_of_few(found.a, found.b)
    if not waves:
        return []
    return [
        "",
        f"Keep this to yourself: the answers of wave {listed(waves)} differ by few people. Whoever sees both runs beside each "
        "other can work out what those few answered; share one of the two, never both.",
    ]


def _share(relative: float) -> str:
    """A relative change in words.

    >>> _share(1.71), _share(0.0213), _share(3e-8), _share(float("nan"))
    ('171 %', '2.1 %', '3e-8 of it', '')
    """
    if pd.isna(relative):
        return ""
    if relative >= 0.1:
        return f"{100 * relative:,.0f} %"
    return f"{100 * relative:.2g} %" if relative >= 1e-4 else f"{relative:.1g} of it".replace("e-0", "e-")


def _short(cell: str) -> str:
    """A cell with as many digits as one reads; a blank as such.

    >>> _short("0.123456789"), _short("71"), _short(""), _short("supported")
    ('0.1235', '71', 'blank', 'supported')
    """
    try:
        return f"{float(cell):.4g}" if "." in cell or "e" in cell.lower() else cell or "blank"
    except ValueError:
        return cell


def _table(heads: Sequence[str], lines: Iterable[Sequence[str]]) -> object:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table, rows = Table(box=SIMPLE_HEAD, pad_edge=False), list(lines)
    filled = [k for k in range(len(heads)) if k == 0 or any(row[k] for row in rows)]
    for name in (heads[k] for k in filled):
        of_numbers = name in ("Moved", "Texts", "Only in A", "Only in B")
        table.add_column(
            name, justify="right" if of_numbers else "left", overflow="fold", no_wrap=name in ("Table", "Moved")
        )
    for row in rows:
        table.add_row(*(Text(row[k]) for k in filled))
    return table


def _drawn(parts: Iterable[object], width: int | None) -> str:
    from rich.console import Console

    console = Console(file=(text := io.StringIO()), width=width, highlight=False, markup=False)
    for part in parts:
        console.print(part)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"
