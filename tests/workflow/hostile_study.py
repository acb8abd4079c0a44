"""The tiny study with markup of every kind wherever somebody can write: titles, labels, instruments, answers, columns."""

from __future__ import annotations

import copy
import csv
import io
from pathlib import Path

import yaml

from rejsens.importers.cells import name_text
from tests.conftest import FAMILY, declare, seal, write_study

ATTACK = (
    '<script>window.hit=1</script><img src=x onerror="window.hit=1">]]>&amp; \'"> {{ 7*7 }} {% raw %} ${7*7} #let x = 1 #read("/etc/passwd") '
    "$\\frac{1}{$ *b* _i_ `c` \\input{/etc/passwd} \\write18{id} [red]r[/red] [x](javascript:window.hit=1) \u202elrev\u202c"
)
RUNS = '=HYPERLINK("http://example.org","go")'
ESCAPE = "\x1b[31mred\x1b]0;title\x07"
SEEN = "{{ 7*7 }}"  # what must stand in every document as it is


def text(name: str) -> str:
    """An attack that says where it was written."""
    return f"{name} {ATTACK}"


def write_hostile_study(study: Path) -> Path:
    """The tiny study, of one wave and with its own instrument, in which every text is an attack; all in it is allowed."""
    write_study(study, waves=2)
    config = yaml.safe_load((study / "config/config.yaml").read_text())
    config["study"] |= {"title": text("TITLE"), "description": RUNS + text(" DESCRIPTION"), "simulated": True}
    config["scores_shown"] = ["gad7_sum", "ucla3", "odd_mean"]
    config["screening"] = [{"id": "young", "label": text("RULE"), "check": "condition", "column": "age", "below": 20, "action": "flag"}]  # fmt: skip
    dump(study / "config/config.yaml", config)
    family = copy.deepcopy(FAMILY) | {"title": text("FAMILY")}
    family["hypotheses"][0] |= {"label": text("HYPOTHESIS"), "estimand": text("ESTIMAND"), "claim": {"quotation": ATTACK[:150], "document": "S0"}}  # fmt: skip
    family["hypotheses"][0]["outcome"] = "odd_mean"
    dump(study / "config/hypotheses/loneliness.yaml", family)
    dump(study / "schemas/instruments/odd.yaml", _instrument())
    for wave in ("w1", "w2"):
        _add_columns(study, wave)
    return study


def dump(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")


def _instrument() -> dict:
    answers = {"min": 1, "max": 3, "anchor_direction": "ascending", "anchors": {"min": text("LOWEST"), "max": RUNS}}
    colours = {1: text("COLOUR"), 2: RUNS, 3: "@SUM(1+1)*cmd|' /C calc'!A0"}
    items = [{"id": f"odd_{k:02}", "label": f"odd_{k}", "wording": text(f"WORDING{k}")} for k in range(1, 5)]
    colour = {"id": "colour", "label": "colour", "type": "category", "wording": RUNS, "answers": {"min": 1, "max": 3, "labels": colours}}  # fmt: skip
    score = {"id": "odd_mean", "label": text("SCORE"), "method": "mean", "items": [item["id"] for item in items], "min_answered": 3, "range": [1, 3], "higher_means": text("HIGHER"), "model": "reflective"}  # fmt: skip
    return {
        "id": "odd", "title": text("INSTRUMENT"), "version": ESCAPE_FREE, "citation": text("CITATION"), "stem": text("STEM"),
        "licence": {"terms": text("TERMS"), "permission_required": False, "notice": text("NOTICE")},
        "key": {"status": "user_supplied", "sources": [text("SOURCE")]}, "status_line": text("STATUS"),
        "answers": answers, "items": [*items, colour], "scores": [score],
    }  # fmt: skip


ESCAPE_FREE = '1"><b>'  # a version is short


def _add_columns(study: Path, wave: str) -> None:
    """Answers to the instrument under hostile column names, as hostile texts, and columns that nothing reads."""
    path = study / f"data/waves/{wave}.csv"
    rows = list(csv.reader(io.StringIO(path.read_text())))
    answers = {1: text("ANSWER"), 2: RUNS, 3: "-2+3"}
    names = {f"odd_{k:02}": f"Q{k} {ATTACK}" for k in range(1, 5)}
    rows[0] += [*names.values(), RUNS, f"free {ESCAPE}", "=cmd|'/C calc'!A0"]
    for k, row in enumerate(rows[1:]):
        level = int(row[2]) % 3 + 1
        row += [answers[(level + (k % (3 + n) == 0)) % 3 + 1] for n in range(4)]
        row += [str(k % 3 + 1), f"{ESCAPE} {ATTACK}", RUNS]
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    path.write_text(out.getvalue(), encoding="utf-8")
    sidecar = yaml.safe_load((study / f"data/waves/{wave}.yaml").read_text())
    declare(
        study, wave,
        title=text(f"WAVE{wave}"), population=text("POPULATION"), source=text("SOURCE"), contact="<b>@x", mode=RUNS,
        headers={name_text(column): item for item, column in names.items()} | {RUNS: "colour"},
        labels={"odd": {answer: code for code, answer in answers.items()}, "colour": {str(k): k for k in (1, 2, 3)}},
        instruments=[*sidecar["instruments"], {"id": "odd"}],
    )  # fmt: skip
    seal(study, wave)
