"""The only module that imports pingouin; nothing of it leaves here but plain numbers.

pingouin 0.7 rounds its CI95 column to two decimals unless told not to (and to six even then), and its column names
differ between functions; tests/unit/test_inference.py checks what is relied on.
"""

from __future__ import annotations

import functools
from types import ModuleType


@functools.cache
def pingouin() -> ModuleType:
    """pingouin at full precision; imported on first use, because the import takes most of a second.

    >>> pingouin().options["round.column.CI95"] is None
    True
    """
    import pingouin as pg

    pg.options["round.column.CI95"] = None
    return pg


def power_of_correlation(
    r: float | None = None, n: float | None = None, power: float | None = None, alpha: float = 0.05
) -> float:
    """Whichever of r, n and power is None, for the two-sided test of a correlation.

    method    t approximation with the small-sample bias of Fisher's z, as R's pwr::pwr.r.test

    >>> round(power_of_correlation(r=0.10, power=0.80))
    782
    """
    return float(pingouin().power_corr(r=r, n=n, power=power, alpha=alpha))
