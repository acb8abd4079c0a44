"""A simulated study as a folder: exports as a survey platform writes them, their sidecars, and the truth."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from rejsens.declarations import load_settings
from rejsens.problems import Problem, Refused, did_you_mean, listed
from rejsens.registry import SHIPPED
from rejsens.simulate.defects import MISSING_CODE
from rejsens.simulate.events import implied_effects
from rejsens.simulate.parameters import Parameters, read_parameters
from rejsens.simulate.platforms import WRITERS, Exported
from rejsens.simulate.study import SimulatedStudy, SimulatedWave, simulate
from rejsens.whole_files import write_all_whole, write_whole

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


def simulate_study(
    seed: int, out: Path | str, parameters: Path | str | None = None, platform: str | None = None
) -> SimulatedStudy:
    """Simulate a study and write it into a folder, where the pipeline can run it.

    seed         the same seed and parameters give the same bytes
    out          data/waves/ and data/truth/ are written there; config/ only where there is none
    parameters   parameter file, `config/simulation.yaml` by default
    platform     one of `platforms.WRITERS` for all waves; by default each wave's own
    returns      the study in memory
    raises       Refused: see `read_parameters`; a platform that nobody knows
    """
    if platform is not None and platform not in WRITERS:
        allowed, fix = listed(list(WRITERS), 40), did_you_mean(platform, WRITERS) or "choose one of these"
        raise Refused(Problem("--platform", "Unknown platforms", f"“{platform}”", allowed, fix), "The simulated study")
    study = simulate(read_parameters(parameters), seed)
    write_study(study, out, platform)
    return study


def write_study(study: SimulatedStudy, out: Path | str, platform: str | None = None) -> None:
    """Write every wave with its sidecar, data/truth/planted.csv and data/truth/latent.yaml."""
    out = Path(out)
    first_rows = {}
    for wave in study.waves:
        exported = WRITERS[platform or wave.declared["platform"]](wave, study.seed)
        not_asked = left_out(wave, study.waves)
        _write(wave, exported, out / "data" / "waves", study.seed, study.parameters, platform, not_asked)
        first_rows[wave.name] = exported.first_row
    truth = out / "data" / "truth"
    write_whole(truth / "planted.csv", planted_rows(study, first_rows).to_csv(index=False, lineterminator="\n"))
    write_whole(truth / "latent.yaml", latent_truth(study))
    _write_config(study, out)


def left_out(wave: SimulatedWave, waves: Sequence[SimulatedWave]) -> list[str]:
    """The instruments that waves before this one asked and this one does not, by their administered names."""
    before = [other for other in waves if other.declared["from"] < wave.declared["from"]]
    asked = {instrument.name for instrument in wave.instruments}
    return [name for name in dict.fromkeys(i.name for other in before for i in other.instruments) if name not in asked]


def write_wave(
    wave: SimulatedWave, folder: Path, seed: int, parameters: Parameters, platform: str | None = None
) -> Path:
    """One export and its sidecar; `platform` overrides the wave's own. Returns the sidecar's path."""
    exported = WRITERS[platform or wave.declared["platform"]](wave, seed)
    return _write(wave, exported, folder, seed, parameters, platform)


def _write(
    wave: SimulatedWave, exported: Exported, folder: Path, seed: int, parameters: Parameters, platform: str | None,
    not_asked: Sequence[str] = (),
) -> Path:  # fmt: skip
    """The raw export, its sidecar, and what the platform gives beside it, under a name that no study takes for a wave."""
    files = {folder / f"{wave.name}{exported.suffix}": exported.content}
    files |= {folder / f"_{wave.name}{ending}": content for ending, content in exported.companions.items()}
    sidecar = _sidecar(wave, exported, seed, parameters, platform)
    sidecar |= {"not_asked": list(not_asked)} if not_asked else {}
    path = folder / f"{wave.name}.yaml"
    write_all_whole({**files, path: _yaml(sidecar)})  # the sidecar, which makes the wave one, last
    return path


# --- sidecars --------------------------------------------------------------------------------------------------------


def _sidecar(
    wave: SimulatedWave, exported: Exported, seed: int, parameters: Parameters, platform: str | None
) -> dict[str, Any]:
    names = [declared["name"] for declared in parameters["waves"]]
    retest = wave.name not in names
    title = f"Two-week retest of {names[0]}" if retest else f"Wave {names.index(wave.name) + 1} of {len(names)}"
    maps = dict(exported.maps)
    command = f"rejsens simulate --seed {seed}" + (f" --platform {platform}" if platform else "")
    sidecar: dict[str, Any] = {"title": f"{title} (simulated)", "simulated": True}
    sidecar["role"] = "retest" if retest else "wave"
    sidecar |= {"retest_of": names[0]} if retest else {}
    sidecar["platform"] = maps.pop("platform")
    sidecar |= {"file": f"{wave.name}{exported.suffix}"} if exported.suffix != ".csv" else {}
    sidecar |= {
        "sha256": hashlib.sha256(exported.content).hexdigest(),
        "collected": {"from": wave.declared["from"], "to": wave.declared["to"]},
        "population": "Simulated adults; nobody answered these questions.",
        "language": "en",
        "mode": "simulated web questionnaire",
        "source": command,
        "licence": "CC0-1.0",
        "contact": "the maintainers of this repository",
        "participant": maps.pop("participant"),
        "missing_codes": maps.pop("missing_codes", [int(MISSING_CODE)]),
        **maps,
    }
    stated = exported.columns
    entries = [
        {**entry, "columns": stated[i.name]} if i.name in stated else dict(entry)
        for entry, i in zip(wave.entries, wave.instruments, strict=True)
    ]
    return sidecar | {"instruments": entries}


class _Dumper(yaml.SafeDumper):
    """Whatever has an id stands on one line."""

    def group(self, content: dict[str, Any]) -> yaml.MappingNode:
        return self.represent_mapping("tag:yaml.org,2002:map", content.items(), flow_style="id" in content)


_Dumper.add_representer(dict, _Dumper.group)


def _yaml(content: Mapping[str, Any]) -> str:
    return yaml.dump(dict(content), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


# --- truth -----------------------------------------------------------------------------------------------------------


def planted_rows(study: SimulatedStudy, first_rows: Mapping[str, int]) -> pd.DataFrame:
    """Every planted defect: wave, kind, participant, row (of the export, as a spreadsheet counts), item, detail.

    first_rows   wave -> row of the first person in its export
    """
    frames = []
    for wave in study.waves:
        first = first_rows[wave.name]
        frame = wave.planted.assign(wave=wave.name, row=wave.planted["position"] + first)
        frame["detail"] = [_with_row(detail, first) for detail in frame["detail"]]
        frames.append(frame[["wave", "kind", "participant", "row", "column", "detail"]])
    return pd.concat(frames, ignore_index=True)


def _with_row(detail: str, first: int) -> str:
    text, found, position = detail.partition("position ")
    return f"{text}row {int(position) + first}" if found else detail


def latent_truth(study: SimulatedStudy) -> str:
    """The parameters behind the data, what they imply for events, and each item's loading and thresholds, as YAML."""
    items = [
        {"id": name, "variable": model.variable, "loading": model.loading, "thresholds": list(model.thresholds),
         "reversed": model.item.reverse}
        for name, model in study.models.items()
    ]  # fmt: skip
    heading = "# The latent truth of this simulated study; config/simulation.yaml explains every name.\n"
    told = {"seed": study.seed, "parameters": dict(study.parameters), "events": implied_effects(study.parameters)}
    return heading + _yaml({**told, "items": items})


def _write_config(study: SimulatedStudy, out: Path) -> None:
    """A study needs settings and hypotheses to run; those of an existing study are left alone."""
    settings = out / "config" / "config.yaml"
    if settings.exists():
        return
    write_whole(settings, _config(seed=study.seed))
    if not (out / "config" / "hypotheses").exists():
        shutil.copytree(SHIPPED / "config" / "hypotheses", out / "config" / "hypotheses")
