"""A small study whose people are to be taken for real: few in the second wave, rare answers, gaps, one person alone in a group."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import yaml

from tests.conftest import declare, seal, write_study

FEW = 8  # of the second wave, below the limit of ten
GENDER = [1] * 31 + [2] * 25 + [3] * 3 + [4]


def write_few(study: Path) -> Path:
    """Two waves of `write_study` with holes, a category of one person and a second wave of few."""
    write_study(study)
    config = study / "config/config.yaml"
    settings = yaml.safe_load(config.read_text())
    settings["study"] |= {"title": "A tiny study", "simulated": False}
    settings["sample_table"] = ["age", "gender"]
    config.write_text(yaml.safe_dump(settings, sort_keys=False))
    for wave in ("w1", "w2"):
        path = study / "data/waves" / f"{wave}.csv"
        frame = pd.read_csv(path, dtype=str).assign(gender=list(map(str, GENDER)))
        frame.loc[[3, 17], "gad7_02"] = ""
        frame.loc[[5], ["gad7_01", "gad7_03", "gad7_04"]] = ""
        frame.loc[[9], "age"] = "97"
        frame.loc[[21], "ucla3_02"] = ""
        (frame if wave == "w1" else frame.head(FEW)).to_csv(path, index=False)
        asked = [
            {"id": "gad7"},
            {"id": "ucla3", "anchor_direction": "ascending"},
            {"id": "background", "items": ["age", "gender"]},
        ]
        declare(study, wave, simulated=False, instruments=asked)
        seal(study, wave)
    return study


if __name__ == "__main__":
    import sys

    write_few(Path(sys.argv[1]))
