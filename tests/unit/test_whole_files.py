"""Files that a person keeps are replaced whole, together, or not at all."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from rejsens.declarations import SHIPPED
from rejsens.whole_files import write_all_whole, write_whole

OWN_PLACES = {  # what writes in another way, and why that is whole as well
    "job.py": "the log of a job",
    "published.py": "beside its place, then moved",
    "run_lock.py": "a lock: its content only tells who holds it",
    "unfit_results.py": "a mark: that it is there is all it says",
    "whole_files.py": "this is the one place",
    "adding/ids.py": "a key file that must not be there yet; half of one is taken away",
    "adding/writing.py": "a shadow of the study in a folder of its own, thrown away",
    "sharing/writing.py": "a folder beside its place, moved when all its files are there",
    "sharing/data_package.py": "into the folder of sharing/writing.py",
    "sharing/psych_ds.py": "into the folder of sharing/writing.py",
    "sharing/ro_crate.py": "into the folder of sharing/writing.py",
}
IN_JOBS = {"codebook.py", "figure_files.py", "printed.py", "spreadsheet.py", "tabular.py", "pool.py"}  # see job.py
IN_MEMORY = {"submission.py", "importers/workbook.py"}


def test_several_files_change_together_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {tmp_path / "w1.csv": "new", tmp_path / "w1.yaml": "new"}
    for path in files:
        path.write_text("old")
    synced: list[int] = []

    def full_at_the_second(handle: int) -> None:
        synced.append(handle)
        if len(synced) == 2:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_at_the_second)
    with pytest.raises(OSError):
        write_all_whole(files)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"w1.csv": "old", "w1.yaml": "old"}


def test_whoever_has_the_old_file_open_goes_on_reading_it(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text("old")
    with path.open() as reader:
        write_whole(path, "new")
        assert reader.read() == "old"
    assert path.read_text() == "new" and [p.name for p in tmp_path.iterdir()] == ["plan.yaml"]


def test_permissions_links_and_pipes_stay_what_they_are(tmp_path: Path) -> None:
    kept, link = tmp_path / "kept", tmp_path / "link"
    kept.write_text("old")
    kept.chmod(0o600)
    link.symlink_to(kept)
    write_whole(link, "new")
    assert link.is_symlink() and kept.read_text() == "new" and kept.stat().st_mode & 0o777 == 0o600
    write_whole("/dev/null", "nowhere")
    assert not Path("/dev/null").is_file()
    before = os.umask(0o027)
    write_whole(tmp_path / "a/new", "x")
    os.umask(before)
    assert (tmp_path / "a/new").stat().st_mode & 0o777 == 0o640


def test_nothing_else_in_the_library_writes_files_by_itself() -> None:
    """A new place that writes must be whole too; a job's outputs are, wherever they are written."""
    library = SHIPPED / "workflow/rejsens"
    writes = re.compile(
        r"\.write_text\(|\.write_bytes\(|(?<!fd)open\([^)\n]*[\"'][wax]b?[\"']|\.to_csv\((?!index=|sep=|\))"
    )
    found = {
        path.relative_to(library).as_posix()
        for path in library.rglob("*.py")
        if writes.search(path.read_text(encoding="utf-8"))
    }
    assert found <= OWN_PLACES.keys() | IN_JOBS | IN_MEMORY, found - OWN_PLACES.keys() - IN_JOBS - IN_MEMORY
