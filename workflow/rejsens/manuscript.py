"""Numbers of a study by name, for people who write their own text: as JSON, LaTeX macros and Quarto variables.

A name is the id of a hypothesis and what is meant, `H1.estimate`; its text is what the report prints, so that a
manuscript cannot round otherwise, and a name that is not there stops the text from being set.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pandas as pd
import yaml

from rejsens import apa, narrative
from rejsens.result_names import bounds, interval, metric_of, p_values, written
from rejsens.verdict_words import against_claim
from rejsens.writers.latex import masked

Numbers = Mapping[str, Mapping[str, str]]
TABLES = ("estimates", "hypotheses", "dictionary", "waves")
LATEX = r"""% Numbers of the study by name: \rejsens{H1.estimate}. A name that is not here stops the run.
\makeatletter
\newcommand{\rejsens}[1]{\ifcsname rejsens@#1\endcsname\csname rejsens@#1\endcsname\else
  \errmessage{The study has no number called #1}\fi}
"""


def numbers(tables: Mapping[str, pd.DataFrame], simulated: bool = False) -> dict[str, dict[str, str]]:
    """Group -> name -> text: `study`, then one group for each hypothesis in the order of the report.

    tables   the contract tables of `TABLES`
    returns  texts as printed; what a row does not have is left out. An id that stands in two families is followed by
             its family, `H1_secondary`
    """
    panel = tables["waves"].query("role == 'wave'").sort_values("wave_number")
    drawn = simulated or any(map(narrative.is_true, tables["waves"]["simulated"]))
    study = {"data": "simulated" if drawn else "collected", "waves": apa.count(len(panel))}
    if len(panel):
        study |= {
            "people_first_wave": apa.count(panel["n_kept"].iloc[0]),
            "people_latest_wave": apa.count(panel["n_kept"].iloc[-1]),
        }
    findings = narrative.findings(tables["estimates"], tables["hypotheses"], tables["dictionary"])
    study["hypotheses"] = apa.count(len(findings))
    study |= {f"verdict_{_slug(v)}": apa.count(n) for v, n in narrative.verdict_counts(findings).items()}
    found = {"study": study}
    for row in findings:
        name = _slug(str(row["hypothesis"]))
        found[f"{name}_{_slug(str(row['family']))}" if name in found else name] = _of(row)
    return found


def _of(row: Mapping[str, Any]) -> dict[str, str]:
    texts = {
        "label": str(row["label"]),
        "verdict": "not tested" if apa.is_missing(row.get("verdict")) else row["verdict"],
    }
    if row.get("verdict") == "equivalent":
        texts["claimed"] = against_claim(row)
    if apa.is_missing(row.get("estimate")):
        return texts
    draws = apa.draws_in(row.get("method"))
    texts |= {
        "metric": metric_of(row).symbol,
        "estimate": written(row, "estimate"),
        "interval": interval(row),
        "level": "" if apa.is_missing(row.get("ci_level")) else apa.level(row["ci_level"]),
        **{key: apa.p(row.get(key), draws) for key, _ in p_values(row)},
        "n": apa.count(row.get("n_people")),
        "observations": apa.count(row.get("n_obs")),
        "lost": apa.count(row.get("n_lost")),
        "missing": "" if apa.is_missing(row.get("missing_rule")) else str(row["missing_rule"]),
        "sesoi": bounds(row),
        "smallest_detectable": written(row, "smallest_detectable"),
        "result": narrative.result(row),
    }
    return {key: text for key, text in texts.items() if text not in ("", apa.MISSING)}


def as_json(found: Numbers) -> str:
    """For R Markdown and anything else: `jsonlite::fromJSON("numbers.json")$H1$estimate`."""
    return json.dumps(found, ensure_ascii=False, indent=1) + "\n"


def as_yaml(found: Numbers) -> str:
    """For Quarto: as `_variables.yml` beside the text, `{{< var H1.estimate >}}`."""
    return yaml.safe_dump(
        {group: dict(own) for group, own in found.items()}, allow_unicode=True, sort_keys=False, width=10_000
    )


def as_latex(found: Numbers) -> str:
    r"""For LaTeX: `\input{numbers}` in the preamble, then `\rejsens{H1.estimate}`.

    >>> print(as_latex({"H1": {"p": "< .001"}}).splitlines()[-2])
    \@namedef{rejsens@H1.p}{\ensuremath{<} .001}
    """
    lines = [
        f"\\@namedef{{rejsens@{group}.{key}}}{{{masked(text)}}}"
        for group, own in found.items()
        for key, text in own.items()
    ]
    return LATEX + "\n".join([*lines, r"\makeatother"]) + "\n"


def _slug(name: str) -> str:
    return re.sub(r"\W+", "_", name).strip("_")
