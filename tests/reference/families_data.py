"""The simulated study put to R: its panel and events, what each hypothesis asks, and R's rows held against the library's.

python tests/reference/families_data.py redraw    all of it: families.json from data/waves and config/hypotheses (minutes)
python tests/reference/families_data.py compare   families.json against the library, every hypothesis (a minute)
python tests/reference/families_data.py export FOLDER   waves.csv, events.csv and hypotheses.json for families.R
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from rejsens import events, pool
from rejsens.hypotheses import variables
from rejsens.inference.analyses import refused, rows_of
from rejsens.inference.covariates import person_waves
from rejsens.inference.estimates import NotTestable, estimates_frame
from rejsens.inference.families import rated_events
from rejsens.inference.questions import put
from rejsens.score_wave import wave_scores
from rejsens.scoring import DOES_NOT_APPLY
from rejsens.study import load_study
from rejsens.tabular import tidy
from rejsens.validate import validate

ROOT = Path(__file__).resolve().parents[2]
KEPT, SCRIPT = (ROOT / "tests/reference" / name for name in ("families.json", "families.R"))
KEY = ["hypothesis", "analysis", "wave", "outcome", "term", "metric", "model"]
NUMBERS = ["estimate", "se", "df", "statistic", "ci_low", "ci_high", "ci90_low", "ci90_high", "n_people", "n_obs"]
# keys that no number rests on; metrics with a standard error or an interval that is drawn
WORDS = ("label", "claim", "claim_ids", "estimand", "sesoi", "claim_type", "exploratory", "verdict")
DRAWN = ("delta_r2", "indirect", "isotonic_r2", "breakpoint")
COMPLETE = {"alpha": 0.05, "ci_level": 0.95, "seed": 20260105, "imputation": {"m": 0, "most": 0}}
BOOTSTRAP = "cross_sectional_bootstrap"  # drawn throughout; against R's boot in inference.R


def declared(root: Path = ROOT) -> dict[str, dict[str, Any]]:
    """Each hypothesis by its id, with its family's choice of a random slope."""
    read = [yaml.safe_load(path.read_text("utf-8")) for path in sorted((root / "config/hypotheses").glob("*.yaml"))]
    return {
        h["id"]: h | {"random_slope": bool(f.get("random_slope"))}
        for f in read for h in f["hypotheses"]
    }  # fmt: skip


def panel_and_events(root: Path = ROOT) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Person-waves with the scores of their events beside them, and events with the scores of their wave; five seconds."""
    with contextlib.chdir(root):
        study = load_study(".")
        scored, rated = [], []
        for wave in study.waves:
            asked, s = study.asked[wave.name], study.settings
            checked = validate(wave, list(asked), s["screening"], s["out_of_range"], 1)
            place = (wave.name, study.wave_numbers[wave.name], study.roles[wave.name])
            found = wave_scores(checked.checked_answers, asked, *place)
            scored.append(events.person_scores(found, asked))
            rated.append(events.event_rows(found, asked))
    rows = tidy(pool.pool_scores(rated), "events")
    scores = events.with_events(pool.pool_scores(scored), rows, list(study.instruments.values()))
    return person_waves(scores).copy(), rated_events(scores, rows).copy()  # in one piece, as read from a file


def without_words(asked: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """What each hypothesis asks of the data."""
    return json.loads(json.dumps({n: {k: v for k, v in h.items() if k not in WORDS} for n, h in asked.items()}))


def named_columns(panel: pd.DataFrame, rated: pd.DataFrame, asked: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    """Only the columns that a hypothesis names, and where those do not apply, so that R does not spend its time reading."""
    scores = {name for h in asked.values() for names in variables(h).values() for name in names}
    named = scores | {name + DOES_NOT_APPLY for name in scores}
    first = ["participant", "wave", "wave_number"]
    kept = (("waves", panel, first), ("events", rated, [*first, "event"]))
    return {name: frame[[*start, *sorted(named & set(frame))]] for name, frame, start in kept}


def fingerprint(frames: Mapping[str, pd.DataFrame]) -> str:
    """A hash of the columns that R was given, numbers to nine decimals."""
    found = hashlib.sha256()
    for frame in frames.values():
        for name in frame:
            numeric = pd.api.types.is_numeric_dtype(frame[name])
            values = frame[name].to_numpy(float).round(9) + 0.0 if numeric else frame[name].astype(str)
            found.update(name.encode() + pd.util.hash_array(np.asarray(values)).tobytes())
    return found.hexdigest()


def export(folder: Path, root: Path = ROOT) -> dict[str, Any]:
    asked = declared(root)
    frames = named_columns(*panel_and_events(root), asked)
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in frames.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    draws = yaml.safe_load((root / "config/config.yaml").read_text("utf-8"))["bootstrap_draws"]
    (folder / "hypotheses.json").write_text(json.dumps({"hypotheses": list(asked.values()), "draws": draws}))
    return {"data": fingerprint(frames), "asked": without_words(asked)}


def redraw(root: Path = ROOT) -> None:
    with tempfile.TemporaryDirectory() as name:
        about = export(Path(name), root)
        subprocess.run(["Rscript", str(SCRIPT), name, "exact"], check=True)
        keep(Path(name), about)


def keep(folder: Path, about: Mapping[str, Any]) -> None:
    rows = pd.read_csv(folder / "rows.csv", keep_default_na=False, na_values=["NA"])
    cells = rows[KEY + NUMBERS].astype(object)
    cells[NUMBERS] = cells[NUMBERS].map(lambda v: None if pd.isna(v) else "Inf" if v == math.inf else float(f"{v:.8g}"))
    head = {"versions": json.loads((folder / "versions.json").read_text()), **about, "columns": KEY + NUMBERS}
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in cells.to_numpy().tolist())
    KEPT.write_text(f'{json.dumps(head, ensure_ascii=False)[:-1]},\n"rows": [\n{lines}\n]}}\n', encoding="utf-8")


def r_rows(kept: Mapping[str, Any]) -> pd.DataFrame:
    frame = pd.DataFrame(kept["rows"], columns=kept["columns"])
    frame[NUMBERS] = frame[NUMBERS].replace("Inf", math.inf).astype(float)
    return frame


def own_rows(
    panel: pd.DataFrame, rated: pd.DataFrame, asked: Mapping[str, Any], chosen: Sequence[str] = (), draws: int = 5000
) -> pd.DataFrame:
    """The library's rows from complete cases, without the companions' bootstrap; a refused hypothesis is a row that says so."""
    found = []
    for name, h in asked.items():
        if chosen and name not in chosen:
            continue
        try:
            rows = rows_of(put(h, panel, rated, COMPLETE | {"bootstrap_draws": draws}, h["random_slope"], None))
        except NotTestable as refusal:
            rows = [refused(h, str(refusal))]
        found += [replace(row, hypothesis=name) for row in rows if row.analysis != BOOTSTRAP]
    frame = estimates_frame(found)
    return frame.assign(model=np.where(frame["method"].str.contains("products"), "with products", ""))


def differences(ours: pd.DataFrame, theirs: pd.DataFrame) -> list[str]:
    """Sentences, one for each number that does not agree, and for each row that only one side has."""
    k = [frame.groupby(KEY).cumcount() for frame in (ours, theirs)]  # Johnson-Neyman bounds may be two
    both = ours.assign(k=k[0]).merge(
        theirs.assign(k=k[1]), on=[*KEY, "k"], how="outer", suffixes=("", "_r"), indicator=True
    )
    said = []
    for row in both.to_dict("records"):
        name = " / ".join(str(row[key]) for key in KEY if row[key])
        if row["_merge"] != "both":
            said.append(f"{name}: only {'the library' if row['_merge'] == 'left_only' else 'R'} has it")
        else:
            said += [f"{name}: {problem}" for problem in _unequal(row)]
    return said


def _unequal(row: Mapping[str, Any]) -> Iterable[str]:
    for column in NUMBERS:
        ours, theirs = row[column], row[f"{column}_r"]
        unstated = math.isnan(theirs) and (math.isnan(ours) or column == "statistic")
        if not unstated and not close(column, ours, theirs, row["se_r"], row["metric"]):
            yield f"{column} {ours:.9g}, R {theirs:.9g}"


def close(column: str, ours: float, theirs: float, se: float, metric: str) -> bool:
    """Estimates and intervals' ends to 1e-5 and 1e-3, of their size beyond 1; the rest to 1e-3 of its size.

    What is drawn, by 5,000 draws on either side: an end of an interval has a Monte Carlo error of 0.04 standard errors on each
    side, 0.05 together, and may lie 0.2 apart; a standard deviation of draws one of 1.4 %, and may lie 6 % apart.
    """
    if ours == theirs:
        return True
    if metric in DRAWN and column.startswith("ci"):
        return abs(ours - theirs) <= 0.2 * se
    if metric in DRAWN and column == "se":
        return math.isclose(ours, theirs, rel_tol=0.06)
    if column in ("n_people", "n_obs"):
        return False
    if column == "estimate" or column.startswith("ci"):
        return abs(ours - theirs) <= (1e-5 if column == "estimate" else 1e-3) * max(1.0, abs(theirs))
    return math.isclose(ours, theirs, rel_tol=1e-3, abs_tol=1e-3 if column == "statistic" else 0.0)


def compare() -> list[str]:
    kept, asked = json.loads(KEPT.read_text("utf-8")), declared()
    panel, rated = panel_and_events()
    said = stale(kept, asked, fingerprint(named_columns(panel, rated, asked)))
    return said or differences(own_rows(panel, rated, asked), r_rows(kept))


def stale(kept: Mapping[str, Any], asked: Mapping[str, Any], data: str) -> list[str]:
    """Why R's numbers are no longer those of this study; nothing when they are."""
    again = "run `python tests/reference/families_data.py redraw`, which needs R"
    asked = without_words(asked)
    other = [name for name in {**asked, **kept["asked"]} if asked.get(name) != kept["asked"].get(name)]
    said = [f"declared otherwise than R was told: {', '.join(other)}; {again}"] if other else []
    return said or ([f"the simulated waves or their scores are no longer those that R was given; {again}"] if data != kept["data"] else [])  # fmt: skip


def main() -> None:
    action, *rest = sys.argv[1:]
    if action == "compare":
        said = compare()
        print("\n".join(said) or "The library and R agree on every row.")
        raise SystemExit(bool(said))
    {"export": export, "redraw": redraw}[action](*map(Path, rest))


if __name__ == "__main__":
    main()
