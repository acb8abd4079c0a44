"""Psychometrics of one scale in one wave: factor models, reliability, item statistics, keying checks.

Every result states its n, the rows it lost and a status; ordinary data never raise, they get a status in words.
Items are keyed before they come here, and nothing here turns an item round.
"""

from rejsens.psychometrics import keying
from rejsens.psychometrics.agreement import error_from_reliability, icc, measurement_error, test_retest
from rejsens.psychometrics.careless import Careless, careless
from rejsens.psychometrics.dimensionality import (
    MinimumAveragePartial,
    ParallelAnalysis,
    SamplingAdequacy,
    minimum_average_partial,
    parallel_analysis,
    sampling_adequacy,
)
from rejsens.psychometrics.discriminant import disattenuated_correlations, htmt
from rejsens.psychometrics.engine.table import Parameter, Table
from rejsens.psychometrics.exploratory import ExploratoryFit, ExploratoryModel, efa
from rejsens.psychometrics.factor import cfa, fit_model
from rejsens.psychometrics.factor_model import FactorModel, Fit
from rejsens.psychometrics.factor_reliability import coefficient_h, omega, one_factor_coefficients
from rejsens.psychometrics.general_factor import omega_bifactor, omega_general
from rejsens.psychometrics.generalisability import generalisability, omega_within_between, variance_components
from rejsens.psychometrics.graded import GradedModel, graded_response
from rejsens.psychometrics.invariance import Invariance, invariance
from rejsens.psychometrics.items import item_statistics, response_distribution
from rejsens.psychometrics.keying import item_keying, keying_check
from rejsens.psychometrics.local_dependence import LocalDependence, local_dependence
from rejsens.psychometrics.method_variance import marker_check, single_factor_check
from rejsens.psychometrics.mokken import Scalability, scalability
from rejsens.psychometrics.nested import Difference, compare_models
from rejsens.psychometrics.ordered_reliability import categorical_omega, ordinal_alpha
from rejsens.psychometrics.partial_invariance import partial_invariance
from rejsens.psychometrics.person_fit import person_fit, person_fit_over
from rejsens.psychometrics.predictions import ConstructValidity, Prediction, check_predictions
from rejsens.psychometrics.reliability import Reliability, alpha, reliability_table, spearman_brown
from rejsens.psychometrics.scale import assess
from rejsens.psychometrics.schmid_leiman import omega_schmid_leiman
from rejsens.psychometrics.split_half import SplitHalf, split_half
from rejsens.psychometrics.variance_extracted import average_variance_extracted, fornell_larcker

__all__ = [
    "Careless",
    "ConstructValidity",
    "Difference",
    "ExploratoryFit",
    "ExploratoryModel",
    "FactorModel",
    "Fit",
    "GradedModel",
    "Invariance",
    "LocalDependence",
    "MinimumAveragePartial",
    "ParallelAnalysis",
    "Parameter",
    "Prediction",
    "Reliability",
    "SamplingAdequacy",
    "Scalability",
    "SplitHalf",
    "Table",
    "alpha",
    "assess",
    "average_variance_extracted",
    "careless",
    "categorical_omega",
    "cfa",
    "check_predictions",
    "coefficient_h",
    "compare_models",
    "disattenuated_correlations",
    "efa",
    "error_from_reliability",
    "fit_model",
    "fornell_larcker",
    "generalisability",
    "graded_response",
    "htmt",
    "icc",
    "invariance",
    "item_keying",
    "item_statistics",
    "keying",
    "keying_check",
    "local_dependence",
    "marker_check",
    "measurement_error",
    "minimum_average_partial",
    "omega",
    "omega_bifactor",
    "omega_general",
    "omega_schmid_leiman",
    "omega_within_between",
    "one_factor_coefficients",
    "ordinal_alpha",
    "parallel_analysis",
    "partial_invariance",
    "person_fit",
    "person_fit_over",
    "reliability_table",
    "response_distribution",
    "sampling_adequacy",
    "scalability",
    "single_factor_check",
    "spearman_brown",
    "split_half",
    "test_retest",
    "variance_components",
]
