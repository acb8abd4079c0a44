"""Make a new study folder."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated

import typer

from rejsens.commands._pipeline import stop
from rejsens.problems import Problem, listed
from rejsens.system_faults import sentence
from rejsens.whole_files import write_whole

TEMPLATE = Path(__file__).resolve().parents[2] / "new_study"
FILES = {  # of the template -> of the study
    "config.yaml": "config/config.yaml",
    "example_hypotheses.yaml": "config/hypotheses/_example.yaml",
    "README.md": "README.md",
    "gitignore": ".gitignore",
}
FOLDERS = ("data/waves", "raw")
MAY_BE_THERE = {".git", ".DS_Store"}  # of a folder that was made for the study and is still empty


def init(
    study: Annotated[
        Path, typer.Argument(metavar="STUDY", help="Folder of the new study; it is made.", show_default=False)
    ],
    title: Annotated[str, typer.Option(help="Title of the study. It can be changed later.", show_default=False)] = "",
    simulated: Annotated[
        bool, typer.Option("--simulated", help="The answers will be invented, not given by people.")
    ] = False,
) -> None:
    """Make a folder for a new study: settings to decide on, a place for the waves, an example of a hypothesis."""
    _refuse_a_folder_in_use(study)
    title = title or study.resolve().name.replace("_", " ").replace("-", " ").capitalize()
    words = {
        "TITLE": title,
        "QUOTED": json.dumps(title, ensure_ascii=False),
        "SIMULATED": "true " if simulated else "false",
    }
    try:
        for folder in FOLDERS:
            (study / folder).mkdir(parents=True)
            (study / folder / ".gitkeep").touch()
        for source, target in FILES.items():
            text = (TEMPLATE / source).read_text(encoding="utf-8")
            # in one go: a title may hold what looks like one of the words
            write_whole(study / target, re.sub(r"\{\{(\w+)\}\}", lambda found: words.get(found[1], found[0]), text))
    except OSError as error:
        fix = sentence(error) or str(error)
        stop(
            Problem(str(study), "The study could not be made", "its files could not be written", "", fix),
            "The new study",
        )
    print(f"Made the study {study}: decide the settings in {study}/config/config.yaml, and read {study}/README.md.")
    print(f"Next: rejsens add-wave EXPORT --name w1 --study {study}")


def _refuse_a_folder_in_use(study: Path) -> None:
    if study.is_file():
        stop(
            Problem(str(study), "A place that is taken", "a file stands there", "", "choose another name"),
            "The new study",
        )
    there = sorted(path.name for path in study.iterdir() if path.name not in MAY_BE_THERE) if study.is_dir() else []
    if there:
        found, fix = f"the folder holds {listed(there, 4)}", "choose a new folder; nothing was changed in this one"
        stop(Problem(str(study), "A folder in use", found, "a new or empty folder", fix), "The new study")
