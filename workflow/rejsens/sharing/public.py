"""A shareable copy: k-anonymous on what outsiders may know of people, or a refusal that says what to coarsen.

What is promised: whoever knows the quasi-identifiers of everybody in every wave, and holds every copy that was ever made of
the study, cannot narrow anybody down to fewer than k people. What is not: who knows many of somebody's answers finds them
in any table of answers; the copy says so, and counts it.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from rejsens.declarations import load_settings
from rejsens.definitions import Item
from rejsens.problems import Problem, Refused, counted, did_you_mean, listed
from rejsens.registry import SHIPPED
from rejsens.sharing import anonymity, coarsening, exposure
from rejsens.sharing.anonymity import AS_IS, Draw, PastMending, People, Release
from rejsens.sharing.columns import as_dictionary, in_types
from rejsens.sharing.package import KEYS, Package
from rejsens.sharing.releases import History, Record
from rejsens.study import Study

SUBJECT = "The public copy"
BACKGROUND = "background"  # every item of instruments without scores
BANDS = "_band"  # a banded number is no longer the number, and its column says so
SET_BLANK = "not answered, or blanked so that nobody stands alone"


@dataclass(frozen=True)
class Copy:
    """A public copy, and what has to be remembered of it before it is given to anybody."""

    package: Package
    record: Record
    history: History


def sharing_settings(study: Study) -> dict[str, Any]:
    """The settings under `sharing:`; what a study does not state there is as shipped."""
    return load_settings(SHIPPED)["sharing"] | study.settings.get("sharing", {})


def public_copy(package: Package, study: Study, history: History, draw: Draw | None = None) -> Copy:
    """A shareable copy of a full package.

    package   as `full_package` makes it
    history   the releases so far (`releases.history_of`); no comparison with them may single anybody out either.
              Whoever gives the copy away remembers it first: `releases.remember(copy.history, copy.record, folder, wave)`
    draw      who is drawn where some have to give something up: (candidates, how many) -> drawn; by a secret when None
    raises    Refused: a background question of which nobody said whether outsiders may know the answer, or too many people
              in classes of fewer than k; the advice holds lines for config/config.yaml that would do

    Ids are drawn anew and rows are put in their order, so that neither tells of the full data or of another copy.
    """
    s = sharing_settings(study)
    package = replace(package, tables={name: t[t["participant"] != ""] for name, t in package.tables.items()})
    names = quasi_identifiers(study, s, package.tables["answers"])
    people = anonymity.people_of(package.tables["answers"], names)
    earlier = history.earlier(list(people.ids))
    people = people.with_strangers(len(earlier) - len(people.ids))
    draw = draw or secrets.SystemRandom().sample
    release = _release(people, names, study, s, earlier, draw)
    shown = anonymity.shown_classes(people, release, s["coarsen"])
    joint = anonymity.joint_classes(shown, earlier)
    if anonymity.too_few(joint, release, earlier, s["k"]).any():  # what the search did is checked, not trusted
        raise AssertionError("a class of fewer than k people is left")
    record = history.record(list(people.ids), shown, release.gone, s["k"])
    made = _tables(package, people, release, names, s)
    beside = exposure.tables(made, shown_names(names, s), s["sensitive"] or list(study.scores))
    notes = (*kept_notes(package), *_notes(people, release, names, s, history))
    return Copy(replace(made, kind="public", beside=beside, notes=notes), record, history)


# --- what outsiders may know -----------------------------------------------------------------------------------------


def quasi_identifiers(study: Study, s: Mapping[str, Any], answers: pd.DataFrame) -> list[str]:
    """The background questions whose answers outsiders may know, in the order of the answers.

    raises   Refused: a name that is no background question, or one of which nothing is said
    """
    background = [name for name in answers if name in study.background]
    exempt = {name for name in background if study.background[name].instructed is not None}
    exempt |= set(s["not_identifying"])
    declared = background if s["quasi_identifiers"] == BACKGROUND else list(s["quasi_identifiers"])
    problems = [
        Problem(
            "sharing › quasi_identifiers",
            "Not a background question",
            f"“{name}”",
            listed(background, 40),
            did_you_mean(name, background)
            or "name background questions; an instrument whose answers outsiders may know goes to `leave_out:`",
        )
        for name in declared
        if name not in background
    ]
    if unsaid := [name for name in background if name not in {*declared, *exempt}]:
        problems.append(
            Problem(
                "sharing › quasi_identifiers",
                "Background questions of which nothing is said",
                f"could somebody who knows a person know the answer to {listed(unsaid, 20)}?",
                "",
                "name each under `quasi_identifiers:` (yes) or `not_identifying:` (no) in config/config.yaml",
            )
        )
    if problems:
        raise Refused(problems, SUBJECT)
    return [name for name in background if name in declared and name not in exempt]


def _release(
    people: People, names: Sequence[str], study: Study, s: Mapping[str, Any], earlier: np.ndarray, draw: Draw
) -> Release:
    """Which rows and whose quasi-identifiers are shown; refused when too many would have to give something up."""
    rows = anonymity.kept_rows(people, s["participation"])
    wanted = int(rows.any(axis=1).sum())
    most = int(s["set_aside_at_most"] * wanted)
    try:
        release = anonymity.set_apart(people, s["coarsen"], rows, s["k"], earlier, draw)
    except PastMending as beyond:
        raise Refused(_past_mending(int(beyond.args[0]), s["k"]), SUBJECT) from None
    touched = coarsening.n_touched(rows, release.rows, release.blank)
    if touched <= most and not release.gone.all():
        return release
    raise Refused(_too_many(people, names, study, s, earlier, draw, (touched, wanted, most)), SUBJECT)


def _past_mending(n: int, k: int) -> Problem:
    return Problem(
        "sharing › k",
        "An earlier copy shows too few people",
        f"in a copy that was made before, {counted(n, 'person')} of those who have left since stood in a class of fewer "
        f"than {k}, so that no later copy can hide who left",
        "",
        "a copy like the earlier one cannot be made with this `k:`; state the one that it was made with (config/releases.yaml)",
    )


def _too_many(
    people: People,
    names: Sequence[str],
    study: Study,
    s: Mapping[str, Any],
    earlier: np.ndarray,
    draw: Draw,
    counts: tuple[int, int, int],
) -> Problem:
    touched, wanted, most = counts
    k = s["k"]
    found = f"{_in_small_classes(people, s, earlier)}. To mend that, {_people(touched)} of {wanted:,} would lose background answers or waves"
    ladders = {
        name: coarsening.ladder(
            study.background[name], people.values[name], people.present, s["coarsen"].get(name, AS_IS)
        )
        for name in names
    }
    together = _together([study.background[name] for name in names])
    sought = coarsening.Sought(ladders, together, s["participation"], k, earlier, most)
    offers = coarsening.search(people, sought, draw)
    return Problem(
        "sharing",
        f"People in classes of fewer than {k}",
        found,
        f"everybody shares their background answers and their waves with {k - 1} others or more; "
        f"`set_aside_at_most:` lets {_people(most)} give something up for it",
        _advice(offers, s, most),
    )


def _in_small_classes(people: People, s: Mapping[str, Any], earlier: np.ndarray) -> str:
    rows = anonymity.kept_rows(people, s["participation"])
    plain = Release(rows, np.zeros(len(rows), bool))
    joint = anonymity.joint_classes(anonymity.shown_classes(people, plain, s["coarsen"]), earlier)
    few = anonymity.too_few(joint, plain, earlier, s["k"])
    alone = few & (anonymity.class_sizes(joint) == 1)
    before = " (equal in the copies made before, too)" if (earlier != anonymity.NEVER).any() else ""
    return f"{_people(int(few.sum()))} share them with fewer than {s['k'] - 1} others{before}, and {int(alone.sum()):,} with nobody"


def _people(n: int) -> str:
    return "1 person" if n == 1 else f"{n:,} people"


def _together(items: Sequence[Item]) -> list[list[str]]:
    """Boxes of one question stand together, every other item by itself."""
    units: dict[str, list[str]] = {}
    for item in items:
        units.setdefault(item.choice_of or item.id, []).append(item.id)
    return list(units.values())


def _advice(offers: Sequence[coarsening.Offer], s: Mapping[str, Any], most: int) -> str:
    if not offers:
        return (
            "nothing that could be coarsened is enough. Share the synthetic twin instead (`rejsens export --synthetic`), "
            "lower `k:`, raise `set_aside_at_most:`, or collect more people"
        )
    texts = []
    for offer in offers:
        head = f"these lines below `sharing:` in config/config.yaml would do; {_people(offer.touched)} would give something up"
        texts.append(f"{head}:\n" + "\n".join(coarsening.as_settings(offer, s["coarsen"], s["participation"])))
    return "\nOr ".join(texts) + "\nThen run the command again."


# --- the tables ------------------------------------------------------------------------------------------------------


def shown_names(names: Sequence[str], s: Mapping[str, Any]) -> dict[str, str]:
    """Quasi-identifier -> its column in the copy; none for one that is dropped.

    >>> shown_names(["age", "job"], {"coarsen": {"age": {"bands": 10}, "job": {"drop": True}}})
    {'age': 'age_band'}
    """
    how = {name: s["coarsen"].get(name, AS_IS) for name in names}
    return {name: name + BANDS * bool(how[name].get("bands")) for name in names if not how[name].get("drop")}


def _tables(package: Package, people: People, release: Release, names: Sequence[str], s: Mapping[str, Any]) -> Package:
    """The rows that are shown, with new ids in their order, coarsened columns and their dictionary."""
    ids = _new_ids(people, release)
    shown = {
        name: np.where(
            release.blank[:, None],
            np.nan,
            anonymity.coarsened(people.values[name], release.rows, s["coarsen"].get(name, AS_IS)),
        )
        for name in names
    }
    renamed = shown_names(names, s)
    left_out = _columns_left_out(package, s)
    study_ids = package.tables["answers"]["participant"].unique()
    tables = {}
    for table in KEYS:
        if table not in package.tables:
            continue
        frame = package.tables[table]
        person = pd.Index(people.ids[: len(study_ids)]).get_indexer(frame["participant"])
        wave = pd.Index(people.waves).get_indexer(frame["wave"])
        kept = release.rows[person, wave]
        columns = {name: shown[name][person, wave] for name in names if name in frame}
        frame = frame.assign(participant=np.array([ids[p] for p in person], dtype=object), **columns)[kept]
        frame = frame.drop(
            columns=[c for c in frame if (c in names and c not in renamed) or c in left_out.get(table, ())]
        )
        order = (
            ["participant", "wave_number", "role", "event"]
            if table == "events"
            else ["participant", "wave_number", "role"]
        )
        tables[table] = frame.rename(columns=renamed).sort_values(order, kind="stable", ignore_index=True)
    waves = {wave for table in tables.values() for wave in table["wave"].unique()}
    dictionary = _dictionary(package.dictionary, tables, names, s, waves)
    facts = replace(package.facts, waves=tuple(_by_month(w) for w in package.facts.waves if w["name"] in waves))
    return replace(package, facts=facts, tables=in_types(tables, dictionary), dictionary=dictionary)


def _new_ids(people: People, release: Release) -> list[str]:
    """An id for everybody in the release, drawn anew and by no seed."""
    drawn = secrets.SystemRandom().sample(range(16**8), len(people.ids))
    return ["" if gone else f"r{number:08x}" for number, gone in zip(drawn, release.gone, strict=True)]


def _columns_left_out(package: Package, s: Mapping[str, Any]) -> dict[str, list[str]]:
    """Table -> its columns of instruments that the study leaves out of the copy."""
    d = package.dictionary
    known = [name for name in d["instrument"].unique() if name]
    if unknown := [name for name in s["leave_out"] if name not in known]:
        advice = did_you_mean(unknown[0], known) or "name instruments as the sidecars do"
        raise Refused(
            Problem("sharing › leave_out", "Unknown instruments", listed(unknown), listed(known, 40), advice), SUBJECT
        )
    left = d[d["instrument"].isin(s["leave_out"])]
    return {table: rows["variable"].tolist() for table, rows in left.groupby("table")}


def _by_month(wave: Mapping[str, Any]) -> dict[str, Any]:
    """A wave's facts with months for days, and without the hash of an export that holds more than the copy."""
    return {**wave, "from": wave["from"][:7], "to": wave["to"][:7], "sha256": ""}


def _dictionary(
    full: pd.DataFrame,
    tables: Mapping[str, pd.DataFrame],
    names: Sequence[str],
    s: Mapping[str, Any],
    waves: set[str],
) -> pd.DataFrame:
    renamed = shown_names(names, s)
    rows = []
    for row in full.to_dict("records"):
        name = renamed.get(row["variable"], row["variable"])
        if row["table"] not in tables or name not in tables[row["table"]]:
            continue
        row["waves"] = " ".join(wave for wave in row["waves"].split() if wave in waves)
        row["missing_codes"] = ""
        if row["variable"] in renamed:
            row |= _coarsened_entry(row, tables[row["table"]][name], s["coarsen"].get(row["variable"], AS_IS))
        if row["variable"] == "participant":
            row["label"] = "Participant, the same in every wave; drawn anew for this copy"
        if row["variable"] == "wave":
            titles = json.loads(row["values"] or "{}")
            row["values"] = json.dumps({w: t for w, t in titles.items() if w in waves}, ensure_ascii=False)
        rows.append(row | {"variable": name})
    return as_dictionary(pd.DataFrame(rows))


def _coarsened_entry(row: Mapping[str, Any], column: pd.Series, how: Mapping[str, Any]) -> dict[str, Any]:
    """What the dictionary says of a coarsened column."""
    changed: dict[str, Any] = {"blank_means": SET_BLANK}
    label = row["label"] + (", at the person's first wave" if how.get("at") == "entry" else "")
    if how.get("bands"):
        found = sorted(column.dropna().unique().tolist())
        changed |= {
            "level": "ordinal",
            "type": "integer" if all(float(edge).is_integer() for edge in found) else "number",
            "values": json.dumps({f"{e:g}": anonymity.band_label(e, how) for e in found}, ensure_ascii=False),
            "minimum": min(found, default=np.nan),
            "maximum": max(found, default=np.nan),
        }
        label += ", in bands (the value is the lower edge)"
    if how.get("merge"):
        labels = json.loads(row["values"] or "{}")
        for text, codes in how["merge"].items():
            labels = {c: t for c, t in labels.items() if float(c) not in map(float, codes)} | {f"{codes[0]:g}": text}
        changed["values"] = json.dumps(dict(sorted(labels.items(), key=lambda e: float(e[0]))), ensure_ascii=False)
    return changed | {"label": label}


def kept_notes(package: Package) -> tuple[str, ...]:
    """What is true of the full package and of every package made from it."""
    simulated = ("Simulated data: nobody answered these questions.",) if package.facts.simulated else ()
    return (*simulated, "Reversed items are not turned round in the answers; scores take them turned round.")


def _notes(
    people: People, release: Release, names: Sequence[str], s: Mapping[str, Any], history: History
) -> tuple[str, ...]:
    """What was done, in sentences."""
    wanted = anonymity.kept_rows(people, s["participation"])
    held = int((~release.gone).sum())
    blank = int((release.blank & ~release.gone).sum())
    fewer = int((wanted.any(axis=1) & ~release.gone & (release.rows != wanted).any(axis=1)).sum())
    out = int((people.present.any(axis=1) & release.gone).sum())
    k, shown = s["k"], shown_names(names, s)
    dropped = [name for name in names if name not in shown]
    waves = {
        "as_is": "",
        "until_gap": "Of each person the waves up to the first one missed are here, and no retest.",
        "first": "Only the first wave is here.",
    }
    said = [
        f"Public copy of {held:,} people: everybody shares {listed(list(shown.values()) or ['their waves'], 20)} and the waves they "
        f"answered with at least {k - 1} others of the copy (k-anonymity, k = {k}, over all waves of a person together).",
        f"{_people(blank)} had their background answers blanked for that, {_people(fewer)} lost waves, and {_people(out)} {'was' if out == 1 else 'were'} left out.",
        waves[s["participation"]],
        f"Not shown: {listed(dropped, 20)}." if dropped else "",
        "Ids were drawn anew and rows stand in their order; dates are months; nothing that people wrote in words was ever in these tables.",
        f"No comparison with the {counted(len(history.records), 'earlier copy').replace('copys', 'copies')} tells anybody from fewer than {k - 1} others by background, waves, or having joined or left." if history.records else "",
        "k-anonymity protects against somebody who knows the background and the waves of a person. Who knows many of somebody's answers, "
        "such as the person, finds the row; the table `risk` counts how many people stand alone when more is known.",
    ]  # fmt: skip
    return tuple(sentence for sentence in said if sentence)
