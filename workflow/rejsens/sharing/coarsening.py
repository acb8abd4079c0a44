"""Which coarsening would suffice: a search of the ladders of every quasi-identifier, the least loss of detail first."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rejsens.definitions import Item
from rejsens.sharing.anonymity import (
    NEVER,
    NO_ANSWER,
    Draw,
    People,
    class_sizes,
    classes,
    coarsened,
    codes_of,
    kept_rows,
    set_apart,
)

WIDTHS = (5, 10, 20)  # of bands that are tried
PARTICIPATION = ("as_is", "until_gap", "first")  # from all to least detail
MOST = 4000  # combinations that are looked at; beyond, every ladder keeps its first, middle and last rung
TRIED = 40  # of the promising ones, how many are tried out in full

Coarsening = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Offer:
    """A way to share that would do: what each quasi-identifier becomes, which rows stay, how many people give something up."""

    coarsening: Coarsening
    participation: str
    touched: int
    loss: float


@dataclass(frozen=True)
class Sought:
    """What a coarsening has to reach, and what may be given up for it.

    ladders         quasi-identifier -> what may become of it, from fine to coarse
    together        quasi-identifiers that are boxes of one question, and are coarsened alike
    participation   which waves are wanted, one of `PARTICIPATION`; fewer may do
    k               how many people a class of equals holds at least
    earlier         class of each person in all earlier copies joined
    most            people who may be touched
    """

    ladders: Mapping[str, Sequence[Mapping[str, Any]]]
    together: Sequence[Sequence[str]]
    participation: str
    k: int
    earlier: np.ndarray
    most: int


def ladder(item: Item, values: np.ndarray, present: np.ndarray, declared: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What may become of one quasi-identifier, from what is declared to not being shown."""
    if declared.get("drop"):
        return [dict(declared)]
    entry = coarsened(values, present, {"at": "entry"})[np.arange(len(values)), present.argmax(axis=1)]
    known = entry[~np.isnan(entry)]
    rungs: list[dict[str, Any]] = [dict(declared), dict(declared) | {"at": "entry"}]
    if item.type == "number" and len(known):
        low, high = np.quantile(known, [0.05, 0.95])
        widths = [w for w in WIDTHS if w > declared.get("bands", 0)]
        edges = {w: (int(-(-low // w) * w), int(high // w * w)) for w in widths}
        rungs += [{"bands": w, "from": a, "to": b, "at": "entry"} for w, (a, b) in edges.items() if a < b]
    elif len(known):
        codes, counts = np.unique(known, return_counts=True)
        rare = [float(code) for code in codes[counts < 0.05 * len(known)]]
        if len(rare) == 1 and len(codes) > 2:
            rare = [float(code) for code in codes[np.argsort(counts, kind="stable")[:2]]]
        if len(rare) > 1:
            whole = [int(code) if code == int(code) else code for code in sorted(rare)]
            rungs.append({"merge": {"another answer": whole}, "at": "entry"})
    rungs.append({"drop": True})
    return [rung for k, rung in enumerate(rungs) if rung not in rungs[:k]]


def search(people: People, sought: Sought, draw: Draw) -> list[Offer]:
    """Up to two ways in which at most so many people would give something up, the one that loses least detail first.

    returns    [] when not even dropping every quasi-identifier would do
    raises     PastMending, as `set_apart`: whether an earlier class is past mending depends on no coarsening
    """
    candidates = sorted(_candidates(people, sought), key=lambda c: c[0])
    offers: list[Offer] = []
    for loss, coarsening, kept in candidates[:TRIED]:
        if offers and kept == offers[0].participation:
            continue  # the second offer is one of another kind
        rows = kept_rows(people, kept)
        release = set_apart(people, coarsening, rows, sought.k, sought.earlier, draw)
        touched = n_touched(rows, release.rows, release.blank)
        if touched <= sought.most:
            offers.append(Offer(coarsening, kept, touched, loss))
        if len(offers) == 2:
            break
    return offers


def n_touched(wanted: np.ndarray, rows: np.ndarray, blank: np.ndarray) -> int:
    """Of the people that a release was to hold, how many lose quasi-identifiers, rows or everything."""
    return int((wanted.any(axis=1) & (blank | (rows != wanted).any(axis=1))).sum())


def _candidates(people: People, sought: Sought) -> Iterator[tuple[float, Coarsening, str]]:
    """(loss, coarsening, participation) of every combination in which few enough people stand in small classes."""
    ladders, earlier = sought.ladders, sought.earlier
    units = [list(group) for group in sought.together]
    n = len(people.ids)
    rungs: list[Sequence[int]] = [range(max(len(ladders[name]) for name in unit)) for unit in units]
    if np.prod([len(r) for r in rungs]) > MOST:
        rungs = [sorted({0, len(r) // 2, len(r) - 1}) for r in rungs]
    for kept in PARTICIPATION[PARTICIPATION.index(sought.participation) :]:
        rows = kept_rows(people, kept)
        pattern = classes([earlier, *rows.T], n)
        counted = rows.any(axis=1) | (earlier != NEVER)
        found = [
            [_classes_of(people, unit, ladders, r, rows) for r in own] for unit, own in zip(units, rungs, strict=True)
        ]
        finest = [_entropy(_classes_of(people, unit, ladders, 0, people.present)) for unit in units]
        lost_rows = 1 - rows.sum() / max(people.present.sum(), 1)
        for chosen in itertools.product(*(range(len(own)) for own in rungs)):
            joint = classes([pattern, *(found[u][c] for u, c in enumerate(chosen))], n)
            if (counted & (class_sizes(joint) < sought.k)).sum() > sought.most:
                continue
            kept_detail = [_entropy(found[u][c]) / finest[u] if finest[u] else 1.0 for u, c in enumerate(chosen)]
            loss = len(units) * lost_rows + sum(1 - detail for detail in kept_detail)
            coarsening = {name: _rung(ladders[name], rungs[u][c]) for u, c in enumerate(chosen) for name in units[u]}
            yield loss, coarsening, kept


def _rung(ladder: Sequence[Mapping[str, Any]], rung: int) -> Mapping[str, Any]:
    """Of boxes of one question the one with the shorter ladder waits on its last rung."""
    return ladder[min(rung, len(ladder) - 1)]


def _classes_of(
    people: People, unit: Sequence[str], ladders: Mapping[str, Sequence[Mapping[str, Any]]], rung: int, rows: np.ndarray
) -> np.ndarray:
    columns: list[np.ndarray] = []
    for name in unit:
        how = _rung(ladders[name], rung)
        codes = codes_of(coarsened(people.values[name], rows, how), rows)
        columns += list(np.where(codes > NO_ANSWER, codes, NO_ANSWER).T)  # who took part is told by the rows
    return classes(columns, len(people.ids))


def _entropy(found: np.ndarray) -> float:
    shares = np.bincount(found) / len(found)
    return float(-(shares * np.log(shares)).sum())


def as_settings(offer: Offer, declared: Coarsening, participation: str) -> list[str]:
    """Lines for config/config.yaml, below `sharing:`, with what differs from the declared and what was declared beside it.

    A list of one's own takes the place of the default list as a whole, so the lines hold every coarsening.
    """
    lines = [f"  participation: {offer.participation}"] if offer.participation != participation else []
    lines.append("  coarsen:")
    merged = {**declared, **offer.coarsening}
    return lines + [f"    {name}: {_flow(how)}" for name, how in merged.items() if how]


def _flow(how: Mapping[str, Any]) -> str:
    """A mapping in one line of YAML.

    >>> _flow({"drop": True}), _flow({"merge": {"another answer": [3, 4]}, "at": "entry"})
    ('{drop: true}', '{merge: {another answer: [3, 4]}, at: entry}')
    """
    import yaml

    return yaml.safe_dump(dict(how), default_flow_style=True, sort_keys=False, width=10_000, allow_unicode=True).strip()
