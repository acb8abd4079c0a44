"""`make bench`: the families of hypotheses on the simulated study, side by side with R. Nothing here is a test.

python tests/bench_hypotheses.py             everything
python tests/bench_hypotheses.py families    one of: families, bootstraps, one_bootstrap, impute

Processor seconds, user and system together, of one thread on either side, of the analyses alone once the data are read; the
median of ROUNDS. Both sides make the same rows, and a row that does not agree stops the comparison.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "tests/reference"
ENVIRONMENT = os.environ | {"PYTHONPATH": f"{ROOT / 'workflow'}:{ROOT}", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # fmt: skip
ROUNDS = 3
APART = 0.3  # points of self-esteem (SD 6) that two means over 20 imputations may lie apart

OURS = """
import json, sys, time
import numpy as np
from rejsens.inference import analyses
from tests.reference import families_data as reference
asked, (panel, rated) = reference.declared(), reference.panel_and_events()
if "companions" not in sys.argv:
    analyses.cross_sectional_bootstrap = lambda *a, **k: analyses.Estimate(analysis=reference.BOOTSTRAP)
chosen = [name for name in sys.argv[1:] if name != "companions"]
start = time.process_time()
rows = reference.own_rows(panel, rated, asked, chosen)
seconds = time.process_time() - start
kept = json.loads(reference.KEPT.read_text("utf-8"))
theirs = reference.r_rows(kept)
said = reference.stale(kept, asked, reference.fingerprint(reference.named_columns(panel, rated, asked)))
said = said or reference.differences(rows, theirs[theirs["hypothesis"].isin(chosen or list(asked))])
if said:
    raise SystemExit("\\n".join(said))
print(json.dumps(seconds))
"""
OUR_BOOTSTRAP = """
import json, sys, time
import numpy as np, pandas as pd
from rejsens.inference.bootstrap import cross_sectional_bootstrap
people = pd.read_csv(sys.argv[1])
covariates = [{"name": "age", "type": "number"}, {"name": "o", "type": "number"}, {"name": "gender", "type": "category"}]
cross_sectional_bootstrap(people, "y", "x", covariates, draws=200, rng=np.random.default_rng(1))
start = time.process_time()
row = cross_sectional_bootstrap(people, "y", "x", covariates, draws=5000, rng=np.random.default_rng(1))
print(json.dumps([time.process_time() - start, row.ci_low, row.ci_high, row.se]))
"""
R_BOOTSTRAP = """
suppressMessages(library(boot)); d <- read.csv(commandArgs(TRUE)[1]); set.seed(1)
M <- model.matrix(~ x + age + o + factor(gender), d)
beta <- function(data, i) { v <- M[i, ]; w <- d$y[i]; .lm.fit(v, w)$coefficients[2] * sd(v[, 2]) / sd(w) }
started <- sum(proc.time()[1:2])
b <- boot(d, beta, 5000); jack <- sapply(seq_len(nrow(d)), function(i) beta(NULL, -i))
ci <- boot.ci(b, type = "bca", L = mean(jack) - jack)$bca[4:5]
cat(sprintf("[%f, %f, %f, %f]\\n", sum(proc.time()[1:2]) - started, ci[1], ci[2], sd(b$t)))
"""
OUR_IMPUTATION = """
import json, sys, time
import numpy as np, pandas as pd
from rejsens.inference import imputed, questions
from rejsens.missing import impute
from tests.reference import families_data as reference
asked, (panel, _) = reference.declared(), reference.panel_and_events()
family = {"family": "primary", "hypotheses": [asked[name] for name in ("H1", "H2", "H3")]}
rule = reference.COMPLETE | {"imputation": {"m": 20, "most": 20}}
completed = questions.complete(panel.assign(role="wave"), family, rule)["H1"]
wide = imputed.side_by_side(completed.panel, completed.variables)
drawn_from = imputed.predictors_of(wide, completed.variables)
use = pd.DataFrame([[int(other in drawn_from[column]) for other in wide] for column in wide], columns=list(wide))
wide.to_csv(sys.argv[1], index=False)
use.to_csv(sys.argv[2], index=False)
start = time.process_time()
frames = impute(wide, 20, np.random.default_rng(1), predictors=drawn_from, iterations=5)
seconds, scores = time.process_time() - start, [name for name in wide if name.startswith("rses_sum")]
print(json.dumps([seconds, float(np.mean([one[scores].to_numpy().mean() for one in frames]))]))
"""
R_IMPUTATION = """
suppressMessages(library(mice)); wide <- read.csv(commandArgs(TRUE)[1], check.names = FALSE)
use <- as.matrix(read.csv(commandArgs(TRUE)[2], check.names = FALSE)); names <- make.names(names(wide))
named <- grepl("gender|relationship_status", names); wide[named] <- lapply(wide[named], factor)
dimnames(use) <- list(names, names); names(wide) <- names; started <- sum(proc.time()[1:2])
made <- mice(wide, m = 20, maxit = 5, predictorMatrix = use, method = ifelse(named, "polyreg", "pmm"), printFlag = FALSE, seed = 1)
seconds <- sum(proc.time()[1:2]) - started; scores <- grep("^rses_sum", names)
cat(sprintf("[%f, %f]\\n", seconds, mean(sapply(1:20, function(k) mean(as.matrix(complete(made, k)[scores]))))))
"""


def said_by(command: list[str]) -> object:
    done = subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def report(title: str, ours: float, theirs: float, most: float | None) -> None:
    verdict = (
        "no target"
        if most is None
        else f"{'meets' if ours <= most * theirs else 'MISSES'} the target of at most {most:g}"
    )
    print(f"{title}: {ours:.2f} s / R {theirs:.2f} s = {ours / theirs:.2f}  ({verdict})", flush=True)


def seconds_in_r(folder: Path, *which: str) -> float:
    """Sum over the hypotheses of the processor time that families.R took, with R's own defaults."""
    subprocess.run(
        ["Rscript", str(REFERENCE / "families.R"), str(folder), "default", *which], env=ENVIRONMENT, check=True
    )
    return sum(float(line.rsplit(",", 1)[1]) for line in (folder / "seconds.csv").read_text().splitlines()[1:])


def exported(folder: Path) -> Path:
    command = [sys.executable, str(REFERENCE / "families_data.py"), "export", str(folder / "families")]
    subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, check=True)
    return folder / "families"


def families(folder: Path) -> None:
    """Every hypothesis, complete cases and full information, but for the bootstrap that accompanies a cross-section."""
    ours = statistics.median(said_by([sys.executable, "-c", OURS]) for _ in range(ROUNDS))
    report("All families, complete cases", ours, seconds_in_r(exported(folder), "all"), 1.5)


def bootstraps(folder: Path) -> None:
    """The primary family with the 18 bootstraps of 5,000 draws that accompany its cross-sections."""
    named = ("H1", "H2", "H3")
    ours = statistics.median(said_by([sys.executable, "-c", OURS, "companions", *named]) for _ in range(ROUNDS))
    report("The primary family with its 18 bootstraps of 5,000 draws", ours, seconds_in_r(exported(folder), "boot", *named), 1.5)  # fmt: skip


def one_bootstrap(folder: Path) -> None:
    """5,000 draws of one regression on 600 people; intervals may differ by their Monte Carlo error."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(1)
    people = pd.DataFrame(rng.normal(size=(600, 3)).round(4), columns=["x", "age", "o"])
    people["gender"] = rng.integers(1, 4, 600)
    people["y"] = (0.2 * people["x"] + 0.2 * people["o"] + rng.normal(size=600)).round(4)
    people.to_csv(folder / "people.csv", index=False)
    (folder / "boot.R").write_text(R_BOOTSTRAP)
    ours = [said_by([sys.executable, "-c", OUR_BOOTSTRAP, str(folder / "people.csv")]) for _ in range(ROUNDS)]
    theirs = [said_by(["Rscript", str(folder / "boot.R"), str(folder / "people.csv")]) for _ in range(ROUNDS)]
    if any(abs(a - b) > 0.2 * ours[0][3] for a, b in zip(ours[0][1:3], theirs[0][1:3], strict=True)):
        raise SystemExit(f"the bootstrap's interval {ours[0][1:3]} is not R's {theirs[0][1:3]}")
    report("5,000 bootstrap draws of one regression, 600 people", *(statistics.median(r[0] for r in runs) for runs in (ours, theirs)), 1)  # fmt: skip


def impute(folder: Path) -> None:
    """20 imputed panels of the primary family, waves side by side, five rounds; mice draws the same columns from the same."""
    (folder / "mice.R").write_text(R_IMPUTATION)
    files = [str(folder / "wide.csv"), str(folder / "use.csv")]
    ours, mean = said_by([sys.executable, "-c", OUR_IMPUTATION, *files])
    theirs, r_mean = said_by(["Rscript", str(folder / "mice.R"), *files])
    if abs(mean - r_mean) > APART:
        raise SystemExit(f"the mean of the imputed self-esteem scores {mean} is not mice's {r_mean}")
    report("20 imputed panels of the primary family", ours, theirs, None)


def main() -> None:
    if shutil.which("Rscript") is None:
        raise SystemExit("R is not installed: there is nothing to compare with")
    parts = {part.__name__: part for part in (families, bootstraps, one_bootstrap, impute)}
    for name in sys.argv[1:] or parts:
        with tempfile.TemporaryDirectory() as folder:
            parts[name](Path(folder))


if __name__ == "__main__":
    main()
