"""What the tables say of one instrument, in sentences: each function reads rows of one table, every value by its key.

Each sentence states how many people are behind it and by which rule answers were missing. No sentence decides what no
rule decides: guides are called guides, and a check that could not run says why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens.measured_alike import NOT_TESTED
from rejsens.narrative import changed
from rejsens.phrases import ABOVE_REJECTED, above_rejected, labelled, not_run, quoted, sided, spoken
from rejsens.problems import listed
from rejsens.sentences import counted, lower_first, reported, sentence

Row = Mapping[str, Any]
ADMISSIBLE, REPORTED = "admissible", "reported"
GUIDES = {"cfi": 0.95, "rmsea": 0.06, "srmr": 0.08}  # Hu & Bentler 1999, 10.1080/10705519909540118: no lower; no higher
ITEM_REST = 0.30
WHOLE = "people with every answer"
COEFFICIENTS = {
    "alpha": "alpha",
    "omega_u": "omega of one factor",
    "omega_categorical": "categorical omega",
    "spearman_brown": "Spearman–Brown",
    "omega_h": "hierarchical omega",
    "omega_h_sl": "hierarchical omega (Schmid–Leiman)",
    "omega_t": "total omega",
    "omega_t_sl": "total omega (Schmid–Leiman)",
    "omega_s": "omega of the subscale",
    "omega_hs": "omega of its own factor",
    "coefficient_h": "coefficient H",
    "alpha_ordinal": "ordinal alpha",
    "split_half_lowest": "lowest split half",
    "split_half_mean": "mean split half",
    "split_half_highest": "highest split half",
}
AGREEMENT = ("retest_icc2", "stability_icc2")  # within four weeks; later, where people may have changed
OF_EVERY_WAVE = ("alpha", "omega_u", "omega_categorical", "spearman_brown")
STATISTICS = {"q3_above_mean": "Q3 above its mean", "residual": "residual correlations"}
EXTRACTED = "ave"  # told beside the loadings that it is made of
NOT_CONSISTENCY = ("none", "r_c", "sem_", "sdc95", "retest_", "stability_", EXTRACTED)


def span(values: pd.Series, bounded: bool = True, decimals: int = 2) -> str:
    """From the lowest to the highest value.

    >>> span(pd.Series([0.5, 0.25])), span(pd.Series([0.5]))
    ('from .25 to .50', '.50')
    """
    write = apa.r if bounded else apa.number
    low, high = write(values.min(), decimals), write(values.max(), decimals)
    return low if low == high else f"from {low} to {high}"


def people(values: pd.Series) -> str:
    """How many people are behind several rows."""
    low, high = apa.count(values.min()), apa.count(values.max())
    return f"n = {low}" if low == high else f"n from {low} to {high}"


def used(rows: pd.DataFrame, rule: str = "") -> str:
    """How many people are behind several rows, how many were lost where the table tells, and the rule: theirs, or `rule`."""
    said, told = people(rows["n"]), rule
    if "n_lost" in rows and rows["n_lost"].notna().any():
        low, high = apa.count(rows["n_lost"].min()), apa.count(rows["n_lost"].max())
        said += f", {low if low == high else f'{low} to {high}'} lost"
    if "missing_rule" in rows and rows["missing_rule"].notna().any():
        told = rows["missing_rule"].dropna().iloc[0]
    return f"{said}; {told}" if told else said


# --- structural validity ---------------------------------------------------------------------------------------------


def fit_words(estimator: str, df: float, fit: Row) -> str:
    """How a model fits, in the order that APA asks for.

    >>> fit_words("MLR", 9, {"chi2": 9.88, "p": 0.36, "cfi": 0.9996, "rmsea": 0.009, "rmsea_ci_low": 0.0,
    ...                      "rmsea_ci_high": 0.034, "srmr": 0.0094})
    'MLR χ²(9) = 9.88, p = .360, CFI = 1.00, RMSEA = .01 [.00, .03], SRMR = .01'
    """
    ends = apa.interval(fit["rmsea_ci_low"], fit["rmsea_ci_high"], bounded=True)
    cfi, rmsea, srmr = (_fit_index(name, fit[name]) for name in ("cfi", "rmsea", "srmr"))
    return (
        f"{estimator} χ²({apa.df(df)}) = {apa.number(fit['chi2'])}, p {apa.p(fit['p'], relation=True)}, "
        f"CFI = {cfi}, RMSEA = {rmsea} {ends}, SRMR = {srmr}"
    )


def _fit_index(name: str, value: float) -> str:
    """An index of fit, with a further decimal where rounding would hide on which side of its guide it lies."""
    if apa.is_missing(value):
        return apa.MISSING
    return sided(value, low=GUIDES[name]) if name == "cfi" else sided(value, high=GUIDES[name])


def model_fit(row: Row, items: Mapping[str, str] | None = None) -> str:
    """One factor model in one wave, and where it lies against the guides; `items`: short labels by id."""
    factors = ", one factor" if row["structure"] == "one_factor" else ""
    start = f"{reported(row['label'])}{factors}, wave {row['wave']} ({behind(row)})"
    if row["status"] != ADMISSIBLE:
        return sentence(f"{start}: the model may not be used: {labelled(row['status'], items or {})}")
    if row["fit_status"] != REPORTED or apa.is_missing(row["chi2"]):
        return sentence(f"{start}: fit {labelled(row['fit_status'], items or {})}")
    return sentence(f"{start}: {fit_words(row['estimator'], row['df'], row)}; {_against_guides(row)}")


def behind(row: Row, rule: str = "") -> str:
    """How many people, how many lost and left out, and the rule: the row's own, or `rule`."""
    lost = "" if apa.is_missing(row.get("n_lost")) else f", {apa.count(row['n_lost'])} lost"
    if row.get("n_left_out") and not apa.is_missing(row["n_left_out"]):
        lost += f", {apa.count(row['n_left_out'])} left out"
    told = rule if apa.is_missing(row.get("missing_rule")) else row["missing_rule"]
    return f"n = {apa.count(row['n'])}{lost}{f'; {told}' if told else ''}"


def _against_guides(row: Row) -> str:
    if row["estimator"] == "WLSMV":
        return "no guide decides with ordered answers"
    outside = [name.upper() for name, guide in GUIDES.items() if _beyond(name, row[name], guide)]
    limits = f"CFI {apa.r(GUIDES['cfi'])}, RMSEA {apa.r(GUIDES['rmsea'])}, SRMR {apa.r(GUIDES['srmr'])}"
    return f"outside the guide by {' and '.join(outside)} ({limits})" if outside else f"inside the guides ({limits})"


def _beyond(name: str, value: float, guide: float) -> bool:
    return value < guide if name == "cfi" else value > guide


def later_fits(rows: pd.DataFrame, items: Mapping[str, str] | None = None) -> str:
    """The same model in the other waves: how far its fit reaches, and the waves where it may not be used."""
    fine = rows[(rows["status"] == ADMISSIBLE) & rows["cfi"].notna()]
    failed = rows[rows["status"] != ADMISSIBLE]
    said = []
    if len(fine):
        where = counted(fine["wave"].nunique(), "other wave")
        said.append(
            f"in {where}: CFI {span(fine['cfi'])}, RMSEA {span(fine['rmsea'])}, SRMR {span(fine['srmr'])}, {people(fine['n'])}"
        )
    said += [
        f"not usable in wave {row['wave']}: {labelled(row['status'], items or {})}" for row in failed.to_dict("records")
    ]
    return sentence("; ".join(said)) if said else ""


def loadings(rows: pd.DataFrame, label: str) -> str:
    """The lowest and the highest standardised loading of one factor in one wave."""
    held = rows[rows["std"].notna()].sort_values("std", kind="stable")
    if held.empty:
        return ""
    low, high = held.iloc[0], held.iloc[-1]
    return sentence(
        f"Standardised loadings of {lower_first(reported(label))} go from {_loading(low)} to {_loading(high)}"
    )


def _loading(row: pd.Series) -> str:
    return (
        f"{apa.coefficient(row['std'], row['std_ci_low'], row['std_ci_high'], bounded=True)} ({quoted(row['label'])})"
    )


def extracted(rows: pd.DataFrame, label: str) -> str:
    """The average variance that a factor extracts from its items, in the first wave."""
    held = rows[(rows["coefficient"] == EXTRACTED) & rows["estimate"].notna()]
    if held.empty:
        return ""
    row = held.iloc[0]
    found = apa.coefficient(row["estimate"], row["ci_low"], row["ci_high"], bounded=True)
    return sentence(
        f"Average variance extracted by the factor of {lower_first(reported(label))}, wave {row['wave']} ({behind(row, WHOLE)}): {found}"
    )


def factor_correlations(rows: pd.DataFrame, names: Mapping[str, str], model: str) -> str:
    """The closest and the most distant pair of factors of one model in one wave."""
    held = rows[rows["estimate"].notna()].sort_values("estimate", kind="stable")
    if held.empty:
        return ""
    ends = [
        f"{apa.coefficient(row['estimate'], row['ci_low'], row['ci_high'], bounded=True)} "
        f"({lower_first(names.get(row['x'], spoken(row['x'])))} and {lower_first(names.get(row['y'], spoken(row['y'])))})"
        for row in held.iloc[[0, -1]].to_dict("records")
    ]
    if len(held) == 1:
        return sentence(f"Correlation of the two factors in “{model}”: {ends[0]}")
    return sentence(f"Correlations of the factors in “{model}” go from {ends[0]} to {ends[1]}")


def dimensionality(row: Row, label: str) -> str:
    """How many factors an exploration advises, and whether the answers suit one."""
    start = f"Exploration of {lower_first(reported(label))}, wave {row['wave']}, {str(row['correlations']).replace('pearson', 'Pearson')} correlations ({behind(row, WHOLE)})"
    if apa.is_missing(row["factors_parallel"]) and apa.is_missing(row["kmo"]):
        return sentence(f"{start}: {not_run(row['status'])}")
    said = [
        f"parallel analysis advises {counted(row['factors_parallel'], 'factor')}" if not apa.is_missing(row["factors_parallel"]) else "",
        f"minimum average partial {apa.count(row['factors_map'])}" if not apa.is_missing(row["factors_map"]) else "",
        f"KMO = {apa.r(row['kmo'])}" if not apa.is_missing(row["kmo"]) else "",
        f"Bartlett χ²({apa.df(row['bartlett_df'])}) = {apa.number(row['bartlett_chi2'])}, p {apa.p(row['bartlett_p'], relation=True)}"
        if not apa.is_missing(row["bartlett_p"]) else "",
    ]  # fmt: skip
    return sentence(f"{start}: {', '.join(filter(None, said))}")


def dependence(rows: pd.DataFrame, label: str) -> str:
    """Pairs of items that share more than the scale."""
    start = f"Local dependence in {lower_first(reported(label))}, wave {rows['wave'].iloc[0]}"
    said = []
    for statistic, own in rows.groupby("statistic", sort=False):
        held = own[own["value"].notna()]
        pairs = f"{int(held['flagged'].sum())} of {counted(len(held), 'pair')} of items flagged ({used(held)})"
        why = not_run(*own["status"])
        said.append(f"{STATISTICS.get(statistic, spoken(statistic))} {pairs if len(held) else why}")
    return sentence(f"{start}: {'; '.join(said)}")


def scalability(rows: pd.DataFrame, label: str) -> str:
    """Loevinger's H of a scale and of its items."""
    whole, items = rows[rows["item"] == ""], rows[(rows["item"] != "") & rows["h"].notna()]
    if whole.empty:
        return ""
    row = whole.iloc[0]
    start = f"Mokken scalability of {lower_first(reported(label))}, wave {row['wave']} ({behind(row, WHOLE)})"
    if apa.is_missing(row["h"]):
        return sentence(f"{start}: {not_run(row['status'])}")
    said = f"{start}: H = {apa.coefficient(row['h'], row['ci_low'], row['ci_high'], bounded=True)}"
    return sentence(f"{said}, items {span(items['h'])}" if len(items) else said)


def discrimination(rows: pd.DataFrame, label: str) -> str:
    """How sharply the items of a graded response model tell people apart."""
    start = f"Graded response model of {lower_first(reported(label))}, wave {rows['wave'].iloc[0]} ({used(rows)})"
    held = rows[(rows["parameter"] == "a") & rows["estimate"].notna()].sort_values("estimate", kind="stable")
    if held.empty:
        return sentence(f"{start}: {not_run(*rows['status'])}")
    ends = [
        f"{apa.coefficient(row['estimate'], row['ci_low'], row['ci_high'])} ({quoted(row['label'])})"
        for row in held.iloc[[0, -1]].to_dict("records")
    ]
    return sentence(f"{start}: discrimination a goes from {ends[0]} to {ends[1]}")


# --- internal consistency --------------------------------------------------------------------------------------------


def consistency(rows: pd.DataFrame, label: str) -> str:
    """Every coefficient of internal consistency of one score in one wave."""
    held, failed = rows[rows["estimate"].notna()], rows[rows["estimate"].isna()]
    start = (
        f"{reported(label)}, wave {rows['wave'].iloc[0]}, {counted(rows['k'].iloc[0], 'item')} ({used(rows, WHOLE)})"
    )
    said = [
        f"{COEFFICIENTS.get(row['coefficient'], spoken(row['coefficient']))} {apa.coefficient(row['estimate'], row['ci_low'], row['ci_high'], bounded=True)}"
        for row in held.to_dict("records")
    ]
    said += [
        f"{COEFFICIENTS.get(row['coefficient'], spoken(row['coefficient']))} could not be computed ({str(row['status']).removeprefix('not estimated: ')})"
        for row in failed.to_dict("records")
    ]
    return sentence(f"{start}: {'; '.join(said)}")


def later_consistency(rows: pd.DataFrame) -> str:
    """The coefficients that are told of every wave, in the other waves."""
    held = rows[rows["estimate"].notna() & rows["coefficient"].isin(OF_EVERY_WAVE)]
    said = [
        f"{COEFFICIENTS.get(kind, spoken(kind))} {span(group['estimate'])}"
        for kind, group in held.groupby("coefficient", sort=False)
    ]
    if not said:
        return ""
    return sentence(f"in {counted(held['wave'].nunique(), 'other wave')} ({people(held['n'])}): {'; '.join(said)}")


def item_rest(rows: pd.DataFrame, label: str) -> str:
    """Item–rest correlations against their guide, and what the item analysis warns of."""
    held = rows[rows["item_rest"].notna()].sort_values("item_rest", kind="stable")
    if held.empty:
        return ""
    low, high = held.iloc[0], held.iloc[-1]
    below = held[held["item_rest"] < ITEM_REST]
    guide = (
        f"below the guide of {apa.r(ITEM_REST)}: {listed(list(map(quoted, below['label'])), 8)}"
        if len(below)
        else f"none below the guide of {apa.r(ITEM_REST)}"
    )
    warned = [
        f"{quoted(row['label'])}: {row['warning']}"
        for row in rows.to_dict("records")
        if not apa.is_missing(row["warning"])
    ]
    said = (
        f"Item–rest correlations of {lower_first(reported(label))} ({people(held['n'])}) go from {apa.r(low['item_rest'])} "
        f"({quoted(low['label'])}) to {apa.r(high['item_rest'])} ({quoted(high['label'])}), {guide}"
    )
    return sentence("; ".join([said, *warned]))


# --- over waves and groups -------------------------------------------------------------------------------------------


def invariance(rungs: pd.DataFrame, label: str, items: Mapping[str, str] | None = None) -> str:
    """One ladder: what may be taken as equal, and what each further equality costs; `items`: short labels by id."""
    first = rungs.iloc[0]
    over = "over waves" if first["between"] == "waves" else f"by {spoken(first['between'])}"
    compared = listed(str(first["compared"]).split("; "), 12)
    start = f"{reported(label)}, {over}: {compared} ({behind(first)}; {first['estimator']})"
    said = [
        _rung(row, items or {}) + (f", {ABOVE_REJECTED}" if above and not apa.is_missing(row["holds"]) else "")
        for row, above in zip(rungs.to_dict("records"), above_rejected(rungs), strict=True)
    ]
    return sentence(f"{start}: {'; '.join(said)}")


def _rung(row: Row, items: Mapping[str, str]) -> str:
    if row["status"] != ADMISSIBLE:
        return (
            f"{row['rung']} {row['status']}"
            if str(row["status"]).startswith("not ")
            else f"{row['rung']} not usable, {row['status']}"
        )
    if apa.is_missing(row["against"]):
        none = " (no degrees of freedom)" if row["df"] == 0 else ""
        fit = none if apa.is_missing(row["cfi"]) else f" CFI = {apa.r(row['cfi'], 3)}, RMSEA = {apa.r(row['rmsea'], 3)}"
        return f"{row['rung']}{fit}"
    freed = _freed(row, items)
    if row["holds"] == NOT_TESTED or apa.is_missing(row["d_p"]):
        return f"{row['rung']} not tested{freed}"
    changes = (
        ""
        if apa.is_missing(row["d_cfi"])
        else f", ΔCFI = {apa.r(row['d_cfi'], 3)}, ΔRMSEA = {apa.r(row['d_rmsea'], 3)}"
    )
    test = f"Δχ²({apa.df(row['d_df'])}) = {apa.number(row['d_chi2'])}, p {apa.p(row['d_p'], relation=True)}"
    return f"{row['rung']} {row['holds']}, {test}{changes}{freed}"


def _freed(row: Row, items: Mapping[str, str]) -> str:
    """What a rejected rung gave up, or why it gave up nothing."""
    if apa.is_missing(row["released"]):
        return "" if apa.is_missing(row["partial_holds"]) else f" ({row['partial_holds']})"
    return f" (exploratory: {row['partial_holds']} with the {labelled(row['released'], items)} free)"


def agreement(rows: pd.DataFrame, label: str) -> str:
    """Agreement of a score with itself at a retest."""
    kind = next((name for name in AGREEMENT if name in set(rows["coefficient"])), "")
    if not kind:
        return ""
    row = rows[rows["coefficient"] == kind].iloc[0]
    when = "at the retest" if kind == "retest_icc2" else "asked again after more than four weeks"
    start = (
        f"{reported(label)}, {when} (wave {row['wave']}, n = {apa.count(row['n'])}; people with the score both times)"
    )
    if apa.is_missing(row["estimate"]):
        return sentence(f"{start}: {not_run(row['status'])}")
    return sentence(
        f"{start}: ICC(A,1) = {apa.coefficient(row['estimate'], row['ci_low'], row['ci_high'], bounded=True)}"
    )


def change_reliability(rows: pd.DataFrame, label: str) -> str:
    """How reliably people's changes from wave to wave differ."""
    row = rows.iloc[0]
    if apa.is_missing(row["estimate"]):
        return ""
    ends = apa.coefficient(row["estimate"], row["ci_low"], row["ci_high"], bounded=True)
    return sentence(
        f"Changes of {lower_first(reported(label))} from wave to wave differ between people with a reliability of {ends} "
        f"(n = {apa.count(row['n'])}; people with every answer in every wave)"
    )


def error(rows: pd.DataFrame, label: str) -> str:
    """Standard error of measurement and the smallest change of one person beyond it."""
    found = rows[rows["estimate"].notna()].drop_duplicates("coefficient").set_index("coefficient")
    said = [
        f"{symbol} = {apa.coefficient(row['estimate'], row['ci_low'], row['ci_high'])}"
        for name, symbol in (("sem_agreement", "SEM"), ("sdc95_agreement", "SDC95"))
        if name in found.index
        for row in [found.loc[name]]
    ]
    if not said:
        return ""
    row = found.loc[next(name for name in ("sem_agreement", "sdc95_agreement") if name in found.index)]
    return sentence(f"{reported(label)} (n = {apa.count(row['n'])}; in units of the score): {', '.join(said)}")


def change(row: Row, label: str) -> str:
    """The mean change between two waves, with the band of the smallest detectable change."""
    return changed({**row, "source_label": label})


def names_of(labels: Sequence[str]) -> str:
    """Several scores in one breath; semicolons, since a label may hold a comma."""
    return "; ".join(reported(label) for label in labels)


def same_items(label: str, other: str) -> str:
    """A score that adds up the items of another one in another way."""
    return sentence(
        f"{reported(label)} is made of the items of {lower_first(reported(other))} and goes with what is said of it"
    )
