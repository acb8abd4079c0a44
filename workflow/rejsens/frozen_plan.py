"""The registered plan: what the hypotheses said when it was frozen, and every difference since.

`config/plan.lock.yaml` holds the content of every family, the settings that bind inference, the scoring of the
instruments that the hypotheses use and the choices of `config/multiverse.yaml`, so that a later difference can be told as
"from ... to ..." and not only as a hash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from rejsens.declarations import load_settings, load_yaml, read_yaml
from rejsens.hypotheses import variables
from rejsens.multiverse_file import FILE as MULTIVERSE
from rejsens.multiverse_file import Multiverse, load_multiverse
from rejsens.problems import Problem, Refused, collect, counted, listed
from rejsens.registry import files, instrument_files
from rejsens.study import Study, instrument_folders
from rejsens.whole_files import write_whole

LOCK = "config/plan.lock.yaml"
FREE = (
    "study",
    "min_cell",
    "disclosure",
    "careless_cutoffs",
    "marker",
    "sample_table",
    "scores_shown",
    "figures",
    "numbers",
    "spelling",
)  # settings no verdict rests on
SCORING = ("items", "answers", "orders", "order_keys", "scores", "events")  # of an instrument's file: what makes scores
FAMILY = ("title", "declared", "confirmatory", "correction", "random_slope")
WORDS = {"sesoi": "smallest effect of interest", "claim_type": "type of claim", "claim_ids": "claims"}
PARTS = ("families", "settings", "instruments", "multiverse")  # a lock of an earlier version lacks the last
NAMES = ("id", "name", "label")  # what tells the entries of a list apart
STATUSES = ("never frozen", "frozen", "frozen again", "changed by then", "differs", "as frozen")
_HEAD = """\
# The plan as it was frozen. Written by `rejsens plan freeze`; an edit by hand is found and told in the report.
"""


@dataclass(frozen=True)
class Deviation:
    """One difference between the frozen plan and the study of today."""

    where: str  # "H1 (family primary)", "family primary", "settings", "instrument rses", "multiverse" or the lock's own file
    text: str

    @property
    def sentence(self) -> str:
        return f"{self.where}: {self.text}."


def freeze(folder: Path | str = ".", *, again: str = "", today: date | None = None) -> dict[str, Any]:
    """Record the plan of a study in config/plan.lock.yaml.

    again     the reason to freeze anew; the earlier dates, this reason and the deviations up to now stay on record
    today     the date to record; default: today
    returns   the lock as written: `frozen` (each freeze: date, reason, waves then in the study, deviations until then),
              `hash`, `families`, `settings`, `instruments`, `multiverse` (empty where the study has no such file)
    raises    Refused: settings, families or multiverse at fault, no family, a plan frozen before and no reason, or a reason where
              nothing was frozen. Waves need not exist yet
    """
    folder = Path(folder)
    problems: list[Problem] = []
    settings = collect(problems, load_settings, folder) or {}
    families = {
        name: family
        for name, path in files("config/hypotheses/*.yaml", folder).items()
        if (family := collect(problems, read_yaml, path, "hypotheses"))
    }
    multiverse = collect(problems, load_multiverse, folder)
    if not families and not problems:
        fix = "write a family of hypotheses into config/hypotheses/; docs/add-a-hypothesis.md shows how"
        problems.append(Problem(str(folder / "config/hypotheses"), "Nothing to freeze", "there is no family", "", fix))
    earlier = collect(problems, _read, folder)
    problems += _again_problems(folder, earlier, again)
    if problems:
        raise Refused(problems, "The plan")
    content = _content(folder, settings, families, multiverse)
    waves = list(files("data/waves/*.yaml", folder))
    entry = {"date": str(today or date.today()), "reason": again.strip(), "waves": waves, "deviations": []}
    if earlier:
        entry["deviations"] = [deviation.sentence for deviation in _differences(earlier, content)]
    lock = {"frozen": [*(earlier["frozen"] if earlier else []), entry]} | _with_hashes(content)
    _write(folder / LOCK, lock)
    return lock


def deviations(study: Study) -> list[Deviation] | None:
    """Every difference of a study from its frozen plan, families first; None when no plan was frozen.

    study     as `load_study` or `gather_study` gives it
    returns   empty when nothing differs. A hypothesis that was added or removed, each of its declarations that changed
              (from ... to ...), each binding setting, each instrument whose scoring changed, each choice of the
              multiverse, a lock that was edited, a file of a family or of the multiverse that cannot be read
    raises    Refused when the lock breaks its schema
    """
    lock = _read(study.folder)
    if lock is None:
        return None
    unread = set(study.set_aside) - set(study.planned)
    faults: list[Problem] = []
    multiverse = collect(faults, load_multiverse, study.folder)
    unread |= {MULTIVERSE} if faults else set()
    return _differences(lock, _content(Path(study.folder), study.settings, study.planned, multiverse), unread)


def account(study: Study) -> list[str]:
    """The whole story in sentences: when the plan was frozen, again and why, and what differs now."""
    return [row["sentence"] for row in story(study)]


def story(study: Study) -> list[dict[str, str]]:
    """The whole story for the report's table of the plan, one row per sentence.

    returns   dicts of status (`STATUSES`), date (of a freeze), where (what differs) and sentence
    raises    Refused when the lock breaks its schema
    """
    lock = _read(study.folder)
    if lock is None:
        return [_told("never frozen", "No plan was frozen: nothing shows that the hypotheses are older than the data.")]
    rows = []
    for number, entry in enumerate(lock["frozen"]):
        waves = listed(entry["waves"], 20)
        when = (
            f"when {waves} {'was' if len(entry['waves']) == 1 else 'were'} in the study" if waves else "before any wave"
        )
        verb = (
            f"frozen again on {entry['date']}, {when}: {entry['reason']}"
            if number
            else f"frozen on {entry['date']}, {when}"
        )
        status = "frozen again" if number else "frozen"
        rows.append(_told(status, f"The plan was {verb.rstrip('.')}.", entry["date"]))
        rows += [_told("changed by then", f"Changed by then: {text}", entry["date"]) for text in entry["deviations"]]
    now = [_told("differs", deviation.sentence, where=deviation.where) for deviation in deviations(study) or ()]
    return [*rows, *now] if now else [*rows, _told("as frozen", "Nothing differs from it.")]


def in_short(statuses: Sequence[str], sentences: Sequence[str]) -> str:
    """The story in two sentences at most, for the first page: the last freeze, and how much differs from it.

    >>> in_short(["frozen", "differs", "differs"], ["The plan was frozen on 2026-01-05, before any wave.", "A.", "B."])
    'The plan was frozen on 2026-01-05, before any wave. Since then 2 things have changed.'
    """
    freezes = [text for status, text in zip(statuses, sentences, strict=True) if status in STATUSES[:3]]
    n = list(statuses).count("differs")
    verb = "has" if n == 1 else "have"
    since = f"Since then {counted(n, 'thing')} {verb} changed." if n else ""
    rest = "Nothing differs from it." if "as frozen" in list(statuses) else since
    return " ".join(filter(None, [*freezes[-1:], rest]))


def _told(status: str, sentence: str, date: str = "", where: str = "") -> dict[str, str]:
    return {"status": status, "date": date, "where": where, "sentence": sentence}


def deviation_problems(study: Study) -> list[Problem]:
    """The deviations as things worth a look, for `rejsens check`; a lock that cannot be read is a fault.

    None while settings or families are at fault: what could not be read would pass for removed.
    """
    problems: list[Problem] = []
    if not readable(study):
        return problems
    fix = "`rejsens plan freeze --again REASON` records a new plan, and keeps these on record"
    found = collect(problems, deviations, study) or []
    return problems + [Problem(d.where, "Different from the frozen plan", d.text, "", fix, blocks=False) for d in found]


def readable(study: Study) -> bool:
    """Whether settings and every family of the study could be read."""
    return bool(study.settings) and len(study.planned) == len(files("config/hypotheses/*.yaml", study.folder))


# --- the content of a plan -------------------------------------------------------------------------------------------


def _content(
    folder: Path, settings: Mapping[str, Any], families: Mapping[str, Mapping[str, Any]], multiverse: Multiverse | None
) -> dict[str, Any]:
    """What is frozen, without hashes, in plain values (a list of hypotheses by id)."""
    plain = json.loads(json.dumps(families, default=str))
    return {
        "families": {
            name: {key: family[key] for key in FAMILY if key in family}
            | {"hypotheses": {h["id"]: {k: v for k, v in h.items() if k != "id"} for h in family["hypotheses"]}}
            for name, family in plain.items()
        },
        "settings": json.loads(json.dumps({k: v for k, v in settings.items() if k not in FREE}, default=str)),
        "instruments": _instruments(folder, _names(plain)),
        "multiverse": json.loads(json.dumps(multiverse or {}, default=str)),
    }


def _names(families: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """Scores and background variables that the hypotheses name."""
    hypotheses = [h for family in families.values() for h in family["hypotheses"]]
    return {name for h in hypotheses for names in variables(h).values() for name in names}


def _instruments(folder: Path, names: Iterable[str]) -> dict[str, dict[str, str]]:
    """Version and hash of the scoring of each instrument that gives one of the names; a study's own goes first."""
    given: dict[str, dict[str, str]] = {}
    known = {name: path for place in instrument_folders(folder) for name, path in instrument_files(place).items()}
    for name, path in known.items():
        content = load_yaml(path)
        ids = {
            entry["id"] for key in ("scores", "items") for entry in content.get(key) or () if isinstance(entry, dict)
        }
        if any(wanted in ids or wanted.endswith(tuple(f"_{own}" for own in ids)) for wanted in names):
            scoring = {key: content[key] for key in SCORING if key in content}
            given[name] = {"version": str(content.get("version", "")), "hash": _hash(scoring)}
    return given


def _hash(content: Any) -> str:
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _with_hashes(content: Mapping[str, Any]) -> dict[str, Any]:
    """The content with a hash of the whole, of each family and of each hypothesis."""
    families = {}
    for name, family in content["families"].items():
        hypotheses = {key: {"hash": _hash(h), **h} for key, h in family["hypotheses"].items()}
        families[name] = {"hash": _hash(family), **family, "hypotheses": hypotheses}
    return {"hash": _hash(content), **content, "families": families}


def _without_hashes(lock: Mapping[str, Any]) -> dict[str, Any]:
    families = {}
    for name, family in lock["families"].items():
        hypotheses = {key: _without(h, "hash") for key, h in family["hypotheses"].items()}
        families[name] = {**_without(family, "hash"), "hypotheses": hypotheses}
    return {"families": families} | {part: lock[part] for part in PARTS[1:] if part in lock}


def _without(content: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in content.items() if key != name}


def _read(folder: Path | str) -> dict[str, Any] | None:
    path = Path(folder) / LOCK
    return read_yaml(path, "plan_lock") if path.exists() else None


def _again_problems(folder: Path, earlier: Mapping[str, Any] | None, again: str) -> list[Problem]:
    where, cause = str(folder / LOCK), "The plan is frozen already"
    if earlier and not again.strip():
        found = f"it was frozen on {earlier['frozen'][-1]['date']}"
        fix = (
            "let it stand, and the report tells what changed; or state the reason: `rejsens plan freeze --again REASON`"
        )
        return [Problem(where, cause, found, "", fix)]
    if again and not (folder / LOCK).exists():
        found = "`--again` gives a reason to freeze anew, and nothing was frozen before"
        return [Problem(where, "Nothing was frozen before", found, "", "leave `--again` out")]
    return []


def _write(path: Path, lock: Mapping[str, Any]) -> None:
    text = yaml.safe_dump(dict(lock), sort_keys=False, allow_unicode=True, width=120)
    write_whole(path, _HEAD + text)


# --- differences -----------------------------------------------------------------------------------------------------


def _differences(lock: Mapping[str, Any], now: Mapping[str, Any], unread: Collection[str] = ()) -> list[Deviation]:
    """unread   families whose files, or the multiverse's, are there and cannot be read: they must not pass for removed"""
    then = _without_hashes(lock)
    found = []
    if _with_hashes(then) != {key: lock[key] for key in ("hash", *PARTS) if key in lock}:
        found.append(Deviation(LOCK, "it was edited by hand after it was written, so that it proves nothing"))
    for name, (old, new) in _paired(then["families"], now["families"]):
        if name in unread:
            found.append(
                Deviation(f"family {name}", "its file cannot be read, so that nothing shows what changed in it")
            )
        else:
            found += _family_differences(name, old, new)
    found += [Deviation("settings", text) for text in _changes(then["settings"], now["settings"])]
    for name, (old, new) in _paired(then["instruments"], now["instruments"]):
        if old and new and old != new:
            text = f"its scoring changed (version {old['version']} then, {new['version']} now)"
            found.append(Deviation(f"instrument {name}", text))
    texts = _multiverse_changes(then.get("multiverse"), now["multiverse"], MULTIVERSE in unread)
    return found + [Deviation("multiverse", text) for text in texts]


def _multiverse_changes(old: Multiverse | None, new: Multiverse, unread: bool) -> list[str]:
    """old, new   the file's content, empty where there was or is none; old is None in a lock that never asked for it"""
    if unread:
        return ["its file cannot be read, so that nothing shows what changed in it"]
    if old is None:
        early = f"the plan was frozen before the record held {MULTIVERSE}, so that nothing shows what changed in it"
        return [early] if new else []
    if bool(old) != bool(new):
        return [
            f"{'added' if new else 'removed'} after the plan was frozen, about {listed((new or old)['hypotheses'], 40)}"
        ]
    whole = _changes(_without(old, "choices"), _without(new, "choices"))
    return whole + _changes(old.get("choices", {}), new.get("choices", {}))


def _paired(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[tuple[str, tuple[Any, Any]]]:
    """Name -> what it was and what it is, None where it is absent; in the order of the old, then what is new."""
    return [(name, (old.get(name), new.get(name))) for name in dict.fromkeys([*old, *new])]


def _family_differences(name: str, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> list[Deviation]:
    family = f"family {name}"
    if old is None or new is None:
        verb, present = ("added", new) if old is None else ("removed", old)
        assert present is not None  # in one of the two
        tests = counted(len(present["hypotheses"]), "hypothesis").replace("hypothesiss", "hypotheses")
        return [
            Deviation(family, f"{verb} after the plan was frozen, with {tests}: {listed(list(present['hypotheses']))}")
        ]
    found = [Deviation(family, text) for text in _changes(_without(old, "hypotheses"), _without(new, "hypotheses"))]
    for key, (before, after) in _paired(old["hypotheses"], new["hypotheses"]):
        where = f"{key} ({family})"
        if before is None or after is None:
            found.append(Deviation(where, f"{'added' if before is None else 'removed'} after the plan was frozen"))
        else:
            found += [Deviation(where, text) for text in _changes(before, after)]
    return found


def _changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """One clause for each entry that differs."""
    texts = []
    for key, (before, after) in _paired(old, new):
        name = WORDS.get(key, key.replace("_", " "))
        if before == after:
            continue
        if _named(before) and _named(after):
            texts += _list_changes(name, before, after)
        elif before is None:
            texts.append(f"{name} {_plain(after)} was added")
        elif after is None:
            texts.append(f"{name} {_plain(before)} was removed")
        else:
            texts.append(f"{name} changed from {_plain(before)} to {_plain(after)}")
    return texts


def _named(entries: Any) -> bool:
    """A list of groups that each have an id, a name or a label, such as covariates, screening rules and options."""
    return isinstance(entries, list) and all(isinstance(e, dict) and any(key in e for key in NAMES) for e in entries)


def _list_changes(name: str, old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]) -> list[str]:
    before, after = ({next(e[key] for key in NAMES if key in e): e for e in entries} for entries in (old, new))
    texts = []
    for key, (was, now) in _paired(before, after):
        if was is None or now is None:
            texts.append(f"{name}: {key} was {'added' if was is None else 'removed'}")
        else:
            texts += [f"{name}: {key}: {text}" for text in _changes(was, now)]
    return texts or [f"{name}: their order changed from {listed(list(before), 40)} to {listed(list(after), 40)}"]


def _plain(value: Any) -> str:
    """A setting in words, in quotes when it is text."""
    if isinstance(value, dict):
        return "(" + ", ".join(f"{key}: {_plain(v)}" for key, v in value.items()) + ")"
    if isinstance(value, list):
        return listed([_plain(v) for v in value], 40) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"“{value}”" if isinstance(value, str) else f"{value:.15g}" if isinstance(value, float) else str(value)
