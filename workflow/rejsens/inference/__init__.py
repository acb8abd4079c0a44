"""Coefficients, intervals and verdicts of the hypothesis families: frames in, rows of the estimates table out.

`families.test_family` runs a family file; the other modules hold one method each. Nothing is imported here: a report that
names one interval need not wait for every model.
"""
