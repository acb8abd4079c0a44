"""The results of `tests.calibrate` as docs/calibration.md."""

from __future__ import annotations

import pandas as pd

from tests.calibrate import CONDITIONS, COVERAGE, COVERS, REJECTION, REJECTS, SEED, meets
from tests.calibrate_study import LEEWAY

PAGE = """# Calibration: do intervals cover, and tests reject, as often as they say?

Written by `python -m tests.calibrate --table FILE.csv --resume --page docs/calibration.md`; `make calibrate` prints the same table. Everything is simulated, from the seed {seed} and the name of each condition.

Promised, before any result: 95 % intervals cover the true value in {covers} of the replications ({coverage:,} of them), each under the assumptions of its row; a 5 % test of a true model rejects it in {rejects} ({rejection:,}); a true null is declared supported in its direction in at most 2.5 % ({rejection:,}); an effect is found at the power that `python -m tests.calibrate_power` computed before the run from a census and without any sample of that size, within {leeway:g} points ({rejection:,}). Beside each rate stands its Monte Carlo error. A rate is **inside** when it lies in the range, **inside with its error** when it does so within 1.96 such errors, else **outside**. Where several values come of one replication (the loadings of a model, the steps of a ladder), the rate is the average share of them. Withheld are replications whose model was not admissible.

Rows that begin with `study_` draw the simulated study of this repository anew: its people, six waves, items, skipped answers and leaving, scored as the pipeline scores them, against the observed-score estimand of `data/truth/estimands.csv` (complete answers of a million people). Leaving depends on the first wave's self-esteem, and so a little on a person's own slope; in 150,000 people it moved the mixed model's coefficient by −.001 (error .001), so that the estimand holds, and that of fixed effects by +.004 (error .001). Whether an effect lies inside the smallest one of interest is not looked at in these rows, although in a verdict it comes first.

{verdict}

{rows}

Intervals outside their assumptions are not promised: Feldt's with unlike loadings or long tails, Fisher's z with other than normal answers, any interval of a model that does not hold. Each condition is one sample size: of smaller samples the table says nothing.
"""


def page(table: pd.DataFrame) -> str:
    """The results as a page, in the order of the conditions; those that were not run are named."""
    found = table.set_index("condition").to_dict("index")
    lines = [
        "| condition | of what | replications | withheld | rate | error | target | verdict |",
        "|---|---|--:|--:|--:|--:|---|---|",
    ]
    absent = [one.name for one in CONDITIONS if one.name not in found]
    for one in (one for one in CONDITIONS if one.name in found):
        row = found[one.name]
        target = "–".join(f"{100 * end:g}" for end in one.target)
        lines.append(
            f"| `{one.name}` | {one.promise} | {row['replications']:,} | {row['withheld']} | {100 * row['rate']:.2f} % | {100 * row['mc_error']:.2f} | "
            f"{target} % | {_verdict(row['rate'], row['mc_error'], one.target)} |"
        )
    outside = [
        name for name, row in found.items() if not meets(row["rate"], row["mc_error"], (row["low"], row["high"]))
    ]
    said = f"Of {len(found)} conditions {len(found) - len(outside)} are inside their target, {len(outside)} outside"
    said += f": {', '.join(f'`{name}`' for name in outside)}." if outside else "."
    said += f" **Not run yet**, and so not known: {', '.join(f'`{name}`' for name in absent)}." if absent else ""
    words = {"covers": _range(COVERS), "rejects": _range(REJECTS), "coverage": COVERAGE, "rejection": REJECTION}
    words["leeway"] = 100 * LEEWAY
    return PAGE.format(seed=SEED, verdict=said, rows="\n".join(lines), **words)


def _range(target: tuple[float, float]) -> str:
    return f"{100 * target[0]:g} to {100 * target[1]:g} %"


def _verdict(rate: float, error: float, target: tuple[float, float]) -> str:
    if target[0] <= rate <= target[1]:
        return "inside"
    return "inside with its error" if meets(rate, error, target) else "**outside**"
