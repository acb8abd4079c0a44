"""What somebody types who adds a simulated export with `rejsens add-wave` and knows the questionnaire."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import yaml

from rejsens.simulate.platforms import Exported
from rejsens.simulate.study import SimulatedWave


def repeated_words(wave: SimulatedWave) -> set[str]:
    """Items that share their words with another one of the wave: two events, one question asked of several people."""
    said = [(item.wording, item.id) for i in wave.instruments for item in i.items if item.wording and i.scores]
    words = Counter(wording for wording, _ in said)
    return {item for wording, item in said if words[wording] > 1}


def flags(platform: str, exported: Exported, wave: SimulatedWave, folder: Path, labels: bool = False) -> list[str]:
    """How published scales were asked, what no header can tell, the platform's own description of the questions.

    folder   a maps file and companions are written there
    labels   also what each answer means, which a file of few people does not show
    """
    given = {
        "--dates-from": wave.declared["from"], "--dates-to": wave.declared["to"],
        "--missing": str(exported.maps.get("missing_codes", [-99])[0]), "--participant": exported.maps["participant"]["column"],
    }  # fmt: skip
    typed = [word for flag in given.items() for word in flag]
    repeated = repeated_words(wave)
    for entry, instrument in zip(wave.entries, wave.instruments, strict=True):
        asked = {k: entry[k] for k in ("as", "order", "anchor_direction") if k in entry}
        if "items" in entry:
            asked["items"] = f"[{','.join(entry['items'])}]"
        columns = exported.columns.get(instrument.name)
        unknown = not instrument.id.startswith("mreii") or (
            isinstance(columns, str) and repeated & set(instrument.columns)
        )
        if columns and instrument.scores and unknown:
            asked["columns"] = columns if isinstance(columns, str) else columns[0].replace("001", "{n:03}")
        if asked:
            typed += ["--instrument", f"{instrument.id}:" + ",".join(f"{k}={v}" for k, v in asked.items())]
    maps = {}
    if platform in ("qualtrics", "qualtrics_tsv", "formr"):  # numbers in a cell, and nothing says what they stand for
        maps["multiple"] = exported.maps["multiple"]
    if platform in ("google_forms", "google_sheets", "limesurvey_text"):  # questions that ship without their wording
        published = [item.id for i in wave.instruments if i.scores and not i.id.startswith("mreii") for item in i.items]
        unknown = {*published, *repeated, "duration_seconds", "event_first"}
        maps["headers"] = {column: item for column, item in exported.maps["headers"].items() if item in unknown}
    if platform == "limesurvey":  # several arrays for one instrument
        own = [(i.columns, exported.columns.get(i.name, ())) for i in wave.instruments if repeated & set(i.columns)]
        maps["headers"] = {c: item for items, columns in own for item, c in zip(items, columns, strict=True)}
        maps["headers"] |= {c: item for c, item in exported.maps["headers"].items() if item == "event_first"}
    if maps:
        (folder / "maps.yaml").write_text(yaml.safe_dump(maps), encoding="utf-8")
        typed += ["--maps", str(folder / "maps.yaml")]
    if labels and "labels" in exported.maps:
        known = {name: codes for name, codes in exported.maps["labels"].items() if not name.startswith("lives_with")}
        (folder / "labels.yaml").write_text(yaml.safe_dump(known), encoding="utf-8")
        typed += ["--labels", str(folder / "labels.yaml")]
    for ending, content in exported.companions.items():
        (folder / f"companion{ending}").write_bytes(content)
        typed += ["--companion", str(folder / f"companion{ending}")]
    return typed
