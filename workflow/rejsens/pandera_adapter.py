"""Pandera without hypothesis, a library for tests that it imports wherever it is installed: a tenth of a second of each job."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def _hidden(library: str) -> Iterator[None]:
    """An import of the library fails, as where it is not installed; unless somebody has it already."""
    if library in sys.modules:
        yield
        return
    sys.modules[library] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[library]


with _hidden("hypothesis"):
    import pandera.pandas as pa
    from pandera.errors import SchemaErrors

__all__ = ["SchemaErrors", "pa"]
