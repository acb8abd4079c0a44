"""Who is drawn in a bootstrap of people, with replacement: counts of many draws."""

from __future__ import annotations

import numpy as np

AT_ONCE = 65_536  # random numbers at a time: counts of a byte then stay where a processor has them at hand


def times_drawn(people: int, draws: int, rng: np.random.Generator) -> np.ndarray:
    """How often each person is drawn, each of them once on average.

    returns   (draws, people) uint8; nobody is ever drawn 256 times. The random numbers are those of `draws` calls of
              ``rng.integers(0, people, size=people)``

    >>> times_drawn(4, 2, np.random.default_rng(1)).sum(axis=1).tolist()
    [4, 4]
    """
    counts = np.zeros((draws, people), dtype=np.uint8)
    flat = counts.reshape(-1)
    for start in range(0, flat.size, AT_ONCE):
        end = min(start + AT_ONCE, flat.size)
        draw = np.arange(start // people, (end - 1) // people + 1) * people  # where each draw begins
        sizes = np.minimum(draw + people, end) - np.maximum(draw, start)
        np.add.at(flat, rng.integers(0, people, size=end - start) + np.repeat(draw, sizes), np.uint8(1))
    return counts
