"""Missing answers: their pattern, Little's test, multiple imputation by chained equations, Rubin's rules.

Frames go in, one row per person; nothing here fills a gap unless `impute` is asked to.
"""

from rejsens.missing.imputation import Imputations, impute
from rejsens.missing.little import LittleTest, little_test
from rejsens.missing.patterns import MissingPatterns, missing_patterns
from rejsens.missing.pooling import enough_imputations, pool, pool_test
from rejsens.missing.predictors import choose_predictors

__all__ = [
    "Imputations",
    "LittleTest",
    "MissingPatterns",
    "choose_predictors",
    "enough_imputations",
    "impute",
    "little_test",
    "missing_patterns",
    "pool",
    "pool_test",
]
