"""A simulated study as a folder: exports as a survey platform writes them, their sidecars, and the truth."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from rejsens.declarations import SHIPPED, load_settings
from rejsens.definitions import Instrument, Item
from rejsens.simulate.defects import MISSING_CODE
from rejsens.simulate.parameters import Parameters, read_parameters, stream
from rejsens.simulate.study import SimulatedStudy, SimulatedWave, simulate

FIRST_ROW = {"plain": 2, "qualtrics": 4}  # spreadsheet row of the first person
DURATION = "Duration (in seconds)"
# What a platform adds around the questionnaire; columns that would identify a person are not exported.
BEFORE = {
    "StartDate": "Start Date", "EndDate": "End Date", "Status": "Response Type", "Progress": "Progress",
    DURATION: DURATION, "Finished": "Finished", "ResponseId": "Response ID", "panel_id": "panel_id",
}  # fmt: skip
CONFIG = """# Settings of this study; what is not stated here has the default of the pipeline's own config/config.yaml.
study:
  title: A simulated panel
  simulated: true
  description: Nobody answered these questions; every number was drawn from the parameters in data/truth/latent.yaml.
seed: {seed}
"""


def _config(seed: int) -> str:
    """Settings of a written study: the planted defects are screened and set aside as in the repository's own study."""
    shipped = load_settings(SHIPPED)
    rules = {"out_of_range": shipped["out_of_range"], "screening": shipped["screening"]}
    return CONFIG.format(seed=seed) + yaml.safe_dump(rules, sort_keys=False, allow_unicode=True)


def simulate_study(seed: int, out: Path | str, parameters: Path | str | None = None) -> SimulatedStudy:
    """Simulate a study and write it into a folder, where the pipeline can run it.

    seed         the same seed and parameters give the same bytes
    out          data/waves/ and data/truth/ are written there; config/ only where there is none
    parameters   parameter file, `config/simulation.yaml` by default
    returns      the study in memory
    raises       Refused: see `read_parameters`
    """
    study = simulate(read_parameters(parameters), seed)
    write_study(study, out)
    return study


def write_study(study: SimulatedStudy, out: Path | str) -> None:
    """Write every wave with its sidecar, data/truth/planted.csv and data/truth/latent.yaml."""
    out = Path(out)
    for wave in study.waves:
        write_wave(wave, out / "data" / "waves", study.seed, study.parameters)
    truth = out / "data" / "truth"
    truth.mkdir(parents=True, exist_ok=True)
    planted_rows(study).to_csv(truth / "planted.csv", index=False, lineterminator="\n")
    (truth / "latent.yaml").write_text(latent_truth(study), encoding="utf-8")
    _write_config(study, out)


def write_wave(
    wave: SimulatedWave, folder: Path, seed: int, parameters: Parameters, platform: str | None = None
) -> Path:
    """One export and its sidecar; `platform` overrides the wave's own. Returns the sidecar's path."""
    folder.mkdir(parents=True, exist_ok=True)
    platform = platform or wave.declared["platform"]
    labelled = wave.declared.get("labelled", ()) if platform == "qualtrics" else ()
    text = _qualtrics(wave, labelled, seed) if platform == "qualtrics" else _plain(wave)
    (folder / f"{wave.name}.csv").write_bytes(text.encode("utf-8"))
    sidecar = _sidecar(wave, platform, labelled, seed, parameters, hashlib.sha256(text.encode("utf-8")).hexdigest())
    path = folder / f"{wave.name}.yaml"
    path.write_text(_yaml(sidecar), encoding="utf-8")
    return path


# --- exports ---------------------------------------------------------------------------------------------------------


def _plain(wave: SimulatedWave) -> str:
    columns = {"participant": wave.cells["participant"]}
    for instrument in wave.instruments:
        for name, item in zip(_names(instrument), instrument.columns, strict=True):
            columns[name] = _texts(wave.cells[item])
    return pd.DataFrame(columns).to_csv(index=False, lineterminator="\n")


def _names(instrument: Instrument) -> list[str]:
    """Plain column names: under a named order, rses_03 is the third question, whichever item that is."""
    return list(instrument.orders[next(iter(instrument.orders))] if instrument.order else instrument.columns)


def _texts(codes: pd.Series, labels: Mapping[float, str] | None = None) -> list[str]:
    written = {code: (labels or {}).get(code, f"{code:g}") for code in codes.dropna().unique()}
    return ["" if np.isnan(code) else written[code] for code in codes]


def _qualtrics(wave: SimulatedWave, labelled: tuple[str, ...], seed: int) -> str:
    """Names, question texts, ImportIds, then the answers; those of `labelled` instruments as choice texts."""
    columns, names = _platform_columns(wave, seed), _question_names(wave)
    questions, import_ids = dict(BEFORE), {name: name[0].lower() + name[1:] for name in BEFORE}
    import_ids |= {DURATION: "duration", "ResponseId": "_recordId", "panel_id": "panel_id"}
    for instrument in wave.instruments:
        for name, item in zip(names[instrument.name], map(instrument.item, instrument.columns), strict=True):
            if name in columns:
                continue
            columns[name] = _texts(wave.cells[item.id], _choices(item) if instrument.id in labelled else None)
            questions[name] = item.wording or f"{instrument.name}: {item.label.replace('_', ' ')}"
            import_ids[name] = f"QID{name.removeprefix('Q')}"
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerow(questions[name] for name in columns)
    writer.writerow(json.dumps({"ImportId": import_ids[name]}, separators=(",", ":")) for name in columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return text.getvalue()


def _question_names(wave: SimulatedWave) -> dict[str, list[str]]:
    """Instrument -> its columns: background questions are Q1, Q2, …; any other is one matrix Qk_1, Qk_2, …."""
    names, number = {}, 1
    for instrument in wave.instruments:
        if instrument.id == "background":
            asked = [item for item in instrument.columns if item != "duration_seconds"]
            own = {item: f"Q{k}" for k, item in enumerate(asked, start=number)}
            names[instrument.name] = [own.get(item, DURATION) for item in instrument.columns]
            number += len(asked)
        else:
            names[instrument.name] = [f"Q{number}_{k}" for k in range(1, len(instrument.columns) + 1)]
            number += 1
    return names


def _platform_columns(wave: SimulatedWave, seed: int) -> dict[str, list[str]]:
    rng = stream(seed, wave.name, "platform")
    n = len(wave.cells)
    opened = datetime.fromisoformat(wave.declared["from"])
    days = (datetime.fromisoformat(wave.declared["to"]) - opened).days
    seconds = wave.cells["duration_seconds"].to_numpy(dtype=int)
    start = [opened + timedelta(seconds=int(s)) for s in rng.integers(8 * 3600, days * 86400, size=n)]
    letters = np.array(list("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"))
    columns = {
        "StartDate": [str(moment) for moment in start],
        "EndDate": [str(moment + timedelta(seconds=int(s))) for moment, s in zip(start, seconds, strict=True)],
        "Status": ["IP Address"] * n, "Progress": ["100"] * n, DURATION: [str(s) for s in seconds],
        "Finished": ["True"] * n,
        "ResponseId": ["R_" + "".join(rng.choice(letters, size=15)) for _ in range(n)],
        "panel_id": wave.cells["participant"].tolist(),
    }  # fmt: skip
    for copy in wave.planted[wave.planted["kind"] == "exact_duplicate"].itertuples():
        for column in columns.values():
            column[copy.position] = column[int(copy.detail.rpartition(" ")[2])]
    return columns


def _choices(item: Item) -> dict[float, str]:
    """Choice texts as the platform shows them: the labels of our own instrument, with a capital."""
    return {code: label[0].upper() + label[1:] for code, label in item.labels.items()}


# --- sidecars --------------------------------------------------------------------------------------------------------


def _sidecar(
    wave: SimulatedWave, platform: str, labelled: tuple[str, ...], seed: int, parameters: Parameters, sha256: str
) -> dict[str, Any]:
    names = [declared["name"] for declared in parameters["waves"]]
    retest = wave.name not in names
    title = f"Two-week retest of {names[0]}" if retest else f"Wave {names.index(wave.name) + 1} of {len(names)}"
    entries = [dict(entry) for entry in wave.entries]
    sidecar: dict[str, Any] = {"title": f"{title} (simulated)", "simulated": True}
    sidecar["role"] = "retest" if retest else "wave"
    sidecar |= {"retest_of": names[0]} if retest else {}
    sidecar |= {
        "platform": platform,
        "sha256": sha256,
        "collected": {"from": wave.declared["from"], "to": wave.declared["to"]},
        "population": "Simulated adults; nobody answered these questions.",
        "language": "en",
        "mode": "simulated web questionnaire",
        "source": f"rejsens simulate --seed {seed}",
        "licence": "CC0-1.0",
        "contact": "the maintainers of this repository",
        "participant": {"column": "panel_id" if platform == "qualtrics" else "participant"},
        "missing_codes": [int(MISSING_CODE)],
    }
    if platform == "qualtrics":
        asked = {instrument.name: instrument for instrument in wave.instruments}
        questions = _question_names(wave)
        sidecar["headers"] = dict(zip(questions["background"], asked["background"].columns, strict=True))
        sidecar["labels"] = {
            name: {text: int(code) for code, text in _choices(asked[name].items[0]).items()} for name in labelled
        }
        for entry in entries:
            if entry["id"] != "background":
                entry["columns"] = questions[entry["id"]][0].removesuffix("_1") + "_{n}"
    return sidecar | {"instruments": entries}


class _Dumper(yaml.SafeDumper):
    """Whatever has an id stands on one line."""

    def group(self, content: dict[str, Any]) -> yaml.MappingNode:
        return self.represent_mapping("tag:yaml.org,2002:map", content.items(), flow_style="id" in content)


_Dumper.add_representer(dict, _Dumper.group)


def _yaml(content: Mapping[str, Any]) -> str:
    return yaml.dump(dict(content), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


# --- truth -----------------------------------------------------------------------------------------------------------


def planted_rows(study: SimulatedStudy) -> pd.DataFrame:
    """Every planted defect: wave, kind, participant, row (of the export, as a spreadsheet counts), item, detail."""
    frames = []
    for wave in study.waves:
        first = FIRST_ROW[wave.declared["platform"]]
        frame = wave.planted.assign(wave=wave.name, row=wave.planted["position"] + first)
        frame["detail"] = [_with_row(detail, first) for detail in frame["detail"]]
        frames.append(frame[["wave", "kind", "participant", "row", "column", "detail"]])
    return pd.concat(frames, ignore_index=True)


def _with_row(detail: str, first: int) -> str:
    text, found, position = detail.partition("position ")
    return f"{text}row {int(position) + first}" if found else detail


def latent_truth(study: SimulatedStudy) -> str:
    """The parameters behind the data, with the loading and the thresholds of every item, as YAML."""
    items = [
        {"id": name, "variable": model.variable, "loading": model.loading, "thresholds": list(model.thresholds),
         "reversed": model.item.reverse}
        for name, model in study.models.items()
    ]  # fmt: skip
    heading = "# The latent truth of this simulated study; config/simulation.yaml explains every name.\n"
    return heading + _yaml({"seed": study.seed, "parameters": dict(study.parameters), "items": items})


def _write_config(study: SimulatedStudy, out: Path) -> None:
    """A study needs settings and hypotheses to run; those of an existing study are left alone."""
    settings = out / "config" / "config.yaml"
    if settings.exists():
        return
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(_config(seed=study.seed), encoding="utf-8")
    if not (out / "config" / "hypotheses").exists():
        shutil.copytree(SHIPPED / "config" / "hypotheses", out / "config" / "hypotheses")
