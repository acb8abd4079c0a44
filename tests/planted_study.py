"""A study into which waves with planted personal data are added: every temporary file stays, to be searched.

The run of it, with everything that comes after, is in tests/workflow/test_privacy_of_a_run.py.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from rejsens.adding import session, writing
from rejsens.adding.ids import fingerprint
from rejsens.adding.request import request_of
from rejsens.adding.session import How, add_to
from rejsens.problems import Refused
from tests.canaries import BORN, EMAIL, EXPORTS, IP, LAST, LATITUDE, LONGITUDE, PHONE, PID, RESPONSE, WORDS

# what a sidecar by hand has to say of an export that is read where it lies: the column of ids
IDS = {"qualtrics": "ResponseId", "redcap": "record_id", "limesurvey": "token", "google_forms": "Email Address", "formr": "session",
       "spss": "id", "excel": "participant", "plain": "id", "prolific": "PROLIFIC_PID", "mturk": "workerId"}  # fmt: skip

# cells that tell who somebody is, for a row of an answered question
CELLS = {
    "e-mail": EMAIL[7], "phone": PHONE[7], "dialled": "01705550007", "name": LAST[7], "ip": IP[7], "id": PID[7], "response": RESPONSE[7],
    "born": BORN[7], "place": f"{LATITUDE[7]}, {LONGITUDE[7]}", "words": WORDS[7], "long": "4917055500077",
}  # fmt: skip


def place_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A study, a home for keys, and a folder in which every temporary file stays."""
    place = SimpleNamespace(raw=folder / "raw", kept=folder / "kept")
    place.study, place.temporary = place.kept / "study", place.kept / "temporary"
    place.home = place.kept / "home"
    for made in (place.raw, place.study / "config", place.temporary):
        made.mkdir(parents=True)
    settings = {
        "study": {"title": "Canaries", "simulated": True},
        "screening": [],
        "out_of_range": "missing",
        "sample_table": ["age"],
        "scores_shown": ["gad7_sum"],
        "sharing": {"k": 2, "set_aside_at_most": 1.0, "coarsen": {"age": {"drop": True}}},
    }
    (place.study / "config/config.yaml").write_text(yaml.safe_dump(settings))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(place.home))
    monkeypatch.delenv("REJSENS_ID_KEY", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(place.temporary))

    @contextmanager
    def kept_folder(prefix: str = "") -> Iterator[str]:
        yield tempfile.mkdtemp(prefix=prefix)

    monkeypatch.setattr(writing.tempfile, "TemporaryDirectory", kept_folder)
    return place


def added(place: SimpleNamespace, export: Path, name: str = "w1", how: How | None = None, **flags: Any) -> int:
    """Add a wave in this process; the exit code."""
    try:
        return add_to(place.study, request_of(export=export, name=name, **flags), how or How())
    except Refused as refused:
        return session.tell(refused)


def read_where_it_lies(place: SimpleNamespace, platform: str, wave: str, day: int, key: bytes, **more: Any) -> None:
    """A wave whose sidecar, written by hand, points at an export as its platform wrote it, personal columns and all."""
    folder = place.raw / wave
    folder.mkdir()
    path, flags = EXPORTS[platform](folder)
    path = path.rename(folder / f"export{path.suffix}")
    sidecar: Mapping[str, Any] = {
        "title": f"Wave {wave}", "platform": "plain" if "joins" in flags else platform, "file": str(path),
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "simulated": True, "replaces": {"gad7": "planted words"},
        "participant": {"column": IDS[platform], "hash": True, "key_fingerprint": fingerprint(key)},
        "headers": dict(pair.rsplit("=", 1) for pair in flags.get("pairs", ()) if "=gad7" in pair),
        "collected": {"from": f"2027-01-{day:02}", "to": f"2027-01-{day:02}"}, "instruments": [{"id": "gad7"}],
    }  # fmt: skip
    (place.study / f"data/waves/{wave}.yaml").write_text(yaml.safe_dump(sidecar | more, allow_unicode=True))
