"""Every table that crosses a job, and the two functions that read and write them: schema-checked both ways.

Row-level tables are Parquet, aggregates are CSV at full precision. Plug-in tables for print live in `tables/`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from rejsens.disclosure import guarded, policy
from rejsens.parquet import read_parquet, write_parts
from rejsens.registry import TABLES
from rejsens.spreadsheet import restored_frame, write_csv

if TYPE_CHECKING:
    from rejsens.pandera_adapter import pa

# Column -> type. A "count" may be missing; "people" are whole numbers that only the disclosure guard blanks; a float may be
# missing; "?" allows empty text.
PERSON = {"participant": "str", "wave": "str", "wave_number": "int", "role": "str"}
COLUMNS: dict[str, dict[str, str]] = {
    "waves": {"wave": "str", "wave_number": "int", "title": "str", "role": "str", "platform": "str",
              "collected_from": "str", "collected_to": "str", "n_raw": "int", "n_kept": "int", "sha256": "str", "simulated": "bool"},
    "flow": {"wave": "str", "order": "int", "rule": "str", "label": "str", "n_excluded": "int", "n_remaining": "int"},
    "quality": {"wave": "str", "check": "str", "label": "str", "n_checked": "int", "n_flagged": "int", "action": "str", "reason": "str?"},
    "notices": {"wave": "str", "check": "str", "label": "str", "variable": "str?", "status": "str", "n": "int", "measure": "str?",
                "value": "float", "ci_low": "float", "ci_high": "float", "finding": "str?", "advice": "str?"},
    "columns": {"wave": "str", "column": "str", "used_as": "str", "name": "str?"},
    "variables": {"wave": "str", "variable": "str", "instrument": "str", "subscale": "str?", "position": "int", "column": "str", "platform": "str",
                  "label": "str", "question_text": "str?", "question_source": "str?", "language": "str?", "defined_text": "str?",
                  "type": "str", "choices": "str?", "choices_source": "str?", "defined_choices": "str?", "missing_codes": "str?", "min": "float", "max": "float", "reverse_keyed": "bool",
                  "already_reversed": "bool", "item_order": "str?", "anchor_direction": "str", "scored_in": "str?", "replaces": "str?",
                  "n": "people", "n_missing": "people", "n_not_applicable": "people", "mean": "float", "sd": "float", "median": "float",
                  "skew": "float", "kurtosis": "float", "floor_pct": "float", "ceiling_pct": "float"},
    "differences": {"wave": "str", "previous_wave": "str", "change": "str", "variable": "str?", "instrument": "str?",
                    "before": "str?", "after": "str?", "status": "str", "reason": "str?"},
    "codebook": {"variable": "str", "wave": "str", "label": "str", "question_text": "str?", "instrument": "str", "subscale": "str?",
                 "position": "count", "type": "str", "choices": "str?", "missing_codes": "str?", "min": "float", "max": "float",
                 "reverse_keyed": "bool", "scored_in": "str?", "replaces": "str?", "wording_changed": "str?", "display_logic": "str?",
                 "required": "str?", "unit": "str?", "n": "count", "n_missing": "count", "pct_missing": "float", "mean": "float",
                 "sd": "float", "median": "float", "skew": "float", "kurtosis": "float", "floor_pct": "float", "ceiling_pct": "float",
                 "alpha": "float", "omega": "float", "source": "str?", "licence": "str?", "column": "str?", "question_source": "str?", "language": "str?",
                 "n_not_applicable": "count", "already_reversed": "bool", "item_order": "str?", "anchor_direction": "str?",
                 "higher_means": "str?", "missing_rule": "str?", "key_status": "str?", "status_line": "str?", "data_source": "str?",
                 "data_licence": "str?", "simulated": "bool"},
    "dictionary": {"score": "str", "label": "str", "instrument": "str", "event": "str?", "title": "str", "model": "str", "method": "str",
                   "n_items": "int", "range_low": "float", "range_high": "float", "higher_means": "str",
                   "status_line": "str?", "key_status": "str", "measures": "str?", "license_notice": "str?", "modelled_by": "str?"},
    "sample": {"wave": "str", "variable": "str", "label": "str", "level": "str?", "n": "count", "n_missing": "int",
               "percent": "float", "mean": "float", "sd": "float", "min": "float", "max": "float"},
    "descriptives": {"score": "str", "label": "str", "instrument": "str", "wave": "str", "n": "people", "n_missing": "people",
                     "n_prorated": "people", "mean": "float", "sd": "float", "se": "float", "ci_low": "float", "ci_high": "float",
                     "min": "float", "q25": "float", "median": "float", "q75": "float", "max": "float", "skew": "float",
                     "kurtosis": "float", "range_low": "float", "range_high": "float", "floor_percent": "float",
                     "ceiling_percent": "float", "missing_rule": "str"},
    "correlations": {"wave": "str", "x": "str", "y": "str", "n": "people", "r": "float", "ci_low": "float", "ci_high": "float", "p": "float"},
    "responses": {"instrument": "str", "item": "str", "label": "str", "wave": "str", "value": "float", "n": "count",
                  "percent": "float", "reverse": "bool"},
    "missing": {"wave": "str", "kind": "str", "variable": "str", "label": "str", "n": "people", "n_missing": "people", "percent_missing": "float"},
    "reliability": {"instrument": "str", "score": "str", "wave": "str", "coefficient": "str", "n": "people", "n_lost": "people", "k": "int",
                    "estimate": "float", "ci_low": "float", "ci_high": "float", "method": "str", "status": "str"},
    "items": {"instrument": "str", "score": "str", "wave": "str", "item": "str", "label": "str", "reverse": "bool", "n": "people",
              "mean": "float", "sd": "float", "item_rest": "float", "alpha_if_dropped": "float", "floor_percent": "float",
              "ceiling_percent": "float", "warning": "str?"},
    "factor_models": {"instrument": "str", "model": "str", "label": "str", "structure": "str", "wave": "str", "estimator": "str",
                      "missing_rule": "str", "n": "people", "n_lost": "people", "status": "str", "fit_status": "str", "chi2": "float",
                      "df": "int", "p": "float", "cfi": "float", "tli": "float", "rmsea": "float", "rmsea_ci_low": "float",
                      "rmsea_ci_high": "float", "p_close": "float", "srmr": "float", "loglik": "float", "aic": "float", "bic": "float", "notes": "str?"},
    "loadings": {"instrument": "str", "model": "str", "wave": "str", "factor": "str", "item": "str", "label": "str", "reverse": "bool",
                 "estimate": "float", "se": "float", "std": "float", "std_ci_low": "float", "std_ci_high": "float", "status": "str"},
    "factor_correlations": {"instrument": "str", "model": "str", "wave": "str", "x": "str", "y": "str", "estimate": "float",
                            "se": "float", "ci_low": "float", "ci_high": "float", "status": "str"},
    "invariance": {"instrument": "str", "model": "str", "between": "str", "compared": "str", "rung": "str", "estimator": "str",
                   "missing_rule": "str", "n": "count", "n_lost": "people", "n_left_out": "people", "status": "str", "chi2": "float", "df": "count", "p": "float",
                   "cfi": "float", "tli": "float", "rmsea": "float", "rmsea_ci_low": "float", "rmsea_ci_high": "float", "srmr": "float",
                   "against": "str?", "d_chi2": "float", "d_df": "count", "d_p": "float", "d_cfi": "float", "d_rmsea": "float",
                   "d_srmr": "float", "holds": "str?", "released": "str?", "partial_d_chi2": "float", "partial_d_df": "count",
                   "partial_d_p": "float", "partial_holds": "str?"},
    "dimensionality": {"instrument": "str", "set": "str", "label": "str", "wave": "str", "correlations": "str", "missing_rule": "str", "n": "people",
                       "n_lost": "people", "k": "int", "kmo": "float", "bartlett_chi2": "float", "bartlett_df": "count", "bartlett_p": "float",
                       "factors_parallel": "count", "factors_map": "count", "status": "str", "method": "str"},
    "eigenvalues": {"instrument": "str", "set": "str", "wave": "str", "kind": "str", "number": "int", "eigenvalue": "float",
                    "random_mean": "float", "random_high": "float"},
    "exploratory_loadings": {"instrument": "str", "set": "str", "wave": "str", "factors": "int", "extraction": "str", "rotation": "str",
                             "factor": "str", "item": "str", "label": "str", "reverse": "bool", "loading": "float",
                             "communality": "float", "missing_rule": "str", "n": "people", "n_lost": "people", "status": "str"},
    "item_response": {"instrument": "str", "score": "str", "wave": "str", "item": "str", "label": "str", "reverse": "bool",
                      "missing_rule": "str", "n": "people", "n_lost": "people",
                      "parameter": "str", "estimate": "float", "se": "float", "ci_low": "float", "ci_high": "float", "status": "str"},
    "information": {"instrument": "str", "score": "str", "wave": "str", "item": "str?", "theta": "float", "information": "float",
                    "se": "float"},
    "scalability": {"instrument": "str", "score": "str", "wave": "str", "item": "str?", "label": "str?", "missing_rule": "str",
                    "n": "people", "n_lost": "people", "h": "float", "se": "float", "ci_low": "float", "ci_high": "float", "status": "str"},
    "local_dependence": {"instrument": "str", "score": "str", "wave": "str", "x": "str", "y": "str", "statistic": "str",
                         "missing_rule": "str", "n": "people", "n_lost": "people", "value": "float", "flagged": "bool", "status": "str"},
    "discriminant": {"set": "str", "pair": "str?", "wave": "str?", "x": "str", "y": "str", "n": "people", "n_lost": "people", "htmt": "float",
                     "htmt_ci_low": "float", "htmt_ci_high": "float", "htmt2": "float", "htmt2_ci_low": "float", "htmt2_ci_high": "float",
                     "below": "float", "outcome": "str?", "status": "str", "r": "float", "r_ci_low": "float", "r_ci_high": "float",
                     "reliability_x": "float", "reliability_y": "float", "corrected": "float", "corrected_ci_low": "float",
                     "corrected_ci_high": "float", "corrected_status": "str", "ave_x": "float", "ave_y": "float", "shared": "float",
                     "fornell_larcker": "str?", "ave_status": "str", "draws": "int", "method": "str?"},
    "method_variance": {"wave": "str", "check": "str", "statistic": "str?", "x": "str?", "y": "str?", "n": "people", "n_lost": "people",
                        "k": "int", "r": "float", "r_marker": "float", "estimate": "float", "p": "float", "status": "str"},
    "careless": {"wave": "str", "index": "str", "label": "str", "definition": "str", "k": "int", "n": "people", "mean": "float", "sd": "float",
                 "cutoff": "str?", "n_flagged": "count", "percent_flagged": "float", "status": "str"},
    "missing_patterns": {"wave": "str", "level": "str", "asked": "str", "pattern": "int", "n_patterns": "int", "n": "count",
                         "percent": "float", "n_missing": "count", "missing": "str?"},
    "little": {"wave": "str", "n": "people", "n_lost": "people", "k": "int", "patterns": "int", "chi2": "float", "df": "count", "p": "float",
               "status": "str", "remark": "str"},
    "attrition": {"wave": "str", "model": "str", "term": "str", "against": "str?", "label": "str", "odds_ratio": "float",
                  "ci_level": "float", "ci_low": "float", "ci_high": "float", "p": "float", "n": "people", "n_absent": "count",
                  "n_lost": "people", "status": "str"},
    "predictions": {"set": "str", "prediction": "str", "wave": "str", "x": "str", "y": "str", "low": "float", "high": "float", "n": "people",
                    "n_lost": "people", "estimate": "float", "ci_low": "float", "ci_high": "float", "outcome": "str", "reason": "str?",
                    "sentence": "str"},
    "validation": {"set": "str", "title": "str", "order": "int", "step": "str", "question": "str", "done": "str", "part": "str?",
                   "instrument": "str?", "wave": "str?", "n": "count", "result": "str", "outcome": "str", "where": "str?"},
    "validation_loadings": {"set": "str", "instrument": "str", "model": "str", "wave": "str", "half": "str", "factor": "str",
                            "scale": "str?", "item": "str", "label": "str", "reverse": "bool", "loading": "float", "ci_low": "float",
                            "ci_high": "float", "n": "people", "n_lost": "people", "status": "str"},
    "keying": {"wave": "str", "check": "str", "x": "str", "y": "str", "expected": "str", "r": "float", "n": "people", "status": "str"},
    "erosion": {"score": "str", "source": "str", "from_wave": "str", "to_wave": "str", "n": "people", "mean_change": "float",
                "sd_change": "float", "ci_low": "float", "ci_high": "float", "sdc95": "float", "n_decline": "people",
                "n_improve": "people", "reliability": "float", "method": "str", "status": "str"},
    "stored_totals": {"wave": "str", "column": "str", "score": "str", "n_compared": "int", "n_differ": "int",
                      "max_difference": "float", "tolerance": "float", "status": "str"},
    "claims": {"claim": "str", "construct": "str", "document": "str", "quotation": "str?", "measured_by": "str?",
               "hypothesis": "str?", "verdict": "str", "reason": "str?", "label": "str?", "kind": "str?", "claim_type": "str?", "metric": "str?",
               "estimate": "float", "ci_level": "float", "ci_low": "float", "ci_high": "float", "sesoi": "float",
               "n_people": "count", "invariance": "str?", "theme": "str", "evidence": "str?", "benchmarks": "str?"},
    "plan": {"status": "str", "date": "str?", "where": "str?", "sentence": "str"},
    "benchmarks": {"benchmark": "str", "finding": "str", "source": "str", "doi": "str?", "sample": "str", "metric": "str",
                   "value": "float", "sd": "float", "low": "float", "high": "float", "against": "bool", "note": "str?",
                   "x": "str?", "y": "str?", "wave": "str?", "n": "count", "estimate": "float", "ci_low": "float",
                   "ci_high": "float", "z": "float", "comparison": "str", "claims": "str?"},
    "standards": {"standard": "str", "about": "str", "item": "str", "part": "str", "asks": "str", "data": "str", "outcome": "str",
                  "anchor": "str?", "place": "str?", "file": "str?", "key": "str?", "command": "str?", "reason": "str?"},
    "hypotheses": {"hypothesis": "str", "family": "str", "label": "str", "claim": "str?", "claim_ids": "str?", "estimand": "str",
                   "predictor": "str", "outcome": "str", "direction": "str", "sesoi": "float", "claim_type": "str",
                   "correction": "str", "confirmatory": "bool"},
    "estimates": {"hypothesis": "str", "family": "str", "analysis": "str", "wave": "str", "outcome": "str", "term": "str",
                  "metric": "str", "estimate": "float", "se": "float", "ci_level": "float", "ci_low": "float", "ci_high": "float",
                  "ci90_low": "float", "ci90_high": "float", "statistic": "float", "df": "float", "p": "float",
                  "p_adjusted": "float", "p_equivalence": "float", "sesoi": "float", "direction": "str", "claim_type": "str",
                  "n_people": "people", "n_obs": "people", "n_lost": "people", "missing_rule": "str", "m": "float", "fmi": "float",
                  "method": "str", "invariance": "str?", "status": "str", "verdict": "str?", "exceeds_sesoi": "str?",
                  "warnings": "str?", "decides": "bool", "label": "str", "confirmatory": "bool",
                  "smallest_detectable": "float", "reason": "str?"},
    "multiverse": {"hypothesis": "str", "family": "str", "label": "str", "specification": "int", "declared": "bool", "apart": "bool",
                   "kind": "str", "possible": "int", "exclusions": "str", "scoring": "str", "items": "str", "scores": "str",
                   "covariates": "str", "missing": "str", "outliers": "str", "model": "str", "analysis": "str", "metric": "str?",
                   "estimate": "float", "se": "float", "ci_level": "float", "ci_low": "float", "ci_high": "float", "ci90_low": "float",
                   "ci90_high": "float", "df": "float", "p": "float", "sesoi": "float", "direction": "str?", "claim_type": "str",
                   "n_people": "people", "n_obs": "people", "n_lost": "people", "missing_rule": "str", "m": "float", "method": "str",
                   "status": "str", "verdict": "str", "reason": "str?", "warnings": "str?"},
    "multiverse_summary": {"hypothesis": "str", "family": "str", "label": "str", "part": "str", "possible": "int", "n": "int",
                           "n_estimated": "int", "n_supported": "int", "n_opposite": "int", "n_equivalent": "int",
                           "n_inconclusive": "int", "share_supported": "float", "share_same_sign": "float",
                           "share_same_verdict": "float", "median": "float", "low": "float", "high": "float", "declared": "float",
                           "declared_verdict": "str", "moves_most": "str?", "spread": "float", "reason": "str?"},
    "multiverse_choices": {"hypothesis": "str", "family": "str", "choice": "str", "option": "str", "declared": "bool", "n": "int",
                           "difference": "float", "spread": "float", "status": "str"},
    "diagnostics": {"hypothesis": "str", "family": "str", "analysis": "str", "wave": "str", "metric": "str", "check": "str",
                    "term": "str?", "statistic": "str?", "value": "float", "df": "float", "p": "float", "guide": "str?",
                    "flagged": "bool", "estimate": "float", "ci_level": "float", "ci_low": "float", "ci_high": "float",
                    "n_people": "people", "instead": "str?", "estimate_instead": "float", "ci_low_instead": "float",
                    "ci_high_instead": "float", "n_instead": "count", "changes": "str?", "effect": "str?", "status": "str"},
    "checked_answers": {"participant": "str", "row": "int"},
    "stored_totals_differing": {"participant": "str", "wave": "str", "column": "str", "score": "str", "stored": "float", "recomputed": "float"},
    "changes": {"participant": "str", "score": "str", "source": "str", "from_wave": "str", "to_wave": "str", "change": "float"},
    "answers": PERSON,
    "scores": PERSON,
    "events": PERSON | {"event": "str", "came_first": "count"},
    "quality_rows": {"participant": "str?", "row": "int", "excluded_by": "str?"},
    "careless_people": PERSON,
    "scale_fits": {"participant": "str"},
    "set_aside": {"participant": "str", "row": "int", "column": "str", "found": "float", "allowed": "str"},
}  # fmt: skip
OPEN = {
    "checked_answers",
    "answers",
    "scores",
    "events",
    "quality_rows",
    "careless_people",
    "scale_fits",
}  # these carry one further column per item, score or check
KEYS = {"events": ["participant", "wave", "event"]}  # columns that name a row, and no two rows alike
COUNTED = ("count", "people")
DTYPES = {"str": "str", "int": "int64", "count": "Int64", "people": "Int64", "float": "float64", "bool": "bool"}


def schema(name: str, guarded: bool = True) -> pa.DataFrameSchema:
    """The Pandera schema of one table: its columns in order, typed; unknown columns only where the table is open.

    guarded   the disclosure guard may have blanked people
    """
    from rejsens.pandera_adapter import pa

    blank = ("float", "count", "people") if guarded else ("float", "count")
    columns = {
        column: pa.Column(DTYPES[kind.rstrip("?")], nullable=kind.endswith("?") or kind in blank, coerce=True)
        for column, kind in COLUMNS[name].items()
    }
    return pa.DataFrameSchema(columns, strict=name not in OPEN, unique=KEYS.get(name), name=name)


def table_name(path: Path | str) -> str:
    """The table that a file holds: `results/flow.csv` and a wave's own `results/waves/2026a/flow.csv` are both "flow"."""
    stem = Path(path).stem
    parent = Path(path).parent.name
    for name in (stem, parent):
        if name in COLUMNS:
            return name
    raise KeyError(f"{path} is not one of the pipeline's tables")


def read_table(path: Path | str, name: str | None = None, columns: Iterable[str] | None = None) -> pd.DataFrame:
    """Read one table of the pipeline with the dtypes of its schema, and check it.

    columns   of an open table (Parquet), those wanted beside the ones it always has; a name that it lacks is passed over
    """
    name = name or table_name(path)
    if str(path).endswith(".parquet"):
        # the frame is nobody else's: checked in place, a large table is not copied
        return schema(name).validate(
            read_parquet(path, None if columns is None else [*COLUMNS[name], *columns]), inplace=True
        )
    kinds = {column: kind.rstrip("?") for column, kind in COLUMNS[name].items()}
    text = {column: "str" for column, kind in kinds.items() if kind == "str"}
    numbers = {column: [""] for column, kind in kinds.items() if kind != "str"}
    read = pd.read_csv(path, dtype=text, keep_default_na=False, na_values=numbers)
    frame = schema(name).validate(restored_frame(read))
    return frame.astype({column: _in_sums(frame[column], kind) for column, kind in kinds.items() if kind in COUNTED})


def _in_sums(values: pd.Series, kind: str) -> str:
    """A blank count is NaN in sums; people whom no guard hid are whole numbers."""
    return "int64" if kind == "people" and values.notna().all() else "float64"


def write_table(
    frame: pd.DataFrame,
    path: Path | str,
    name: str | None = None,
    beside: Mapping[str, pd.DataFrame] | None = None,
) -> None:
    """Pass one table through the disclosure guard, check it against its schema and write it (Parquet or CSV, by the
    file's ending). beside: the other tables of the job.
    """
    name = name or table_name(path)
    frame = schema(name, policy().guards).validate(guarded(tidy(frame, name), name, beside), inplace=True)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    if str(path).endswith(".parquet"):
        frame.to_parquet(path, index=False, compression="zstd")
    else:
        write_csv(frame, path)  # a text that a spreadsheet would run has an apostrophe there; `read_table` takes it off


def write_table_in_parts(parts: Iterable[pd.DataFrame], path: Path | str, name: str) -> None:
    """The same for an open table (Parquet) whose rows come in parts of the same columns; one part at a time is held."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    checked = (schema(name).validate(tidy(part, name), inplace=True) for part in parts)
    first = next(checked, tidy(pd.DataFrame(), name))
    write_parts(chain([first], checked), path)


def tidy(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """The table's columns in the declared order, typed; an empty frame gets them all."""
    ordered = list(COLUMNS[name]) + ([c for c in frame.columns if c not in COLUMNS[name]] if name in OPEN else [])
    if len(frame) == 0:
        return pd.DataFrame({c: pd.Series(dtype=DTYPES[COLUMNS[name][c].rstrip("?")]) for c in COLUMNS[name]})
    frame = frame.reindex(columns=ordered)  # a column that a writer had nothing for is blank
    text = {c: _text(frame[c]) for c, k in COLUMNS[name].items() if k.startswith("str")}
    return frame.assign(**text).reset_index(drop=True)


def _text(values: pd.Series) -> pd.Series:
    """As text, what is missing as an empty one; what is text already is left as it is."""
    if values.dtype == "str" and not values.hasnans:
        return values
    return values.astype("object").where(values.notna(), "").astype("str")


def read_all(paths: list[str], name: str) -> pd.DataFrame:
    """Several files of one table, one under the other."""
    if not paths:
        return schema(name).validate(tidy(pd.DataFrame(), name))
    if len(paths) == 1:  # a large table is not copied for nothing
        return read_table(paths[0], name)
    frames = [read_table(path, name) for path in paths]
    return pd.concat([frame for frame in frames if len(frame)] or frames[:1], ignore_index=True)


def read_parts(paths: list[str]) -> dict[str, pd.DataFrame]:
    """Files of several tables, by table; those of one table stand one under the other."""
    names = dict.fromkeys(map(table_name, paths))
    return {name: read_all([path for path in paths if table_name(path) == name], name) for name in names}


def read_of_waves(paths: Iterable[Path | str]) -> dict[str, pd.DataFrame]:
    """A table of each wave, by the wave: the name of the folder that the file is in."""
    return {Path(path).parent.name: read_table(path) for path in paths}


def write_tables(tables: Mapping[str, pd.DataFrame], output: SimpleNamespace) -> None:
    """Each table into the output whose file bears its name."""
    for path in vars(output).values():
        write_table(tables[table_name(path)], path, beside=tables)


def read_tables(names: list[str]) -> dict[str, pd.DataFrame]:
    """Several of the pipeline's final tables by name, from where the registry says they are."""
    return {name: read_table(TABLES[name], name) for name in names}


def by_wave(frame: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """The rows of each wave, in order of time, the retest last; one wave at a time is copied out of a large table."""
    for wave, rows in waves_in_order(frame).items():
        yield wave, rows.copy()


def waves_in_order(frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The same as they stand in the table, for those who look at one wave or another and change nothing."""
    order = frame[["role", "wave_number", "wave"]].drop_duplicates()
    order = order.sort_values(["role", "wave_number"], key=lambda s: s.eq("retest") if s.name == "role" else s)
    rows = dict(rows_of_waves(frame))
    return {wave: rows[wave] for wave in order["wave"]}


def rows_of_waves(frame: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """The rows of each wave in the order of the table, found in one pass; views of a table that goes wave by wave."""
    codes, names = pd.factorize(frame["wave"])
    if (np.diff(codes) < 0).any():
        yield from frame.groupby("wave", sort=False)
        return
    ends = np.searchsorted(codes, np.arange(len(names) + 1))
    for wave, first, end in zip(names, ends[:-1], ends[1:], strict=True):
        yield wave, frame.iloc[first:end]
