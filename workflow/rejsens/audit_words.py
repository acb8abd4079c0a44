"""What the audit trail says of a study. Snakemake sets that page from reStructuredText, which can run scripts and read files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any


def audit_words(own: Mapping[str, Any]) -> dict[str, Any]:
    """Title and origin of a study, as the template of the page takes them.

    own   the settings under `study:`

    >>> audit_words({"title": "Calm", "simulated": False})
    {'title': 'Calm', 'simulated': False}
    """
    return {"title": literal(own["title"]), "simulated": own["simulated"]}


def literal(text: str) -> str:
    r"""A text as reStructuredText that shows it on one line: no markup, no address and no directive is read in it.

    >>> print(literal("*Calm*_ at\n\n.. raw:: html"))
    \*Calm\*\_ at \.\. raw\:\: html
    """
    return re.sub(r"[^\w\s]|_", r"\\\g<0>", " ".join(text.split()))
