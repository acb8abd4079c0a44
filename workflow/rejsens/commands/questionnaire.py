"""Make a questionnaire from instruments' files; score what experts say of its items."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

FAULTS = 1


class Format(StrEnum):
    all = "all"
    html = "html"
    pdf = "pdf"
    qualtrics = "qualtrics"
    limesurvey = "limesurvey"
    blueprint = "blueprint"
    readability = "readability"
    review = "review"


class Form(StrEnum):
    short = "short"
    long = "long"


NAME = "A questionnaire of schemas/questionnaires/, or an instrument with wording."
FORMATS = "html, pdf, qualtrics or limesurvey; all: these four; for those who judge the items: blueprint, readability, review. May be repeated. Default: all."
STUDY = Annotated[Path, typer.Option(metavar="FOLDER", help="The study's folder.")]


def questionnaire(
    name: Annotated[str, typer.Argument(metavar="NAME", help=NAME)] = "mreii",
    format: Annotated[
        list[Format] | None,
        typer.Option("--format", metavar="FORMAT", help=FORMATS, show_default=False),
    ] = None,
    language: Annotated[str, typer.Option(metavar="LANGUAGE", help="Such as en or de.")] = "en",
    wave: Annotated[int, typer.Option(min=1, help="The wave that asks it: 1, 2, ...")] = 1,
    form: Annotated[Form, typer.Option(help="Who things came from: one question each, or twelve.")] = Form.short,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Where to write.")] = Path("questionnaire"),
    study: STUDY = Path("."),
) -> None:
    """Make a questionnaire: a page, a PDF, files that Qualtrics and LimeSurvey import, and sheets for experts.

    The questions, their codes and their order come from the instruments' files and from schemas/questionnaires/. Beside each
    importable file stands what `add-wave --maps` needs to read its export.
    """
    from rejsens.problems import Refused
    from rejsens.questionnaire.reading import Wanted, support_notice
    from rejsens.questionnaire.writing import ASKED, write_files

    chosen = [f.value for f in format or [Format.all]]
    formats = list(dict.fromkeys(f for c in chosen for f in (ASKED if c == "all" else (c,))))
    wanted = Wanted(name, study, language, wave, form.value)
    try:
        paths = write_files(wanted, formats, out)
        notice = support_notice(wanted) if set(formats) & set(ASKED) else None
    except Refused as refused:
        print(refused)
        raise typer.Exit(FAULTS) from None
    for path in paths:
        print(path)
    if notice:
        print(f"{notice.cause}\n{notice.sentence()}")
    if "qualtrics" in formats or "limesurvey" in formats:
        print("Next: import the file into the platform, and answer it once yourself before anybody else does.")


def content_validity(
    sheets: Annotated[list[Path] | None, typer.Argument(metavar="SHEETS", help="The sheets that experts sent back, CSV or Excel.", show_default=False)] = None,
    name: Annotated[str, typer.Option(metavar="NAME", help=NAME)] = "mreii",
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Where to write the tables.")] = Path("content-validity"),
    example: Annotated[bool, typer.Option("--example", help="Write sheets of eight simulated raters instead, to try it out.")] = False,
    study: STUDY = Path("."),
) -> None:  # fmt: skip
    """Score what experts say of the items: content validity of each item (I-CVI, kappa) and of each scale (S-CVI).

    `questionnaire --format review` makes the sheet to send out. Asked for are at least six raters, an I-CVI of .78 and an
    S-CVI/Ave of .90 (Polit, Beck & Owen 2007).
    """
    from rejsens.content_validity import summary, tables
    from rejsens.problems import Refused
    from rejsens.questionnaire.contents import contents
    from rejsens.questionnaire.reading import Wanted
    from rejsens.questionnaire.review import review_sheet, write_simulated
    from rejsens.spreadsheet import csv_text
    from rejsens.whole_files import write_whole

    try:
        found = contents(Wanted(name, study))
        if example:
            for path in write_simulated(found, out):
                print(path)
            print(f"Simulated: nobody judged these items. Next: rejsens content-validity {out}/*.csv")
            return
        made = tables(sheets or (), review_sheet(found))
    except Refused as refused:
        print(refused)
        raise typer.Exit(FAULTS) from None
    for kind in ("items", "scales"):
        write_whole(out / f"{kind}.csv", csv_text(made[kind]))
        print(out / f"{kind}.csv")
    for line in summary(made["ratings"], made["items"], made["scales"]):
        print(line)
