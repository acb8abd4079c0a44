"""Adding a wave in this process, for tests: exports of a few people, the command, and what a refusal leaves behind."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from tests.conftest import contents

from rejsens.adding import session
from rejsens.adding.request import request_of
from rejsens.adding.session import How, add_to
from rejsens.problems import Refused

GAD7 = [f"gad7_{i:02}" for i in range(1, 8)]
UCLA3 = [f"ucla3_{i:02}" for i in range(1, 4)]
DAYS = {"dates_from": "2026-03-02", "dates_to": "2026-03-09"}
Add = Callable[..., SimpleNamespace]


def adder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Add:
    """`rejsens add-wave` in this process: exit code, everything printed, the sidecar written."""

    def add_(
        study: Path, export: str | bytes | Path, name: str = "w3", how: How | None = None, **flags: Any
    ) -> SimpleNamespace:
        path = export
        if not isinstance(export, Path):
            path = tmp_path / f"download_{name}.csv"
            path.write_bytes(export.encode() if isinstance(export, str) else export)
        capsys.readouterr()
        try:
            code = add_to(study, request_of(export=path, name=name, **flags), how or How())
        except Refused as refused:
            code = session.tell(refused)
        said = capsys.readouterr()
        sidecar = study / f"data/waves/{name}.yaml"
        written = yaml.safe_load(sidecar.read_text(encoding="utf-8")) if sidecar.exists() else None
        return SimpleNamespace(
            code=code, out=said.out, err=said.err, all=" ".join((said.out + said.err).split()), sidecar=written
        )

    return add_


def answers(people: int = 12, first: int = 0, **more: Sequence[object]) -> dict[str, Sequence[object]]:
    """Plain columns of people p000, p001, …, whose answers are all in range and not all alike."""
    rows = range(first, first + people)
    columns: dict[str, Sequence[object]] = {"id": [f"p{i:03}" for i in rows], "age": [20 + i % 40 for i in rows]}
    columns |= {item: [(i + k) % 4 for i in rows] for k, item in enumerate(GAD7)}
    columns |= {item: [1 + (i + k) % 3 for i in rows] for k, item in enumerate(UCLA3)}
    return columns | more


def qualtrics(columns: dict[str, Sequence[object]], questions: dict[str, str] | None = None) -> str:
    rows = list(zip(*columns.values(), strict=True))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(list(columns))
    writer.writerow([(questions or {}).get(name, name) for name in columns])
    writer.writerow([f'{{"ImportId":"QID{k}"}}' for k in range(len(columns))])
    writer.writerows(rows)
    return text.getvalue()


def renamed(columns: dict[str, Sequence[object]], **names: str) -> dict[str, Sequence[object]]:
    return {names.get(name, name): cells for name, cells in columns.items()}


def blocked(proposed: SimpleNamespace, study: Path, sentence: str, before: dict[str, str] | None = None) -> None:
    """Refused with this sentence; the study is as it was, and no file lies about."""
    assert proposed.code == 1, proposed.all
    assert sentence in proposed.all, proposed.all
    assert proposed.sidecar is None and "Nothing was written" in proposed.err
    if before is not None:
        assert contents(study) == before
