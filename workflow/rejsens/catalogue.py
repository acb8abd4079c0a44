"""What instruments there are, and what is known of each: for the person who chooses or cites one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rejsens.administration import REQUIRED
from rejsens.declarations import read_yaml
from rejsens.definitions import Instrument, Item, Score
from rejsens.problems import Problem, Refused, counted, did_you_mean, listed
from rejsens.registry import SHIPPED
from rejsens.sidecars import REFUSED_INSTRUMENTS
from rejsens.translations import language_name

KEY = {  # status of the key -> in a word, and in a sentence
    "verified": ("verified", "The key is verified by the sources below."),
    "rule_only": ("rule only", "The rule is verified; which items of the long form belong to it is not. No norms are given."),
    "own": ("own", "The key is the project's own: the project wrote the questions. New and unvalidated."),
    "user_supplied": ("user-supplied", "User-supplied, unverified key."),
}  # fmt: skip
RULE = {
    "mean": "mean of {n}",
    "sum": "sum of {n}",
    "count": "count, out of {n}",
    "weighted_sum": "weighted sum of {n}",
    "max_share": "largest share, out of {n}",
    "product_mean": "mean of {pairs}",
    "mean_of_scores": "mean of {of}",
    "sum_of_scores": "sum of {of}",
}
COLUMNS = ("id", "title", "items", "scores", "key", "use", "norms", "languages", "constructs")


def construct_names() -> dict[str, str]:
    """Construct id -> its name in the claim ledger."""
    content = read_yaml(SHIPPED / "config" / "claims.yaml", "claims")
    return {claim["id"]: claim["construct"] for claim in content["claims"]}


def use(instrument: Instrument) -> str:
    """Whether the form is free to use, its holder is to be asked first, or it is off until a permission is stated."""
    if "permission" in instrument.settings_required:
        return "off"
    return "ask" if instrument.licence.get("permission_required") else "free"


def constructs(instrument: Instrument) -> list[str]:
    """Construct ids that the instrument, its scores or its items are for, in the order of the claim ledger."""
    parts: tuple[Instrument | Score | Item, ...] = (instrument, *instrument.scores, *instrument.items)
    named = {construct for part in parts for construct in part.measures}
    return sorted(named, key=lambda c: (int("".join(filter(str.isdigit, c))), c))


def overview(instruments: Iterable[Instrument], languages: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """One row per instrument, with the keys `COLUMNS`; `languages` gives those in which its wording exists."""
    return [
        {
            "id": i.id,
            "title": i.title,
            "items": len(i.items),
            "scores": len(i.scores),
            "key": "user-supplied" if i.user_supplied else KEY[i.key["status"]][0],
            "use": use(i),
            "norms": "yes" if any(score.norms for score in i.scores) else "",
            "languages": " ".join(languages.get(i.id, ())),
            "constructs": " ".join(constructs(i)),
        }
        for i in instruments
    ]


def measuring(instruments: Iterable[Instrument], names: Mapping[str, str], wanted: str) -> list[Instrument]:
    """The instruments for a construct, given by its id or by a word of its name.

    names    construct id -> name, as in the claim ledger
    raises   Refused when no construct bears that id or word
    """
    word = wanted.casefold()
    found = {c for c, name in names.items() if word == c.casefold() or c.casefold().rstrip("abcdefghi") == word}
    found = found or {c for c, name in names.items() if word in name.casefold()}
    if not found:
        advice = did_you_mean(wanted, [*names, *names.values()]) or "`rejsens instruments` lists all instruments"
        raise Refused(
            Problem(f"“{wanted}”", "No construct of that name", "the documents name none such", "", advice),
            "The list of instruments",
        )
    return [i for i in instruments if found & set(constructs(i))]


def find(instruments: Mapping[str, Instrument], name: str) -> Instrument:
    """One instrument by id; a name that is not there is refused with the reason, or with the nearest names."""
    if name in instruments:
        return instruments[name]
    if name in REFUSED_INSTRUMENTS:
        problem = Problem(
            f"“{name}”",
            "Not shipped",
            REFUSED_INSTRUMENTS[name],
            "",
            "define it yourself (docs/add-an-instrument.md); the report then calls its key user-supplied and unverified",
        )
    else:
        advice = did_you_mean(name, instruments) or "`rejsens instruments` lists them"
        problem = Problem(f"“{name}”", "No instrument of that name", "nothing is known of it", "", advice)
    raise Refused(problem, "The instrument")


def paragraphs(i: Instrument, names: Mapping[str, str], languages: Sequence[str] = ()) -> list[tuple[str, list[str]]]:
    """Heading -> lines, for one instrument: what a researcher wants to know before asking or citing it."""
    doi = f" https://doi.org/{i.doi}" if i.doi else ""
    status = "user_supplied" if i.user_supplied else i.key["status"]
    told = [
        ("Measures", [f"{c} {names.get(c, '')}".strip() for c in constructs(i)]),
        ("Window", [i.window] if i.window else []),
        ("Source", [i.citation + doi]),
        ("Key", [KEY[status][1], *(f"– {source}" for source in i.key.get("sources", ()))]),
        ("Use", [i.licence["terms"], *filter(None, [i.licence.get("notice"), i.status_line])]),
        ("Items", [_item_line(item) for item in i.items]),
        ("Scores", [line for score in i.scores for line in _score_lines(i, score)]),
        ("Orders", [f"{name}: {listed([i.item(x).label for x in order], 40)}" for name, order in i.orders.items()]),
        ("Wording", [_wording(i, languages)]),
        ("To ask it in a wave, in the sidecar under instruments:", [*_entries(i), *_required(i)]),
        ("Worked examples", [f"{counted(len(i.examples), 'example')} in {i.file}"]),
    ]
    return [(heading, lines) for heading, lines in told if lines]


def _item_line(item: Any) -> str:
    keyed = ", reversed" if item.reverse else ""
    told = "" if item.instructed is None else f", the line itself says to choose {item.instructed:g}"
    return f"{item.id} {item.label}: {item.allowed}{keyed}{told}"


def _score_lines(i: Instrument, score: Score) -> list[str]:
    parts = {
        "n": counted(len(score.items), "item"),
        "pairs": counted(len(score.pairs), "product"),
        "of": listed(score.of, 8),
    }
    single = score.method in ("mean", "sum") and len(score.items) == 1
    rule = (
        "the item itself"
        if single
        else RULE[score.method].format(**parts) + (f", times {score.multiply:g}" if score.multiply != 1 else "")
    )
    needs = "" if single else f", at least {score.min_answered:g} answered" if not score.of else ", all of them"
    line = f"{score.id}: {rule}, {score.low:g} to {score.high:g}{needs}; higher means {score.higher_means}"
    return [line, *(f"– {_norm(norm)}" for norm in score.norms)]


def _norm(norm: Mapping[str, Any]) -> str:
    numbers = [f"{word} {norm[key]:g}" for word, key in (("n", "n"), ("M", "mean"), ("SD", "sd")) if key in norm]
    return f"{norm['population']}: {', '.join(numbers)} ({norm['metric']}; {norm['source']})"


def _wording(i: Instrument, languages: Sequence[str]) -> str:
    if languages:
        return f"in {listed([language_name(tag) for tag in languages])}; the words stand in {i.file} and beside it"
    return "not part of this definition: the items bear short labels of our own"


def _entries(i: Instrument) -> list[str]:
    """The lines of a sidecar that ask the instrument; one for each kind of event."""
    stated = "".join(f", {name}: …" for name in i.settings_required)
    return [f"- {{id: {i.id}{stated}{f', as: {kind}' if kind else ''}}}" for kind in i.events or ("",)]


def _required(i: Instrument) -> list[str]:
    return [f"{name}: {REQUIRED[name][0] or ', '.join(i.orders)}" for name in i.settings_required]
