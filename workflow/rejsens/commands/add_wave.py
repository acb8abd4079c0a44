"""Take a new export into the study."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

EXPORT = "Export of the survey platform: CSV, TSV, Excel, SPSS."


def add_wave(
    export: Annotated[Path, typer.Argument(help=EXPORT, metavar="EXPORT")],
    name: Annotated[str, typer.Option(metavar="NAME", help="The wave's name, such as 2026b.")],
    study: Annotated[Path, typer.Option(metavar="FOLDER", help="The study's folder.")] = Path("."),
    platform: Annotated[
        str | None, typer.Option(metavar="PLATFORM", help="Where it came from, if the file does not show it: qualtrics, redcap, limesurvey, google_forms, formr, spss, excel, plain.", rich_help_panel="The export")
    ] = None,
    companion: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The platform's own description of the questions: REDCap data dictionary, LimeSurvey structure file, formr item table.", rich_help_panel="The export")
    ] = None,
    encoding: Annotated[str | None, typer.Option(metavar="NAME", help="Of a text file, if it is not found out.", rich_help_panel="The export")] = None,
    delimiter: Annotated[str | None, typer.Option(metavar="SIGN", help="Of a text file, if it is not found out.", rich_help_panel="The export")] = None,
    join: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="Demographics of Prolific or Mechanical Turk, joined by id. May be repeated.", rich_help_panel="The export")
    ] = None,
    participant: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="The column that says who answered; none: nobody did.", rich_help_panel="What stands where")
    ] = None,
    map_: Annotated[
        list[str] | None, typer.Option("--map", metavar="COLUMN=ITEM", help="One column's item; COLUMN=none: it holds no item.", rich_help_panel="What stands where")
    ] = None,
    instrument: Annotated[
        list[str] | None,
        typer.Option(metavar="ID:SETTINGS", help='An instrument and how it was asked, such as "rses:order=A,anchor_direction=ascending,columns=Q7_{n}".', rich_help_panel="What stands where"),
    ] = None,
    partial: Annotated[
        list[str] | None, typer.Option(metavar="INSTRUMENT", help="Items of it that have no column were not asked.", rich_help_panel="What stands where")
    ] = None,
    accept_suggestions: Annotated[
        bool, typer.Option("--accept-suggestions", help="Take similar names and questions for the same.", rich_help_panel="What stands where")
    ] = False,
    labels: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="YAML: item or instrument, then each answer and its code.", rich_help_panel="What answers mean")
    ] = None,
    missing: Annotated[
        list[str] | None, typer.Option(metavar="TEXT", help="A cell that means no answer, such as -99 or NA.", rich_help_panel="What answers mean")
    ] = None,
    maps: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="YAML with any keys of a sidecar, put over the proposal.", rich_help_panel="What answers mean")
    ] = None,
    ids: Annotated[
        str, typer.Option(metavar="auto|hash|keep", help="Hash participant ids, or keep them as they are; auto: as the study does.", rich_help_panel="Privacy")
    ] = "auto",
    keep_text: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN", help="Keep a column that looks like free text.", rich_help_panel="Privacy")
    ] = None,
    dates_from: Annotated[str | None, typer.Option(metavar="DAY", help="First day, year-month-day.", rich_help_panel="About the wave")] = None,
    dates_to: Annotated[str | None, typer.Option(metavar="DAY", help="Last day, year-month-day.", rich_help_panel="About the wave")] = None,
    title: Annotated[str | None, typer.Option(help="Title.", rich_help_panel="About the wave")] = None,
    population: Annotated[str | None, typer.Option(help="Who was asked.", rich_help_panel="About the wave")] = None,
    language: Annotated[str | None, typer.Option(help="Language of the questions.", rich_help_panel="About the wave")] = None,
    mode: Annotated[str | None, typer.Option(help="How people were asked, such as web.", rich_help_panel="About the wave")] = None,
    source: Annotated[str | None, typer.Option(help="Where the data come from.", rich_help_panel="About the wave")] = None,
    licence: Annotated[str | None, typer.Option(help="Licence of the data.", rich_help_panel="About the wave")] = None,
    contact: Annotated[str | None, typer.Option(help="Who answers questions about the data.", rich_help_panel="About the wave")] = None,
    consent: Annotated[str | None, typer.Option(help="What participants agreed to.", rich_help_panel="About the wave")] = None,
    retest_of: Annotated[str | None, typer.Option(metavar="WAVE", help="The wave that this short retest repeats.", rich_help_panel="About the wave")] = None,
    simulated: Annotated[bool | None, typer.Option("--simulated/--real", help="Nobody answered; the data were drawn by a program.", rich_help_panel="About the wave")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Only show what would be written.", rich_help_panel="Writing")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Put it in place of a wave of this name.", rich_help_panel="Writing")] = False,
    draft: Annotated[bool, typer.Option("--draft", help="Write _NAME files to edit, even with faults; the study leaves them out.", rich_help_panel="Writing")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing, also at a terminal.", rich_help_panel="Writing")] = False,
) -> None:  # fmt: skip
    """Take a new export into the study: match its columns, drop what tells who somebody is, write the wave and its sidecar.

    Shows which column becomes what, and why. Nothing is guessed: what is only similar is applied when you accept it.
    """
    from rejsens.adding.asking import ask, at_a_terminal
    from rejsens.adding.request import request_of
    from rejsens.adding.session import How, add_to, tell
    from rejsens.problems import Refused

    facts = {"title": title, "population": population, "language": language, "mode": mode, "source": source, "licence": licence,
             "contact": contact, "consent": consent, "simulated": simulated}  # fmt: skip
    facts |= {"role": "retest", "retest_of": retest_of} if retest_of else {}
    try:
        request = request_of(
            export=export, name=name, platform=platform, companion=companion, encoding=encoding, delimiter=delimiter,
            joins=join or (), participant=participant, pairs=map_ or (), instruments=instrument or (), partial=partial or (),
            accept_suggestions=accept_suggestions, labels=labels or (), missing=missing or (), maps=maps or (), ids=ids,
            keep_text=keep_text or (), dates_from=dates_from, dates_to=dates_to, facts=facts,
        )  # fmt: skip
    except Refused as refused:
        raise typer.Exit(tell(refused)) from None
    asker = ask if at_a_terminal() and not yes else None
    raise typer.Exit(add_to(study, request, How(dry_run=dry_run, replace=replace, draft=draft, ask=asker)))
