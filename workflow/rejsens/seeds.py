"""Where every random draw of the pipeline comes from: the study's one seed, and the name of the analysis."""

from __future__ import annotations

import hashlib

import numpy as np


def generator(seed: int, *analysis: str) -> np.random.Generator:
    """The random generator of one analysis: the study's seed and the names that identify the analysis.

    Two analyses never share a stream, and adding one changes no other.

    >>> int(generator(1, "H1", "2026a").integers(1000)) == int(generator(1, "H1", "2026a").integers(1000))
    True
    >>> float(generator(1, "H1").random()) == float(generator(1, "H2").random())
    False
    """
    name = hashlib.sha256("\x1f".join(analysis).encode()).digest()
    return np.random.default_rng([seed, int.from_bytes(name[:16], "big")])
