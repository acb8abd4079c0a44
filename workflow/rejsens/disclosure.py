"""The disclosure guard: one gate that every aggregate passes on its way into results/.

A job states the study's policy (`use`); `tabular.write_table` passes what it writes through `guarded`. What each column
may tell of people is declared in `disclosure_columns`; what the rules are, and what they cannot do, stands in docs/privacy.md.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rejsens.disclosure_columns import GUARDED, OF_ITEMS, SPREAD, Guarded

if TYPE_CHECKING:
    import pandas as pd

FIGURES = 5  # of a statistic: enough for print, too few to try single answers against
SIGMAS = 6.0  # the range of a measure without a declared one, in standard deviations
STEPS = (1, 2, 5, 10)
COUNTED = ("single", "multi")  # types of variables whose answers are counted
NUMBERS = ("moments", "intervals", "orders", "shapes", "ends", "extremes", "shares", "numbers")
RESTING = ("people", "counts", "ledger", *NUMBERS)  # blank in a row that rests on few people
OF_PEOPLE = re.compile(
    r"\b(\d+|one|two|three|four|five|six|seven|eight|nine)(?= (?:people|persons?|participants?|respondents?)\b)"
)
OF_ROWS = re.compile(r"\brows? \d+(?:(?:, | and )\d+)*(?: and (?:\d+ )?(?:more|others))?")
WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@dataclass(frozen=True)
class Policy:
    """What a study declares under `min_cell` and `disclosure`.

    min_cell    fewest people behind a number; 1 guards nothing (nobody is in simulated data)
    secondary   hide further cells from which a hidden one would follow
    rounding    round moments by the number of people, other statistics to five figures
    """

    min_cell: int = 1
    secondary: bool = True
    rounding: bool = True

    @property
    def guards(self) -> bool:
        return self.min_cell > 1

    @property
    def withheld(self) -> str:
        """What a row says whose numbers are withheld."""
        return f"{WITHHELD} {self.min_cell} people"


WITHHELD = "not reported: fewer than"
_POLICY: ContextVar[Policy | None] = ContextVar("policy", default=None)


def policy_of(settings: Mapping[str, Any]) -> Policy:
    """The policy that a study's settings declare: of simulated people nothing is guarded.

    >>> policy_of({"study": {"simulated": False}, "min_cell": 10, "disclosure": {"secondary": True, "rounding": False}})
    Policy(min_cell=10, secondary=True, rounding=False)
    """
    return Policy(1 if settings["study"]["simulated"] else settings["min_cell"], **settings["disclosure"])


def use(settings: Mapping[str, Any]) -> None:
    """State the policy of the study for everything that this process writes from here on."""
    _POLICY.set(Policy(**settings))


def use_of(snakemake: Any) -> None:
    """State the policy of the study of a job. A rule without one stops here; only what is no job of Snakemake has no params."""
    if hasattr(snakemake, "params"):
        use(snakemake.params[0]["disclosure"])


def policy() -> Policy:
    """The policy in use; outside a job nothing is guarded."""
    return _POLICY.get() or Policy()


# --- the gate --------------------------------------------------------------------------------------------------------


def guarded(
    frame: pd.DataFrame, name: str, beside: Mapping[str, pd.DataFrame] | None = None, stated: Policy | None = None
) -> pd.DataFrame:
    """One aggregate as it may leave the building; a row-level table as it is.

    frame    the table `name`, all columns of `tabular.COLUMNS`
    beside   tables of the same job, for a table whose people are counted in another
    stated   the policy; that of the job unless given
    returns  the same rows, with cells blank and numbers rounded. Passing it again changes nothing.
    raises   KeyError for an aggregate that `disclosure_columns` does not declare

    >>> import pandas as pd
    >>> r = pd.DataFrame({"wave": "w1", "x": "a", "y": "b", "n": [4, 40], "r": [.123456789] * 2, "ci_low": .1, "ci_high": .2, "p": .01})
    >>> guarded(r, "correlations", stated=Policy(min_cell=10))[["n", "r"]].to_dict("list")
    {'n': [nan, 40.0], 'r': [nan, 0.12346]}
    """
    rule = stated or policy()
    if not rule.guards or len(frame) == 0 or name in ROW_LEVEL:
        return frame
    table = GUARDED[name]
    frame = _without_those_resting_on_few(frame, table, beside or {}, rule)
    found = frame.reset_index(drop=True).copy()
    numeric = [c for c in table.of_meaning(*RESTING) if c in found]
    found[numeric] = found[numeric].astype("object").where(found[numeric].notna(), math.nan).astype("float64")
    _hide_few(found, table, rule)
    _hide_counts(found, table, rule)
    if name == "missing":
        _hide_complements(found, rule)
    _hide_two_answers(found, table, rule)
    if rule.rounding:
        _round(found, table)
    _hide_orders(found, table, rule)
    for column in table.of_meaning("said"):
        found[column] = [_unnamed(text, rule) for text in found[column]]
    return found


ROW_LEVEL = frozenset(
    ("checked_answers", "stored_totals_differing", "changes", "answers", "scores", "events", "quality_rows",
     "careless_people", "scale_fits", "set_aside")
)  # fmt: skip


def _few(values: pd.Series, rule: Policy) -> pd.Series:
    return (values > 0) & (values < rule.min_cell)


def _without_those_resting_on_few(
    frame: pd.DataFrame, table: Guarded, beside: Mapping[str, pd.DataFrame], rule: Policy
) -> pd.DataFrame:
    """Rows of a table without counts leave where the table beside it rests on few people."""
    if table.rests is None or table.rests[0] not in beside or beside[table.rests[0]].empty:
        return frame
    other, keys = beside[table.rests[0]], list(table.rests[1])
    people = other["n"].astype("float64")
    hidden = set(map(tuple, other.loc[people.isna() | _few(people, rule), keys].to_numpy()))
    return frame[[tuple(row) not in hidden for row in frame[keys].to_numpy()]]


def _hide_few(found: pd.DataFrame, table: Guarded, rule: Policy) -> None:
    """Rows that rest on few people, and those of a job before that hid them already, lose all their numbers."""
    people = table.of_meaning("people")
    if not people:
        _hide_few_found(found, table, rule)
        return
    few = _few_share(found, table, people[0], rule)
    for column in people:
        few |= _few(found[column], rule)
    for column in table.told:
        few |= found[column].str.startswith(WITHHELD)  # withheld before: such a row may say 0
    if not few.any():
        return
    found.loc[few, [c for c in table.of_meaning(*RESTING) if c in found]] = math.nan
    for column in table.of_meaning("outcome"):
        found.loc[few, column] = False if found[column].dtype == bool else ""
    for column, text in table.told.items():
        found.loc[few, column] = text.format(rule.withheld)


def _hide_few_found(found: pd.DataFrame, table: Guarded, rule: Policy) -> None:
    """Findings about few people are told without their numbers, and none names rows of the export."""
    if table.measured is None:
        return
    kind, value = table.measured
    counted = found[value].where(found[kind].eq("count"), found[value] * found["n"]).round()
    few = found[kind].isin(["count", "share"]) & _few(counted, rule)
    found.loc[few, table.of_meaning("numbers")] = math.nan
    found.loc[few, table.of_meaning("said")] = rule.withheld
    for column in table.of_meaning("said"):
        found[column] = [OF_ROWS.sub("some rows", text) for text in found[column]]


def _few_share(found: pd.DataFrame, table: Guarded, people: str, rule: Policy) -> pd.Series:
    """Rows whose number is a share of few people, or of all but few."""
    if table.measured is None:
        return found[people] < 0
    kind, value = table.measured
    counted = (found[value] * found[people]).round()
    return found[kind].eq("share") & (_few(counted, rule) | _few(found[people] - counted, rule))


def _hide_counts(found: pd.DataFrame, table: Guarded, rule: Policy) -> None:
    if table.of:
        _hide_group(found, table, rule)
        return
    for column in table.of_meaning("counts"):
        hidden = _few(found[column], rule)
        if people := table.of_meaning("people"):
            hidden |= _few(found[people[0]] - found[column], rule) if column != "n_not_applicable" else hidden
        beside = table.of_meaning("ledger") if column == "n_not_applicable" else table.of_meaning("shares")
        found.loc[hidden, [column, *beside]] = math.nan
    counts = table.of_meaning("counts")
    if len(counts) > 1 and rule.secondary:  # the rest of the row's people is a count too
        rest = found[table.of_meaning("people")[0]] - found[counts].sum(axis=1, skipna=False)
        found.loc[_few(rest, rule) | found[counts].isna().any(axis=1), counts] = math.nan


def _hide_group(found: pd.DataFrame, table: Guarded, rule: Policy) -> None:
    """Counts of a closed set: those below the limit, and others until none can be worked out from the total."""
    count, shares = table.of_meaning("counts")[0], table.of_meaning("shares")
    numeric = found[table.level].eq("") if found[table.level].dtype != "float64" else found[count] < 0
    few = numeric & _few(found[count], rule)  # a numeric question: its people, and all that rests on them
    found.loc[few, [count, *table.of_meaning(*NUMBERS)]] = math.nan
    sets = {
        key: dict(zip(own[table.level], own[count], strict=True))
        for key, own in found[~numeric].groupby(list(table.of), sort=False)
    }
    hidden = {key: small_cells(counts, rule.min_cell, rule.secondary) for key, counts in sets.items()}
    if table.over and rule.secondary:
        _hide_everywhere(sets, hidden, table, rule)
    keys = list(zip(*(found[column] for column in table.of), strict=True))
    blank = [level in hidden.get(key, ()) for key, level in zip(keys, found[table.level], strict=True)]
    found.loc[blank, [count, *shares]] = math.nan


def _hide_everywhere(
    sets: Mapping[tuple[str, ...], Mapping[Any, float]],
    hidden: dict[tuple[str, ...], set[Any]],
    table: Guarded,
    rule: Policy,
) -> None:
    """The same people are asked again: what is hidden in one wave is hidden in all, until nothing more follows."""
    place = table.of.index(table.over)
    for _ in range(100):
        before = {key: set(levels) for key, levels in hidden.items()}
        for key in sets:
            alike = [other for other in sets if other[:place] + other[place + 1 :] == key[:place] + key[place + 1 :]]
            also = set().union(*(before[other] for other in alike if sum(sets[other].values()) >= rule.min_cell))
            hidden[key] = small_cells(sets[key], rule.min_cell, True, {x for x in also if sets[key].get(x, 0) > 0})
        if hidden == before:
            return


def small_cells(
    counts: Mapping[Any, float], min_cell: int, secondary: bool = True, also: Iterable[Any] = ()
) -> set[Any]:
    """Levels of a closed set to blank: those with 1 to min_cell − 1 people, and the next smallest until what is blank
    cannot be worked out from the total: two levels at least, and as many people together as one may show.

    also   levels that are blank for another reason

    >>> sorted(small_cells({"a": 3, "b": 40, "c": 25}, 10)), sorted(small_cells({"a": 3, "b": 0}, 10))
    (['a', 'c'], ['a', 'b'])
    """
    people = {level: count for level, count in counts.items() if not math.isnan(count) and count > 0}
    if 0 < sum(people.values()) < min_cell:  # the total is known: an empty level would tell who is in the others
        return set(counts)
    blank = {level for level, count in people.items() if count < min_cell} | set(also)
    gone = sum(1 for count in counts.values() if math.isnan(count))
    if not secondary or not blank:
        return blank
    rest = sorted((count, str(level), level) for level, count in people.items() if level not in blank)
    while rest and (
        len(blank) + gone < 2 or (not gone and sum(people.get(x, 0) for x in blank) < max(min_cell, len(blank) + 1))
    ):
        blank.add(rest.pop(0)[2])
    return blank


def _hide_complements(found: pd.DataFrame, rule: Policy) -> None:
    """A question that applies to all but few people tells of these few: neither count is given."""
    everybody = found.groupby("wave")["n"].transform("max")
    found.loc[_few(everybody - found["n"], rule), ["n", "n_missing", "percent_missing"]] = math.nan


# --- rounding --------------------------------------------------------------------------------------------------------


def step(span: float, people: float, spread: float) -> float:
    """To what a mean of `people` is rounded: the next 1, 2 or 5 from `spread` people's full range of answers upwards.

    >>> step(21, 60, 0.5), step(4, 300, 0.5), step(3, 60, 2)
    (0.2, 0.01, 0.1)
    """
    if not (span > 0 and people > 0):
        return 0.0
    least = spread * span / people
    power = math.floor(math.log10(least) + 1e-9)
    return round(next(s for s in STEPS if s * 10.0**power >= least * (1 - 1e-9)) * 10.0**power, 12)


def to_step(value: float, width: float) -> float:
    """A number on the grid of a step; as it is without one."""
    return value if width == 0 or math.isnan(value) else round(round(value / width) * width, 10) + 0.0


def to_figures(value: float, figures: int = FIGURES) -> float:
    """A number with so many figures.

    >>> to_figures(0.0123456789), to_figures(-1234567.0)
    (0.012346, -1234600.0)
    """
    return float(f"{value:.{figures}g}")


def round_items(items: pd.DataFrame, low: Mapping[str, float], high: Mapping[str, float]) -> pd.DataFrame:
    """Item statistics whose mean and SD are rounded as in the codebook; the table itself does not say the items' ranges."""
    rule = policy()
    if not (rule.guards and rule.rounding):
        return items
    spans = [high[item] - low[item] for item in items["item"]]
    widths = [step(span, n, OF_ITEMS) for span, n in zip(spans, items["n"], strict=True)]
    rounded = {c: [to_step(v, w) for v, w in zip(items[c], widths, strict=True)] for c in ("mean", "sd")}
    return items.assign(**rounded)


def _round(found: pd.DataFrame, table: Guarded) -> None:
    moments = table.of_meaning("moments")
    if moments:
        widths = _widths(found, table)
        mean, sd = moments
        ends = [c for c in table.of_meaning("intervals") if c.startswith("ci_")]
        half = (found[ends[1]] - found[ends[0]]) / 2 if ends else None
        for column in (*moments, *table.of_meaning("orders")):
            found[column] = [to_step(v, w) for v, w in zip(found[column], widths, strict=True)]
        if half is not None:
            around = [to_step(h, w) for h, w in zip(half, widths, strict=True)]
            found[ends[0]] = [to_figures(m - h, 9) for m, h in zip(found[mean], around, strict=True)]
            found[ends[1]] = [to_figures(m + h, 9) for m, h in zip(found[mean], around, strict=True)]
        if "se" in table.of_meaning("intervals"):
            found["se"] = [
                to_figures(s / math.sqrt(n)) if n > 0 else math.nan for s, n in zip(found[sd], found["n"], strict=True)
            ]
    for column in table.of_meaning("shapes"):
        found[column] = [v if math.isnan(v) else round(v, 1) + 0.0 for v in found[column]]
    for column in table.of_meaning("numbers"):
        found[column] = [to_figures(v) for v in found[column]]


def _widths(found: pd.DataFrame, table: Guarded) -> list[float]:
    """The step of each row's moments: by its declared range, or its spread where that is less or nothing is declared."""
    spans = SIGMAS * found[table.of_meaning("moments")[1]]
    for low, high in (("range_low", "range_high"), ("min", "max")):
        if low in table.of_meaning("open"):
            declared = found[high] - found[low]
            answered = found["type"].isin(COUNTED) if "type" in found else declared < 0
            spans = spans.where(~(declared > 0) | ((spans < declared) & ~answered), declared)
    counted = found["type"].isin(COUNTED) if "type" in found else [True] * len(found)
    spreads = [table.spread if own else SPREAD for own in counted]
    return [step(*row) for row in zip(spans, found["n"], spreads, strict=True)]


def _hide_two_answers(found: pd.DataFrame, table: Guarded, rule: Policy) -> None:
    """Where all answers are one of two neighbours the mean is a count of people."""
    if not (moments := table.of_meaning("moments")):
        return
    n, part = found["n"], found[moments[0]] % 1
    counted = (part * n).round()
    two = ((part * (1 - part) * n / (n - 1)) ** 0.5 - found[moments[1]]).abs() < 1e-6
    few = _few(counted, rule) | _few(n - counted, rule)
    found.loc[two & few, table.of_meaning("moments", "intervals", "orders", "shapes", "ends")] = math.nan


def _hide_orders(found: pd.DataFrame, table: Guarded, rule: Policy) -> None:
    """A quartile has to have enough people on either side."""
    for column in table.of_meaning("orders"):
        found.loc[found["n"] < rule.min_cell * (2 if column == "median" else 4), column] = math.nan


# --- words -----------------------------------------------------------------------------------------------------------


def _unnamed(text: str, rule: Policy) -> str:
    """A sentence in which no number of people below the limit is named."""

    def few(found: re.Match[str]) -> str:
        word = found[1]
        n = WORDS.index(word) + 1 if word in WORDS else int(word)
        return f"fewer than {rule.min_cell}" if 0 < n < rule.min_cell else word

    return OF_PEOPLE.sub(few, text)


# --- from the answers themselves -------------------------------------------------------------------------------------


def end_shares(counts: Sequence[int], low: int, high: int, min_cell: int) -> tuple[float, float]:
    """Per cent at either end of a scale; blank where some answer was given by few people, since with the counts of the other
    answers, or their mean, an end would give them away.

    counts      people by answer; low, high: how many stand at either end
    """
    n = sum(counts)
    if n == 0:
        return math.nan, math.nan
    told = all(count == 0 or count >= min_cell for count in counts)
    ends = (100 * end / n if told or end == 0 else math.nan for end in (low, high))  # nobody there: nobody to hide
    return next(ends), next(ends)
