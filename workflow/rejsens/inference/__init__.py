"""Coefficients, intervals and verdicts of the hypothesis families: frames in, rows of the estimates table out.

`families.test_family` runs a family file; the other modules hold one method each.
"""

from rejsens.inference.correlation import correlations

__all__ = ["correlations"]
