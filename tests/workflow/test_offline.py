"""A run needs no network, and asks for none: the finished tiny study of the tests was made in an empty network namespace."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.offline import offline, refusal, tries

needs_namespace = pytest.mark.skipif(bool(refusal()), reason=f"no empty network namespace here: {refusal()}")
SPEAKING = re.compile(
    r"(socket|ssl|http|ftplib|smtplib|xmlrpc|requests|httpx|aiohttp|urllib3|asyncio|urllib\.request)\b"
)


@needs_namespace
def test_a_study_is_run_from_exports_to_report_without_a_network(finished_study: Path) -> None:
    report = finished_study / "results/report"
    assert report.joinpath("index.html").read_text(encoding="utf-8").startswith("<!")
    assert report.joinpath("report.pdf").read_bytes().startswith(b"%PDF")
    assert report.joinpath("report.docx").read_bytes().startswith(b"PK")
    assert tries(finished_study.parent / "network.txt") == 0


@needs_namespace
@pytest.mark.parametrize(
    "attempt",
    [
        "socket.create_connection(('192.0.2.1', 443), timeout=1)",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 9))",
    ],
    ids=["a connection", "a datagram"],
)
def test_an_attempt_that_is_kept_quiet_is_counted(attempt: str, tmp_path: Path) -> None:
    """As telemetry does it: failing without a word."""
    code = f"import contextlib, socket\nwith contextlib.suppress(OSError):\n    {attempt}"
    subprocess.run(offline([sys.executable, "-c", code], tmp_path / "counters"), check=True)
    assert tries(tmp_path / "counters") > 0
    subprocess.run(offline([sys.executable, "-c", "import socket"], tmp_path / "counters"), check=True)
    assert tries(tmp_path / "counters") == 0


def test_nothing_of_ours_can_speak_to_a_network() -> None:
    """Neither the run nor any other command: no module imports what opens a connection."""
    speaking = {}
    for path in sorted((ROOT / "workflow").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            found = set(filter(SPEAKING.match, names))
            speaking |= {str(path): found} if found else {}
    assert speaking == {}


def test_no_template_fetches_a_package_or_a_font() -> None:
    """typst downloads what is imported with an @; a page loads what stands in src or href of a style."""
    for path in sorted((ROOT / "workflow").rglob("*")):
        if path.suffix in {".typ", ".j2", ".py", ".css", ".js"}:
            text = path.read_text(encoding="utf-8")
            for fetched in ('"@preview/', 'src="http', "@import url(", "url(http", '<link rel="stylesheet" href="http'):
                assert fetched not in text, f"{path.name}: {fetched}"
