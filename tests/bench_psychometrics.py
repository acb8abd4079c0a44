"""`make bench`: factor models on 46,000 simulated people and imputation, side by side with lavaan and mice where R has them.
Nothing here is a test.

python tests/bench_psychometrics.py            everything
python tests/bench_psychometrics.py ladder     one of: one_factor, two_factors, ladder, wlsmv, wlsmv_wide, omega, impute

Each is timed in a process of its own that reads the data first; the time is that of the fit with its fit indices, the
median of three; the memory is what the fit added to a process that had read the data, at its peak, with the whole
process' peak behind it (most of which is the libraries themselves).
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
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT / "workflow"), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
PEOPLE = 46_000
ROUNDS = 3
SLOW_IN_R = ("wlsmv_wide", "omega", "impute")  # timed once there
RANDOM = {"impute": 0.02}  # how far two sides may lie apart where both draw

OURS = """
import json, sys, time
import numpy as np
import pandas as pd
from rejsens.missing import impute
from rejsens.psychometrics import cfa, invariance, omega
data = pd.read_csv(sys.argv[1])
items = [name for name in data if name != "group"]
def memory(what):
    return next(int(line.split()[1]) / 1024 for line in open("/proc/self/status") if line.startswith(what))
before, start = memory("VmRSS"), time.perf_counter()
%s
seconds = time.perf_counter() - start
print(json.dumps([seconds, max(memory("VmHWM") - before, 0), memory("VmHWM"), value]))
"""
THEIRS = """
suppressMessages(library(lavaan))
data <- read.csv(commandArgs(TRUE)[1]); items <- setdiff(names(data), "group")
measured <- function(items, name = "f") paste(name, "=~", paste(items, collapse = " + "))
memory <- function(what) {
  as.numeric(sub("\\\\D*(\\\\d+).*", "\\\\1", grep(what, readLines("/proc/self/status"), value = TRUE))) / 1024
}
before <- memory("VmRSS"); started <- proc.time()[["elapsed"]]
%s
seconds <- proc.time()[["elapsed"]] - started
cat(sprintf("[%%f, %%f, %%f, %%.6f]\\n", seconds, max(memory("VmHWM") - before, 0), memory("VmHWM"), value))
"""
CASES = {
    "one_factor": (
        "One factor, 10 items, ML", "ten",
        'value = cfa(data, {"f": items}).fit.chi2',
        'value <- fitMeasures(cfa(measured(items), data))[["chisq"]]',
    ),
    "two_factors": (
        "Two factors, 36 items, ML", "wide",
        'value = cfa(data, {"f": items[:18], "g": items[18:]}).fit.chi2',
        'value <- fitMeasures(cfa(paste(measured(items[1:18]), measured(items[19:36], "g"), sep = "\\n"), data))[["chisq"]]',
    ),
    "ladder": (
        "Four rungs by two groups, 10 items, ML", "ten",
        'value = invariance(data, {"f": items}, groups="group").models["strict"].fit.chi2',
        'for (equal in list("", "loadings", c("loadings", "intercepts"), c("loadings", "intercepts", "residuals")))\n'
        '  value <- fitMeasures(cfa(measured(items), data, group = "group", group.equal = equal))[["chisq"]]',
    ),
    "wlsmv": (
        "One factor, 10 items of 4 categories, WLSMV", "ordered",
        'value = cfa(data, {"f": items}, estimator="WLSMV").fit.chi2_scaled',
        'value <- fitMeasures(cfa(measured(items), data, ordered = TRUE, estimator = "WLSMV"))[["chisq.scaled"]]',
    ),
    "wlsmv_wide": (
        "Two factors, 36 items of 4 categories, 5,000 people, WLSMV", "ordered_wide",
        'value = cfa(data, {"f": items[:18], "g": items[18:]}, estimator="WLSMV").fit.chi2_scaled',
        'value <- fitMeasures(cfa(paste(measured(items[1:18]), measured(items[19:36], "g"), sep = "\\n"), data, ordered = TRUE,\n'
        '                         estimator = "WLSMV"))[["chisq.scaled"]]',
    ),
    "omega": (
        "Omega of 10 items, 1,000 people, 2,000 bootstrap draws with a full refit each", "thousand",
        'value = omega(data, draws=2000, rng=np.random.default_rng(1)).estimate',
        'suppressMessages(library(semTools)); of <- function(m) compRelSEM(m, obs.var = FALSE)[[1]]\n'
        'fit <- cfa(measured(items), data, std.lv = TRUE, se = "none", test = "none"); value <- of(fit)\n'
        'ends <- quantile(suppressWarnings(bootstrapLavaan(fit, R = 2000, FUN = of)), c(.025, .975))',
    ),
    "impute": (
        "20 imputations of 12 items, 1,500 people, 15 % missing, 10 rounds of predictive mean matching", "holes",
        'completed = impute(data, m=20, seed=1); value = float(np.mean([one.to_numpy().mean() for one in completed]))',
        'library(mice); made <- mice(data, m = 20, maxit = 10, method = "pmm", printFlag = FALSE, seed = 1)\n'
        'value <- mean(sapply(1:20, function(i) mean(as.matrix(complete(made, i)))))',
    ),
}  # fmt: skip


def simulate(folder: Path) -> None:
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(1)
    one = 0.7 * rng.normal(size=(PEOPLE, 1)) + 0.7 * rng.normal(size=(PEOPLE, 10))
    ten = pd.DataFrame(one.round(4)).rename(columns="x{}".format)
    ten.assign(group=rng.choice(["a", "b"], PEOPLE)).to_csv(folder / "ten.csv", index=False)
    factors = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], size=PEOPLE)
    two = 0.6 * factors[:, np.repeat([0, 1], 18)] + 0.8 * rng.normal(size=(PEOPLE, 36))
    pd.DataFrame(two.round(4)).rename(columns="x{}".format).to_csv(folder / "wide.csv", index=False)
    ten.head(1000).to_csv(folder / "thousand.csv", index=False)
    answers = pd.DataFrame(np.clip(np.round(two[:1500, :12] * 1.2 + 3), 1, 5)).rename(columns="x{}".format)
    answers.mask(rng.random(answers.shape) < 0.15).to_csv(folder / "holes.csv", index=False)
    for name, values in (("ordered", one), ("ordered_wide", two[:5000])):
        coded = pd.DataFrame(np.digitize(values, [-0.8, 0.2, 1.1])).rename(columns="x{}".format)
        coded.to_csv(folder / f"{name}.csv", index=False)


def measured(command: list[str]) -> tuple[float, ...]:
    """Seconds, megabytes added and at the peak, and the statistic, which both sides must agree on."""
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    return tuple(json.loads(done.stdout.splitlines()[-1]))


def rounds(command: list[str], times: int) -> tuple[float, ...]:
    runs = [measured(command) for _ in range(times)]
    return tuple(statistics.median(run[k] for run in runs) for k in range(4))


def compare(case: str, folder: Path, with_r: bool) -> None:
    title, data, ours, theirs = CASES[case]
    path = str(folder / f"{data}.csv")
    seconds, added, peak, value = rounds([sys.executable, "-c", OURS % ours, path], ROUNDS)
    if not with_r:
        print(
            f"{title}: {seconds:.2f} s, {added:.0f} MB (R or its package is missing, nothing to compare with)",
            flush=True,
        )
        return
    script = folder / f"{case}.R"
    script.write_text(THEIRS % theirs)
    r_seconds, r_added, r_peak, r_value = rounds(["Rscript", str(script), path], 1 if case in SLOW_IN_R else ROUNDS)
    if abs(value - r_value) > RANDOM.get(case, 1e-3 + 1e-5 * abs(r_value)):
        raise SystemExit(f"{title}: {value} is not R's {r_value}")
    for what, mine, other, unit in (("time", seconds, r_seconds, "s"), ("memory", added, r_added, "MB")):
        verdict = "meets" if mine <= other else "MISSES"
        print(f"{title}, {what}: {mine:.2f} {unit} / R {other:.2f} {unit} = {mine / other:.2f}  ({verdict} the target of at most 1)", flush=True)  # fmt: skip
    print(f"{title}, whole processes at their peak: {peak:.0f} MB / R {r_peak:.0f} MB", flush=True)


def has_r(package: str) -> bool:
    if shutil.which("Rscript") is None:
        return False
    return subprocess.run(["Rscript", "-e", f"library({package})"], capture_output=True, check=False).returncode == 0


def main() -> None:
    chosen = sys.argv[1:] or list(CASES)
    with tempfile.TemporaryDirectory() as name:
        simulate(Path(name))
        for case in chosen:
            compare(case, Path(name), has_r("mice" if case == "impute" else "lavaan"))


if __name__ == "__main__":
    main()
