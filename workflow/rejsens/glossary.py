"""Words of measurement that the report uses without stopping, each in one sentence."""

from __future__ import annotations

from collections.abc import Mapping

GLOSSARY: Mapping[str, str] = {
    "ML, MLR, FIML": "Ways of fitting a factor model to answers with many steps: maximum likelihood; the same with "
    "standard errors that allow for answers that are not normal; the same with everybody who gave some of the answers.",
    "WLSMV": "The way of fitting for answers of few steps, which works on polychoric correlations.",
    "polychoric correlation": "The correlation that two smooth attitudes would have if each answer were one of their steps.",
    "CFI, TLI, RMSEA, SRMR": "How far a model is from the answers: CFI and TLI near 1, RMSEA and SRMR near 0 mean close. "
    "Customary limits are guides made for maximum likelihood, and decide nothing.",
    "alpha, omega": "Share of a score’s variance that its items have in common; omega lets items differ in how closely they "
    "belong, alpha does not.",
    "coefficient H": "Reliability of the best weighted sum of the items.",
    "AVE": "Average variance extracted: share of the items’ variance that their factor explains.",
    "parallel analysis, MAP": "Two answers to how many factors there are: as many as stand out from shuffled answers; as "
    "many as leave the least correlation behind.",
    "KMO": "Whether correlations are shared widely enough for a factor analysis; near 1 they are.",
    "graded response model": "For each item how sharply it tells people apart, and at which level each answer begins.",
    "information": "How exactly a scale measures at each level; 1 over its root is the standard error there.",
    "Mokken H": "How far items put people in the same order; 1 is without exception.",
    "Q3, local dependence": "Items that go together beyond what they measure in common.",
    "configural, metric, scalar, strict": "Steps of measuring the same: the same items; and equal loadings; and equal "
    "intercepts (or thresholds); and equal residuals. Means may be compared from scalar on.",
    "HTMT": "How closely two scales go together when their unreliability is taken out; near 1 they may be one.",
    "ICC(A,1)": "Agreement of a score with itself after a short time.",
    "SEM, SDC95": "Standard error of one person’s score; the smallest change of one person that is not just that error.",
}

OF_HYPOTHESES: Mapping[str, str] = {
    "within persons, between persons": "Within: a wave in which somebody has more of one thing than is usual for that "
    "person, beside waves with less of it. Between: people who have more of it beside people who have less.",
    "smallest effect of interest (SESOI)": "The least that would matter for the question, in either direction, declared in the "
    "family's file; a frozen plan shows since when. A result inside it is too near to none to matter.",
    "95% CI": "Confidence interval: the values that agree with these data. The wider it is, the less is known.",
    "equivalence interval": "The 90% interval. Where it lies inside the SESOI on both sides, the result is equivalent: near "
    "enough to none.",
    "p, adjusted p": "How often a result at least as far from none comes by chance where there is none; adjusted for the "
    "number of tests in the family.",
    "smallest detectable": "The value that a study of this precision finds in four of five tries. A value below it may be "
    "there and not be found.",
    "multiple imputation, m": "Gaps in the answers are drawn several times (m) from what else people answered, each "
    "completed panel is analysed, and the results are put together.",
    "fraction of missing information": "The share of what there is to know on a number that was lost with missing answers.",
    "differs by": "A third variable goes with how strongly two others go together. It does not say what brings that about.",
}
