"""A small simulated study whose every text, from its title to the answers of its export, is markup of every kind.

Each text names the place it stands in (`q017z`), so that a test can ask of every file whether a text that is there at
all is there whole. `KINDS` says what each part would do where it was not masked.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from rejsens.frozen_plan import freeze
from tests.conftest import FAMILY, seal, write_study

KINDS = {
    "sheet": '=HYPERLINK("http://x.example";"y")',  # a formula of a spreadsheet
    "html": '<script>window.hit=1</script><img src=x onerror="window.hit=1">&lt;b&gt;',
    "typst": '#read("/etc/passwd") $x$ *bold* _low_ @cite \\ ] [ ~',
    "xml": "]]>&amp;<!--</w:t>",
    "latex": "\\input{/etc/passwd} 50% \\write18{id} ^^M",
    "markdown": "**b** `c` [l](javascript:window.hit=1) ![i](x)",
    "maths": "$\\frac{1}{$",
    "rules": "{wave} {{ 7*7 }} {% x %} %(a)s",
    "shell": "$(touch ran) `touch ran` ; touch ran | & > ran",
    "page": "/* fonts of the page */ </style><style>",
    "bidi": "\u202elrm\u202c\u200f",
    "mark": "cell^b",  # how a printed table writes the mark of a note
    "rest": "\n\n.. raw:: html\n\n   <script>window.hit=1</script>\n\n.. include:: /etc/passwd\n\n",  # of the audit trail
}
# ids of participants that would run in a spreadsheet; one that begins with = is refused
IDS = ("＝1+1", "@SUM(1,2)", "+1+cmd|' /C calc'!A0", "-2+3")
# before the name of the place: what a cell, or a line, begins with
STARTS = ("=", "+", "-", "@", "\t=", "<", "#", "\\", "'")
SHORT = ("html", "typst", "latex", "markdown", "maths", "rules", "shell", "xml", "mark")
UNBROKEN = "W" * 90


class Planted(dict[str, str]):
    """Place -> text; each place is asked once."""

    def _next(self) -> str:
        return f"q{len(self):03}z"

    def long(self, place: str) -> str:
        """A paragraph: everything, and a word that no line holds."""
        start = STARTS[len(self) % len(STARTS)]
        self[place] = f"{start}{self._next()} {' '.join(KINDS.values())} {UNBROKEN} end^b"
        return self[place]

    def short(self, place: str) -> str:
        """A label: one kind in turn."""
        start = STARTS[len(self) % len(STARTS)].strip()
        self[place] = f"{start}{self._next()} {KINDS[SHORT[len(self) % len(SHORT)]]}"
        return self[place]


def write_hostile_study(study: Path) -> Planted:
    """Settings, two waves, instruments, families, a multiverse, a plan, a figure and a table of the study's own; all of it hostile."""
    texts = Planted()
    write_study(study)
    for folder in ("schemas/instruments", "schemas/predictions", "figures", "tables"):
        (study / folder).mkdir(parents=True)
    _write(study / "config/config.yaml", _settings(study, texts))
    for instrument in (_calm(texts), _home(texts), _quarrel(texts)):
        _write(study / f"schemas/instruments/{instrument['id']}.yaml", instrument)
    _write(study / "schemas/predictions/own.yaml", _predictions(texts))
    *families, aside = _families(texts)
    for family in families:
        _write(study / f"config/hypotheses/{family['family']}.yaml", family)
    _write(study / "config/multiverse.yaml", _multiverse(texts))
    export = _export(texts)
    for number, wave in enumerate(("w1", "w2")):
        _hostile_wave(study, wave, number, export, texts)
    (study / "figures/own_figure.py").write_text(_module(texts, "figure", FIGURE), encoding="utf-8")
    (study / "tables/own_table.py").write_text(_module(texts, "table", TABLE), encoding="utf-8")
    freeze(study)
    freeze(study, again=texts.long("plan.reason"))
    _write(study / f"config/hypotheses/{aside['family']}.yaml", aside)  # at fault: no plan could be frozen with it
    return texts


def _write(path: Path, content: Any) -> None:
    path.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")


STATEMENTS = (
    "registration", "ethics", "eligibility", "recruitment", "compensation", "sample_size", "follow_up", "generalisability",
    "data_availability", "code_availability", "funding", "conflicts",
)  # fmt: skip


def _settings(study: Path, texts: Planted) -> dict[str, Any]:
    settings: dict[str, Any] = yaml.safe_load((study / "config/config.yaml").read_text())
    own = {key: texts.long(f"study.{key}") for key in ("title", "description", "contact", "support")}
    own |= {"notes": [texts.long("study.notes")]}
    own |= {"statements": {key: texts.long(f"study.statements.{key}") for key in STATEMENTS}}
    settings["study"] |= own
    settings["screening"] = [
        {"id": "old", "label": texts.short("screening.exclude"), "check": "condition", "column": "age", "below": 58, "action": "exclude"},
        {"id": "young", "label": texts.short("screening.flag"), "check": "condition", "column": "age", "at_least": 25, "action": "flag"},
    ]  # fmt: skip
    settings["sample_table"] = ["age", "house"]
    settings["scores_shown"] = ["gad7_sum", "ucla3", "calm"]
    settings["invariance"] = {"groups": ["house"], "min_people": 10, "max_columns": 30}
    settings["imputation"] = {"m": 2, "most": 2}
    return settings


def _instrument(texts: Planted, name: str, **more: Any) -> dict[str, Any]:
    def long(key: str) -> str:
        return texts.long(f"{name}.{key}")

    return {
        "id": name, "title": texts.short(f"{name}.title"), "version": texts.short(f"{name}.version"), "window": long("window"),
        "stem": long("stem"), "citation": long("citation"), "doi": long("doi"),
        "licence": {"terms": long("terms"), "permission_required": True, "notice": long("notice")},
        "key": {"status": "user_supplied", "sources": [long("sources")]}, "status_line": long("status_line"), **more,
    }  # fmt: skip


def _labels(texts: Planted, place: str, codes: range) -> dict[int, str]:
    return {code: texts.short(f"{place}.labels.{code}") for code in codes}


def _calm(texts: Planted) -> dict[str, Any]:
    """A scale with a reversed item, a second model and norms."""
    items = [{"id": f"calm_{k:02}", "label": f"calm_{k:02}", "wording": texts.long(f"calm.wording.{k}")} for k in range(1, 5)]  # fmt: skip
    items[3] |= {"reverse": True, "answers": {"min": 0, "max": 3, "labels": _labels(texts, "calm_04", range(4))}}
    score = {
        "id": "calm", "label": texts.short("calm.score"), "method": "mean", "items": "all", "min_answered": 4, "range": [0, 3],
        "higher_means": texts.short("calm.higher_means"), "model": "reflective", "expects": {"gad7_sum": "negative"},
        "norms": [{"population": texts.short("calm.norms.population"), "n": 100, "mean": 1.5, "sd": 1.0,
                   "metric": texts.short("calm.norms.metric"), "source": texts.short("calm.norms.source")}],
    }  # fmt: skip
    model = {"id": "two", "label": texts.short("calm.model"), "structure": "correlated",
             "factors": {"one": ["calm_01", "calm_02"], "other": ["calm_03", "calm_04"]}}  # fmt: skip
    answers = {"min": 0, "max": 3, "anchors": {end: texts.short(f"calm.anchors.{end}") for end in ("min", "max")},
               "labels": _labels(texts, "calm", range(4))}  # fmt: skip
    note = {"note": texts.short("calm.example"), "given": {f"calm_{k:02}": 1 for k in range(1, 4)} | {"calm_04": 2}, "expect": {"calm": 1}}  # fmt: skip
    return _instrument(
        texts, "calm", answers=answers, items=items, scores=[score], models=[model], examples=[note], orders={}
    )


def _home(texts: Planted) -> dict[str, Any]:
    """A question with three answers, and two boxes of one question."""
    boxes = [
        {"id": f"pets_{k}", "label": f"pets_{k}", "type": "category", "choice_of": "pets", "wording": texts.short(f"home.pets.{k}"),
         "answers": {"min": 0, "max": 1, "labels": _labels(texts, f"pets_{k}", range(2))}} for k in (1, 2)
    ]  # fmt: skip
    house = {"id": "house", "label": "house", "type": "category", "wording": texts.long("home.house")}
    answers = {"min": 1, "max": 3, "labels": _labels(texts, "house", range(1, 4))}
    return _instrument(
        texts, "home", questions={"pets": texts.long("home.question")}, answers=answers, items=[house, *boxes]
    )


def _quarrel(texts: Planted) -> dict[str, Any]:
    """Ratings of single events."""
    items = [{"id": f"quarrel_{k}", "label": f"quarrel_{k}", "wording": texts.long(f"quarrel.{k}")} for k in (1, 2)]
    score = {"id": "quarrel", "label": texts.short("quarrel.score"), "method": "mean", "items": "all", "min_answered": 2,
             "range": [1, 5], "higher_means": texts.short("quarrel.higher_means"), "model": "reflective"}  # fmt: skip
    answers = {"min": 1, "max": 5, "labels": _labels(texts, "quarrel", range(1, 6))}
    events = {"loud": texts.long("quarrel.events.loud")}
    return _instrument(texts, "quarrel", events=events, answers=answers, items=items, scores=[score])


def _predictions(texts: Planted) -> dict[str, Any]:
    found = [{"id": "calm_anxious", "score": "calm", "with": "gad7_sum", "range": [-0.9, -0.1]}]
    apart = [{"id": "calm_lonely", "score": "calm", "with": "ucla3", "below": 0.85}]
    return {"id": "own", "title": texts.long("predictions.title"), "predictions": found, "discriminant": apart}


def _families(texts: Planted) -> list[dict[str, Any]]:
    def hypothesis(name: str, **more: Any) -> dict[str, Any]:
        words = {
            "id": name,
            "label": texts.short(f"{name}.label"),
            "claim": {"quotation": texts.short(f"{name}.quotation"), "document": "S0"},
            "estimand": texts.long(f"{name}.estimand"),
        }
        return FAMILY["hypotheses"][0] | words | more

    first = FAMILY | {"title": texts.short("family.title"), "hypotheses": [
        hypothesis("L1"),
        hypothesis("L2", predictor="calm", direction="negative", covariates=[{"name": "house", "type": "category"}]),
    ]}  # fmt: skip
    groups = {"model": "difference_of_groups", "predictor": "house", "groups": [1, 2], "direction": "positive"}
    second = FAMILY | {"family": "moods", "title": texts.long("family.long_title"), "confirmatory": False, "hypotheses": [
        hypothesis("M1", model="moderation", moderator="calm"),
        hypothesis("M2", **groups),
    ]}  # fmt: skip
    aside = {**FAMILY, "family": "aside", "title": texts.short("family.aside"), "correction": texts.short("family.correction"),
             "hypotheses": [hypothesis("X1")]}  # fmt: skip
    return [first, second, aside]


def _multiverse(texts: Planted) -> dict[str, Any]:
    scoring = [{"label": texts.short(f"multiverse.scoring.{k}")[:70], **more} for k, more in enumerate([{}, {"answered": "all"}])]  # fmt: skip
    kept = [{"label": texts.short(f"multiverse.exclusions.{k}")[:70], **more} for k, more in enumerate([{}, {"keep": ["old"]}])]  # fmt: skip
    most = {"regression": 4, "mixed": 2, "imputed": 2, "apart": 0}
    return {"hypotheses": ["L1"], "most": most, "choices": {"scoring": scoring, "exclusions": kept}}


# --- the export ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Export:
    """What both exports share: the names of further columns, and what people answered in words."""

    calm: tuple[str, ...]
    house: str
    houses: tuple[str, ...]
    pets: str
    kinds: tuple[str, ...]
    quarrel: tuple[str, ...]
    total: str
    status: str
    preview: str
    unused: str
    nothing: str

    @property
    def names(self) -> list[str]:
        return [*self.calm, self.house, self.pets, *self.quarrel, self.total, self.status, self.unused]


def _export(texts: Planted) -> Export:
    def several(place: str, count: int) -> tuple[str, ...]:
        return tuple(texts.short(f"{place}.{k}") for k in range(1, count + 1))

    one = {name: texts.short(f"export.{name}") for name in ("house", "pets", "total", "status", "preview", "unused", "nothing")}  # fmt: skip
    return Export(
        calm=several("export.calm", 4),
        houses=several("export.houses", 3),
        kinds=several("export.kinds", 2),
        quarrel=several("export.quarrel", 2),
        **one,
    )


def _hostile_wave(study: Path, wave: str, number: int, export: Export, texts: Planted) -> None:
    """Further columns whose names, answers and questions are markup; participants' ids too."""
    place = study / f"data/waves/{wave}.csv"
    rows = list(csv.reader(io.StringIO(place.read_text(encoding="utf-8"))))
    rng = np.random.default_rng([9, number])
    body = [[_id(k), *row[1:], *_answers(export, row, k, rng)] for k, row in enumerate(rows[1:])]
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([[*rows[0], *export.names], *body])
    place.write_text(out.getvalue(), encoding="utf-8", newline="")
    path = place.with_suffix(".yaml")
    _write(path, yaml.safe_load(path.read_text(encoding="utf-8")) | _sidecar(wave, export, texts))
    seal(study, wave)


def _id(k: int) -> str:
    return (IDS + tuple(f"p{k:03} {KINDS[kind]}" for kind in SHORT) + tuple(f"p{k:03}" for k in range(60)))[k]


def _answers(export: Export, row: list[str], k: int, rng: np.random.Generator) -> list[str]:
    """Answers in the order of the export's names."""
    level = 3 - int(row[2])
    calm = [int(np.clip(level + rng.integers(-1, 2), 0, 3)) for _ in export.calm]
    calm[3] = 3 - calm[3]
    total = (sum(calm[:3]) + 3 - calm[3]) / 4
    pets = [";".join(export.kinds), export.kinds[0], export.kinds[1]][k % 3]
    status = export.preview if k == 59 else "0"
    rated = [str(rng.integers(1, 6)) for _ in export.quarrel]
    first = export.nothing if k == 5 else str(calm[0])
    stored = "" if k == 5 else f"{total:g}"
    return [first, *map(str, calm[1:]), export.houses[k % 3], pets, *rated, stored, status, f"{k} {KINDS['html']}"]


def _sidecar(wave: str, export: Export, texts: Planted) -> dict[str, Any]:
    """What a sidecar says of these columns, and in words."""
    words = {key: texts.long(f"{wave}.{key}") for key in ("population", "mode", "source", "licence", "contact", "consent")}  # fmt: skip
    headers = {export.calm[k]: f"calm_{k + 1:02}" for k in range(4)} | {export.house: "house"}
    headers |= {name: f"loud_quarrel_{k}" for k, name in enumerate(export.quarrel, start=1)}
    asked = [{"id": "calm"}, {"id": "home"}, {"id": "quarrel", "as": "loud"}]
    usual = [{"id": "gad7"}, {"id": "ucla3", "anchor_direction": "ascending"}, {"id": "background", "items": ["age"]}]
    return {
        "title": texts.short(f"{wave}.title"),
        **words,
        "headers": headers,
        "labels": {"house": {answer: code for code, answer in enumerate(export.houses, start=1)}},
        "multiple": {export.pets: {kind: f"pets_{k}" for k, kind in enumerate(export.kinds, start=1)}},
        "missing_codes": [export.nothing],
        "leave_out": [{"column": export.status, "values": [export.preview], "label": texts.short(f"{wave}.leave_out")}],
        "dropped": [{"column": texts.short(f"{wave}.dropped.column"), "reason": texts.short(f"{wave}.dropped.reason")}],
        "questions": {name: texts.long(f"{wave}.questions.{k}") for k, name in enumerate([*export.calm[:2], export.house])},
        "replaces": {item: texts.long(f"{wave}.replaces.{item}") for item in ("calm_01", "calm_02", "house")},
        "stored_totals": {export.total: "calm"},
        "instruments": [*usual, *asked],
    }  # fmt: skip


# --- plug-ins --------------------------------------------------------------------------------------------------------

FIGURE = """
from rejsens import style

TABLES = ("descriptives",)
SHOWS_PEOPLE = False
WORDS = {words!r}


@style.styled
def draw(*, descriptives, study, people=False):
    sheet = style.Sheet(style.PAGE, 70, study)
    axes = sheet.axes(20, sheet.top + 4, 120, 40 - sheet.top)
    axes.plot([0, 1], [0, 1], label=WORDS["legend"])
    axes.set(xlabel=WORDS["x"], ylabel=WORDS["y"])
    axes.set_xticks([0, 1], [WORDS["tick"], "b"])
    axes.legend()
    return style.Drawing(sheet.figure, alt=WORDS["alt"], data=descriptives[["label", "wave", "n"]], note=WORDS["note"])
"""
TABLE = """
from rejsens.layout import PrintedTable

TABLES = ("waves",)
WORDS = {words!r}


def lay_out(*, waves, study):
    rows = ((WORDS["cell"], WORDS["x"]), (WORDS["tick"], "1"))
    return PrintedTable(__doc__, (WORDS["y"], WORDS["legend"]), rows, ("left", "left"), general=(WORDS["note"],))
"""


def _module(texts: Planted, kind: str, source: str) -> str:
    """A plug-in of the study's own: its title and caption are its docstring."""
    words = {key: texts.short(f"{kind}.{key}") for key in ("legend", "x", "y", "tick", "cell")}
    words |= {key: texts.long(f"{kind}.{key}") for key in ("alt", "note")}
    title, caption = texts.short(f"{kind}.title"), texts.long(f"{kind}.caption")
    docstring = f"{title}\n\n{caption}\n" if kind == "figure" else title
    masked = docstring.replace("\\", "\\\\").replace('"""', "")
    return f'"""{masked}"""\n' + source.replace("{words!r}", repr(words))
