"""One study with planted personal data of every platform, run, exported, compared and explained: they are in nothing of it.

A wave of each platform is added, and an export of each is also read where it lies, personal columns and all. Snakemake runs
a few steps, for its records, logs and terminal; every step is then done in one process. Everything is made under umask 000,
so that only what the software shuts itself is closed.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from rejsens.commands.export import MADE
from rejsens.importers import PLATFORMS
from rejsens.sharing.package import Package, full_package
from rejsens.sharing.writing import FORMATS, write_export
from tests.canaries import CODE, EXPORTS, GAD7, ITEMS, KEPT, canaries_below, found_in, table
from tests.conftest import declare, in_one_process, rejsens, rejsens_here, seal, write_study
from tests.planted_study import CELLS, IDS, added, place_in, read_where_it_lies

RUN = [f"results/waves/{wave}/variables.csv" for wave in ("qualtrics", "raw_qualtrics")]  # by Snakemake
TO_SHARE = ("results/", "data/codebook/", "config/", "data/waves/")  # below the study; of the last only the sidecars


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """The study after everything that can be done with it; `said`: all that stood in the terminal."""
    before = os.umask(0)
    with pytest.MonkeyPatch.context() as monkeypatch:
        place = place_in(tmp_path_factory.mktemp("planted"), monkeypatch)
        place.said = _add_every_platform(place)
        place.key = next((place.home / "rejsens").glob("*.key"))
        for day, platform in enumerate(PLATFORMS, start=1):
            read_where_it_lies(place, platform, f"raw_{platform}", day, place.key.read_bytes().strip())
        _run(place)
        _hand_on(place)
        _ask_about(place)
        yield place
    os.umask(before)


def _run(place: SimpleNamespace) -> None:
    environment = {"XDG_CONFIG_HOME": str(place.home), "TMPDIR": str(place.temporary)}
    for words in (["check", "."], ["run", "--audit", "--cores", "2", *RUN]):
        done = rejsens(place.study, *words, **environment)
        place.said += done.stdout + done.stderr
        assert done.returncode == 0, done.stdout + done.stderr
    done = in_one_process(place.study, **environment)
    place.said += done.stdout + done.stderr
    assert done.returncode == 0, done.stderr


def _add_every_platform(place: SimpleNamespace) -> str:
    said = io.StringIO()
    for day, (platform, export) in enumerate(EXPORTS.items(), start=1):
        folder = place.raw / platform
        folder.mkdir()
        path, flags = export(folder)
        (folder / "maps.yaml").write_text("replaces: {gad7: planted words differ, age: planted words differ}\n")
        flags = {"participant": IDS[platform]} | flags | {"maps": [folder / "maps.yaml"]}
        flags |= {"dates_from": f"2026-11-{day:02}", "dates_to": f"2026-11-{day:02}"}
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            assert added(place, path, platform, **flags) == 0, said.getvalue()
    return said.getvalue()


def _hand_on(place: SimpleNamespace) -> None:
    """Every kind of export as the command makes it, with a record of the public copy, in every format."""
    place.exports, said = place.kept / "exports", io.StringIO()
    package = full_package(place.study, wording=True)

    def in_every_format(made: Package) -> dict[str, str]:
        written = {
            name: write_export(made, name, place.exports / f"{made.kind}-{name}", place.study) for name in FORMATS
        }
        return written["csv"]

    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        for make in MADE.values():
            make(package, place.study, in_every_format)
    place.said += said.getvalue()


def _ask_about(place: SimpleNamespace) -> None:
    """What the commands that look at finished results say: of these, and of others that differ in data and results."""
    other = place.kept / "other"
    shutil.copytree(place.study, other, symlinks=True)
    sample = other / "results/descriptives.csv"
    frame = pd.read_csv(sample)
    frame.assign(mean=frame["mean"] + 1).to_csv(sample, index=False)
    sidecar = other / "data/waves/plain.csv"
    sidecar.write_text(sidecar.read_text().replace(",3,", ",2,", 1))
    asked = (["verify", "."], ["verify", str(other)], ["compare", ".", str(other), "--out", str(place.kept / "moved.csv")],
             ["explain", "results/descriptives.csv", "--study", str(other)], ["diff-wave", "plain", "--each"],
             ["diff-wave", "raw_spss", "raw_plain", "--format", "html"], ["check", ".", "--format", "html", "--out", str(place.kept / "check.html")])  # fmt: skip
    for words in asked:
        done = rejsens_here(place.study, *words)
        assert done.stdout + done.stderr and not done.stdout.startswith("Traceback")
        place.said += done.stdout + done.stderr


def test_everything_that_could_hold_a_canary_was_made(finished: SimpleNamespace) -> None:
    made = {path.relative_to(finished.kept).as_posix() for path in finished.kept.rglob("*")}
    forms = ("report/index.html", "report/report.pdf", "report/report.docx", "report/audit.html", "report/provenance.json",
             "manuscript/submission.zip", "manuscript/draft.docx", "manuscript/numbers.json", "codebook/codebook.xlsx",
             "codebook/codebook.html", "codebook/codebook.jsonld", "participants/scores.sav", "participants/figures", "manifest.json")  # fmt: skip
    assert {f"study/results/{form}" for form in forms} <= made
    waves = {f"study/data/waves/{name}.yaml" for name in (*EXPORTS, *(f"raw_{platform}" for platform in PLATFORMS))}
    assert waves <= made and {f"study/data/codebook/{platform}.csv" for platform in EXPORTS} <= made
    assert any(name.startswith("study/logs/validate_wave") for name in made) and "study/.snakemake/metadata" in made
    assert len(pd.read_csv(finished.study / "results/waves.csv")) == len(waves)
    assert {f"exports/{kind}-{name}" for kind in MADE for name in FORMATS} <= made


def test_nothing_personal_reaches_results_exports_logs_records_or_the_terminal(finished: SimpleNamespace) -> None:
    assert found_in(finished.said) == set()
    left = canaries_below(finished.kept)
    kept = {name: found for name, found in left.items() if name.endswith("data/waves/plain.csv") and found == set(KEPT)}
    temporary = {name for name, found in left.items() if name.startswith("temporary/") and found == set(KEPT)}
    assert kept and {name: found for name, found in left.items() if name not in {*kept, *temporary}} == {}


def test_the_key_and_the_secret_of_releases_stand_in_their_own_files_only(finished: SimpleNamespace) -> None:
    (secret,) = (finished.home / "rejsens/releases").rglob("secret")
    texts = {str(file.relative_to(finished.kept)): file.read_text().strip() for file in (finished.key, secret)}
    halves = {name: (text[:32].casefold(), text[32:].casefold()) for name, text in texts.items()}
    planted = [half for pair in halves.values() for half in pair]
    assert {len(half) for half in planted} == {32} and found_in(finished.said, planted) == set()
    assert canaries_below(finished.kept, planted) == {name: set(pair) for name, pair in halves.items()}
    raw = [bytes.fromhex(text) for text in texts.values()]
    files = [path for path in finished.kept.rglob("*") if path.is_file()]
    assert [path for path in files if any(key in path.read_bytes() for key in raw)] == []


def open_to_others(top: Path) -> set[str]:
    """Files and folders below `top` that another user of the computer could reach, by the modes of all that is above them."""
    found, waiting = set(), [top]
    while waiting:
        path = waiting.pop()
        if not path.is_symlink() and path.stat().st_mode & 0o077:
            found.add(path.relative_to(top).as_posix())
            waiting += path.iterdir() if path.is_dir() else []
    return found


def test_rows_of_people_are_closed_to_others_under_any_umask(finished: SimpleNamespace) -> None:
    study = open_to_others(finished.study) - {"."}
    inner = {name for name in study if (finished.study / name).is_file()}
    assert {name for name in inner if not name.startswith(TO_SHARE)} == set()
    assert {
        name for name in inner if name.startswith("results/participants") or name.endswith("waves/plain.csv")
    } == set()
    stored = {name for name in inner if name.startswith("data/waves/")}
    assert stored and {Path(name).suffix for name in stored} == {".yaml"}
    assert not {"logs", ".snakemake", "results/participants"} & study and "results/sample.csv" in study


def test_keys_records_exports_of_rows_and_temporary_files_are_closed_to_others(finished: SimpleNamespace) -> None:
    assert open_to_others(finished.temporary) == {"."}
    assert open_to_others(finished.home / "rejsens") == set()
    exports = {name.partition("/")[0] for name in open_to_others(finished.exports)} - {"."}
    assert exports == {f"{kind}-{name}" for kind in ("public", "synthetic") for name in FORMATS}
    for name in ("moved.csv", "check.html"):  # both name participants, or what few of them answered
        assert stat.S_IMODE((finished.kept / name).stat().st_mode) == 0o600, name


def test_a_run_that_fails_repeats_no_cell_that_tells_of_somebody(tmp_path: Path) -> None:
    """Answers where names, addresses, numbers and days of birth stand: told by row, in the terminal and in the logs."""
    study = write_study(tmp_path / "study", waves=1)
    shutil.rmtree(study / "config/hypotheses")
    settings = study / "config/config.yaml"
    settings.write_text(settings.read_text().replace("- ucla3\n", ""))
    columns = {"id": list(range(1000, 1000 + len(CODE)))} | {item: list(ITEMS[item]) for item in (*GAD7, "age")}
    for row, cell in enumerate(CELLS.values(), start=1):
        columns["gad7_03"][row] = columns["age"][row] = cell
    (study / "data/waves/w1.csv").write_text(table(columns))
    declare(study, "w1", instruments=[{"id": "gad7"}, {"id": "background", "items": ["age"]}])
    seal(study, "w1")
    assert canaries_below(study).keys() == {"data/waves/w1.csv"}
    done = rejsens(study, "run", "--cores", "1", "results/flow.csv")
    assert done.returncode == 1 and "gad7_03" in done.stderr and "row" in done.stderr
    assert found_in(done.stdout + done.stderr) == set()
    assert canaries_below(study).keys() == {"data/waves/w1.csv"} and list((study / "logs").rglob("*.log"))
