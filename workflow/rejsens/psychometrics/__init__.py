"""Psychometrics of one scale in one wave: factor models, reliability, item statistics, keying checks.

Every result states its n, the rows it lost and a status; ordinary data never raise, they get a status in words.
Items are keyed before they come here, and nothing here turns an item round.
"""

from rejsens.psychometrics import keying
from rejsens.psychometrics.engine.table import Parameter, Table
from rejsens.psychometrics.factor import cfa, fit_model
from rejsens.psychometrics.factor_model import FactorModel, Fit
from rejsens.psychometrics.invariance import Invariance, invariance
from rejsens.psychometrics.items import item_statistics, response_distribution
from rejsens.psychometrics.keying import item_keying, keying_check
from rejsens.psychometrics.nested import Difference, compare_models
from rejsens.psychometrics.reliability import Reliability, alpha, omega, spearman_brown
from rejsens.psychometrics.scale import assess

__all__ = [
    "Difference",
    "FactorModel",
    "Fit",
    "Invariance",
    "Parameter",
    "Reliability",
    "Table",
    "alpha",
    "assess",
    "cfa",
    "compare_models",
    "fit_model",
    "invariance",
    "item_keying",
    "item_statistics",
    "keying",
    "keying_check",
    "omega",
    "response_distribution",
    "spearman_brown",
]
