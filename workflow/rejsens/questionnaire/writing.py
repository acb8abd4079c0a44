"""The files that a questionnaire becomes, one writer for each format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from rejsens.questionnaire import limesurvey, page, pdf, qualtrics
from rejsens.questionnaire.blueprint import blueprint, readability
from rejsens.questionnaire.contents import contents
from rejsens.questionnaire.model import Questionnaire
from rejsens.questionnaire.reading import Wanted, read_questionnaire
from rejsens.questionnaire.review import review_sheet, write_review
from rejsens.whole_files import write_all_whole

ASKED = ("html", "pdf", "qualtrics", "limesurvey")  # for the people who answer
JUDGED = ("blueprint", "readability", "review")  # for those who judge the items


def write_files(wanted: Wanted, formats: Sequence[str], folder: Path) -> list[Path]:
    """Write the formats into a folder, which is made where there is none.

    returns   the files, in the order of the formats
    raises    Refused: as `read_questionnaire`, `contents`, `readability` and `review_sheet`, before anything is written
    """
    asked = read_questionnaire(wanted) if set(formats) & set(ASKED) else None
    judged = contents(wanted) if set(formats) & set(JUDGED) else None
    texts: dict[str, bytes] = {}
    for name in formats:
        if asked and name in ASKED:
            texts |= _files(asked, name)
        elif judged and name in ("blueprint", "readability"):
            made = blueprint(judged) if name == "blueprint" else readability(judged)
            texts[f"{name}.md"] = made.encode()
    if judged and "review" in formats:
        review_sheet(judged)  # refuses before anything is written
    folder.mkdir(parents=True, exist_ok=True)
    write_all_whole({folder / name: content for name, content in texts.items()})
    paths = [folder / name for name in texts]
    return paths + (write_review(judged, folder) if judged and "review" in formats else [])


def _files(asked: Questionnaire, name: str) -> Mapping[str, bytes]:
    stem = f"{asked.id}.{asked.language}.wave{asked.wave}" + (".long" if asked.form == "long" else "")
    match name:
        case "html":
            return {f"{stem}.html": page.html(asked).encode()}
        case "pdf":
            return {f"{stem}.pdf": pdf.pdf(asked)}
        case "qualtrics":
            maps = _maps(qualtrics.maps(asked), f"{stem}.qsf")
            return {f"{stem}.qsf": qualtrics.qsf(asked).encode(), f"{stem}.qualtrics.maps.yaml": maps}
        case _:
            maps = _maps(limesurvey.maps(asked), f"{stem}.limesurvey.txt")
            text = limesurvey.structure(asked).encode()
            return {f"{stem}.limesurvey.txt": text, f"{stem}.limesurvey.maps.yaml": maps}


def _maps(content: Mapping[str, Any], file: str) -> bytes:
    head = f"# What an export of {file} holds: rejsens add-wave EXPORT --name NAME --maps THIS_FILE\n"
    return (head + yaml.safe_dump(dict(content), sort_keys=False, allow_unicode=True, width=120)).encode()
