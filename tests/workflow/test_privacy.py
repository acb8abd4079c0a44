"""Planted names, addresses, numbers, places, days of birth and ids: in no stored wave, log, temporary file or sentence.

They are looked for when a wave is added, from an export of every platform that is read, and when it is refused. What a run
makes of such waves is looked through in test_privacy_of_a_run.py.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pyreadstat
import pytest
import yaml

from rejsens.adding.session import How
from rejsens.importers import PANELS, PLATFORMS, open_export, recognise
from tests.canaries import (
    CODE,
    DAYS,
    EMAIL,
    EXPORTS,
    FIRST,
    IP,
    ITEMS,
    KEPT,
    LAST,
    PHONE,
    N,
    canaries_below,
    found_in,
    plain,
    qualtrics,
    redcap,
    table,
    texts_of,
)
from tests.planted_study import CELLS, added, place_in

ONLY_WHERE_KEPT = {"study/data/waves/w1.csv": set(KEPT)}


def test_the_search_finds_what_is_there(tmp_path: Path) -> None:
    """In every form in which the pipeline writes; or the tests below could not fail."""
    frame = pd.DataFrame({"who": [FIRST[0]], "x": [1.0]})
    frame.to_parquet(tmp_path / "a.parquet", compression="zstd")
    frame.to_excel(tmp_path / "b.xlsx", index=False)
    pyreadstat.write_sav(frame, tmp_path / "c.sav", compress=True)
    (tmp_path / "d.log").write_text(f"... {EMAIL[0]} ...")
    (tmp_path / "e.pdf").write_bytes(b"%PDF-1.7\nstream\n" + zlib.compress(IP[0].encode()) + b"\nendstream")
    (tmp_path / f"{LAST[0]}.txt").write_text("")
    (tmp_path / "g.txt").write_text("nothing here")
    assert set(canaries_below(tmp_path)) == {"a.parquet", "b.xlsx", "c.sav", "d.log", "e.pdf", f"{LAST[0]}.txt"}


# --- every platform --------------------------------------------------------------------------------------------------


def test_an_export_with_canaries_stands_for_every_platform_and_panel() -> None:
    assert set(EXPORTS) == {*PLATFORMS, *PANELS}


@pytest.mark.parametrize("platform", EXPORTS)
def test_the_planted_exports_are_those_of_their_platforms_with_every_identifying_column(
    tmp_path: Path, platform: str
) -> None:
    path, flags = EXPORTS[platform](tmp_path)
    module = (PLATFORMS | PANELS)[platform]
    path = flags["joins"][0] if platform in PANELS else path
    assert recognise(path)[0] == platform
    export = open_export(path)
    assert set(module.PERSONAL) <= set(export.columns)
    assert all(found_in(str(export.cells[name].to_pylist())) for name in module.PERSONAL)
    assert bool(flags.get("companion")) == bool(module.COMPANION)
    assert not module.COMPANION or found_in(flags["companion"].read_text())


# --- adding, with every temporary file kept for the search -----------------------------------------------------------


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    return place_in(tmp_path, monkeypatch)


@pytest.fixture
def add(place: SimpleNamespace, capfd: pytest.CaptureFixture[str]) -> Callable[..., SimpleNamespace]:
    def add_(export: Path, name: str = "w1", how: How | None = None, **flags: Any) -> SimpleNamespace:
        capfd.readouterr()
        code = added(place, export, name, how, **flags)
        said = capfd.readouterr()
        return SimpleNamespace(code=code, said=said.out + said.err)

    return add_


@pytest.mark.parametrize("platform", EXPORTS)
def test_nothing_personal_comes_in_with_a_wave(place: SimpleNamespace, add: Callable, platform: str) -> None:
    path, flags = EXPORTS[platform](place.raw)
    assert canaries_below(place.raw)
    added = add(path, **flags)
    assert added.code == 0, added.said
    assert found_in(added.said) == set()
    left = canaries_below(place.kept)
    assert {file for file in left if "temporary" not in file} <= set(ONLY_WHERE_KEPT) and set().union(
        *left.values()
    ) <= set(KEPT)
    stored = pd.read_csv(place.study / "data/waves/w1.csv", dtype=str)
    assert (
        len(stored) == N
        and stored.iloc[:, stored.columns.str.startswith("gad7_01") | stored.columns.str.contains("gad7_01")]
        .notna()
        .all()
        .all()
    )
    sidecar = yaml.safe_load((place.study / "data/waves/w1.yaml").read_text())
    assert sidecar["participant"]["key_fingerprint"] and len(sidecar["dropped"]) >= 2
    if "1987" in "".join(text for path in place.raw.iterdir() for text in texts_of(path.read_bytes())):
        assert stored["year_of_birth"].tolist() == ["1987"] * N  # of an exact day of birth, the year stays
    listed = {entry["column"] for entry in sidecar["dropped"]}
    said = " ".join(added.said.split())
    assert [name for name in listed if ": " not in name and not name.startswith("column ") and name not in said] == []


# --- refused ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("item", ["gad7_03", "age"])
def test_an_answered_question_with_personal_data_is_refused_unquoted(
    place: SimpleNamespace, add: Callable, kind: str, item: str
) -> None:
    path, flags = qualtrics(place.raw, **{item: [*ITEMS[item][:9], CELLS[kind], *ITEMS[item][10:]]})
    refused = add(path, **flags)
    assert refused.code == 1 and "13" in refused.said  # the row, behind three header rows
    assert found_in(refused.said) == set() and canaries_below(place.kept) == {}
    assert not (place.study / "data/waves/w1.csv").exists()
    drafted = add(path, how=How(draft=True), **flags)
    assert found_in(drafted.said) == set() and canaries_below(place.kept / "home") == {}
    assert canaries_below(place.study) == {}


def headed(folder: Path) -> tuple[Path, dict[str, Any]]:
    path = folder / "e.csv"
    path.write_text(
        table({"id": CODE, **ITEMS, EMAIL[0]: [1] * N, f"about {LAST[0]}": [2] * N, "last name": LAST}).replace(
            "gad7_05", f"gad7_05 {EMAIL[1]}"
        )
    )
    return path, {"participant": "id", "pairs": [f"gad7_05 {EMAIL[1]}=gad7_05"], **DAYS}


def twice(folder: Path) -> tuple[Path, dict[str, Any]]:
    path = folder / f"{EMAIL[0]}.csv"
    path.write_text(f"id,{EMAIL[0]},{EMAIL[0]}\n{CODE[0]},1,2\n")
    return path, {"participant": "id", **DAYS}


def ragged(folder: Path) -> tuple[Path, dict[str, Any]]:
    path = folder / f"{FIRST[0]}.csv"
    path.write_text(f"id,name,mail\n{CODE[0]},{LAST[0]},{EMAIL[0]},{PHONE[0]}\n{CODE[1]}\n")
    return path, {"participant": "id", **DAYS}


def picture(folder: Path) -> tuple[Path, dict[str, Any]]:
    path = folder / f"{FIRST[0]} {LAST[0]}.csv"
    path.write_bytes(b"%PDF-1.7 " + EMAIL[0].encode())
    return path, {}


def absent(folder: Path) -> tuple[Path, dict[str, Any]]:
    return folder / f"{FIRST[0]} {LAST[0]}.csv", {}


def odd_choices(folder: Path) -> tuple[Path, dict[str, Any]]:
    return redcap(folder, f"0, never | 1, some days | 2, more days | 3, ask {EMAIL[0]}")


def broken_companion(folder: Path) -> tuple[Path, dict[str, Any]]:
    path, flags = redcap(folder)
    flags["companion"].write_text(f"{EMAIL[0]},{LAST[0]}\n1,2\n")
    return path, flags


def kept_words(folder: Path) -> tuple[Path, dict[str, Any]]:
    path, flags = plain(folder)
    text = path.read_bytes().replace(b"my boss, Mr Fothergill, shouts at me 3", EMAIL[3].encode())
    path.write_bytes(text)
    return path, flags | {"keep_text": ["notiz"]}


def damaged_ids(folder: Path) -> tuple[Path, dict[str, Any]]:
    path = folder / "e.csv"
    path.write_text(table({"mail": [*EMAIL[:5], "", "1.23E+05", *EMAIL[7:]], **ITEMS}))
    return path, {"participant": "mail", **DAYS}


def same_person(folder: Path) -> tuple[Path, dict[str, Any]]:
    path = folder / "e.csv"
    path.write_text(table({"mail": [*EMAIL[:-1], EMAIL[0]], **ITEMS}))
    return path, {"participant": "mail", **DAYS}


def kept_ids(folder: Path) -> tuple[Path, dict[str, Any]]:
    path = folder / "e.csv"
    path.write_text(table({"mail": EMAIL, **ITEMS}))
    return path, {"participant": "mail", "ids": "keep", **DAYS}


def few_labels(folder: Path) -> tuple[Path, dict[str, Any]]:
    path = folder / "e.csv"
    path.write_text(table({"id": CODE, **ITEMS, "gad7_02": [f"the wigeon {i // 5}" for i in range(N)]}))
    return path, {"participant": "id", **DAYS}


@pytest.mark.parametrize(
    "export",
    [
        headed,
        twice,
        ragged,
        picture,
        absent,
        odd_choices,
        broken_companion,
        kept_words,
        damaged_ids,
        same_person,
        kept_ids,
        few_labels,
    ],
    ids=lambda function: function.__name__,
)
def test_no_refusal_tells_what_it_refuses(place: SimpleNamespace, add: Callable, export: Callable) -> None:
    path, flags = export(place.raw)
    refused = add(path, **flags)
    assert refused.code in (1, 2), refused.said
    assert "Nothing was written" in refused.said and found_in(refused.said) == set(), refused.said
    assert canaries_below(place.kept) == {}


def test_a_wave_whose_data_would_not_be_simulated_shows_no_more(place: SimpleNamespace, add: Callable) -> None:
    settings = place.study / "config/config.yaml"
    settings.write_text(settings.read_text().replace("simulated: true", "simulated: false"))
    path, flags = qualtrics(place.raw)
    added = add(path, **flags)
    assert added.code == 0 and found_in(added.said) == set() and canaries_below(place.kept) == {}
