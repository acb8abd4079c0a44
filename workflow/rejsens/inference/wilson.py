"""Wilson's interval of a share. A report that prints one need not wait for the models beside it."""

from __future__ import annotations

import math

from scipy.special import ndtri


def wilson_interval(share: float, n: int, level: float = 0.95) -> tuple[float, float]:
    """(p + z^2 / 2n -+ z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n), kept within 0 and 1.

    share, n   p, 0 .. 1, of n people who answered, one or more; level of the interval, such as 0.95
    source     Wilson (1927), Journal of the American Statistical Association, 22, 209-212
    checked against the formula by hand (tests/unit/test_printed_tables.py)

    >>> [round(end, 4) for end in wilson_interval(0.0, 10)]
    [0.0, 0.2775]
    """
    z = float(ndtri(0.5 + level / 2))
    centre = share + z * z / (2 * n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    low, high = (centre - half) / (1 + z * z / n), (centre + half) / (1 + z * z / n)
    return max(0.0, float(low)), min(1.0, float(high))
