"""Qualtrics: CSV, TSV or Excel with three header rows; choice texts or codes.

"CSV and TSV files come with 3 rows of headers": the field's internal name, the question text (or the name of the field),
and the import id as `{"ImportId": …}` (qualtrics.com/support › Understanding Your Dataset). A stored wave may keep one
header row or all three. TSV comes in UTF-16. `Status` says how a response came in, as text or as its code:
0 IP Address, 1 Survey Preview, 2 Survey Test, 4 Imported, 8 Spam, 9 Survey Preview Spam, 12 Imported Spam, 16 Offline,
17 Offline Survey Preview, 32 EX, 40 EX Spam, 48 EX Offline, 256 Synthetic.
A question with several answers is one cell of codes or texts with commas between them, or one column for each choice.
"""

from __future__ import annotations

from pathlib import Path

from rejsens.importers.cells import name_text
from rejsens.importers.model import Head, Layout
from rejsens.problems import Problem, Refused, listed

TITLE = "Qualtrics"
COMPANION = ""
IDS = ("PROLIFIC_PID", "workerId", "participant", "participant_id", "panel_id", "ExternalReference", "ExternalDataReference", "ResponseId", "ResponseID")  # fmt: skip
PERSONAL = {
    "IPAddress": "network address", "RecipientLastName": "name", "RecipientFirstName": "name", "RecipientEmail": "e-mail address",
    "ExternalReference": "the contact list's own id", "ExternalDataReference": "the contact list's own id",
    "LocationLatitude": "place", "LocationLongitude": "place",
}  # fmt: skip
DATES = ("StartDate", "EndDate")
DURATION = {"Duration (in seconds)": 1.0}
NOT_ANSWERS = (
    ("Status", ("Survey Preview", 1, "Survey Test", 2, "Offline Survey Preview", 17), "Previews and tests of the questionnaire"),
    ("Status", ("Spam", 8, "Survey Preview Spam", 9, "Imported Spam", 12, "EX Spam", 40), "Marked as spam by Qualtrics"),
    ("Status", ("Synthetic", 256), "Answers that Qualtrics made up"),
    ("DistributionChannel", ("preview",), "Previews of the questionnaire"),
)  # fmt: skip
OWN = ("StartDate", "EndDate", "Status", "Progress", "Duration (in seconds)", "Finished", "RecordedDate", "ResponseId", "DistributionChannel", "UserLanguage")  # fmt: skip
SECOND = {"StartDate": "Start Date", "EndDate": "End Date", "ResponseId": "Response ID", "RecordedDate": "Recorded Date", "Status": "Response Type"}  # fmt: skip
IMPORT_ID = '{"ImportId"'  # what each cell of the third header row begins with


def recognise(head: Head) -> str:
    if has_import_ids(head):
        return "its third row holds Qualtrics' import ids"
    known = [name for name in OWN if name in head.names]
    return f"columns {', '.join(known[:4])} are those of Qualtrics" if len(known) >= 5 else ""


def has_import_ids(head: Head) -> bool:
    """Whether Qualtrics' second and third header row stand under the names."""
    third = head.rows[1] if len(head.rows) > 1 else ()
    return bool(third) and 2 * sum(cell.lstrip().startswith(IMPORT_ID) for cell in third) >= len(third)


def read(head: Head, companion: Path | None = None) -> Layout:
    """Names and question texts, and how many header rows there are.

    raises   Refused when one of the three header rows was taken out, or is not as long as the first
    """
    if has_import_ids(head):
        _refuse_other_lengths(head)
        texts = map(name_text, head.rows[0])
        return Layout(head.names, 3, questions=dict(zip(head.names, texts, strict=False)), notes=("three header rows",))
    second = dict(zip(head.names, head.rows[0], strict=False)) if head.rows else {}
    if any(second.get(name, "") == text or second.get(name, "").startswith(IMPORT_ID) for name, text in SECOND.items()):
        raise Refused(
            Problem(
                f"{head.path}, row 2",
                "A header row of Qualtrics stands among the answers",
                "the row of question texts, or of import ids, is there and the other one is not",
                "the three header rows of the export, or the first one alone",
                "export the wave again, or take out both rows",
            ),
            head.path,
        )
    return Layout(head.names, notes=("one header row; Qualtrics' own exports have three",))


def _refuse_other_lengths(head: Head) -> None:
    """Question texts that stand under other columns would be taken for reworded questions."""
    width = len(head.names)
    wrong = [
        (number, len(row))
        for number, row in enumerate(head.rows[:2], start=2)
        if len(row) < width or any(cell.strip() for cell in row[width:])
    ]
    if wrong:
        raise Refused(
            Problem(
                head.path,
                "Rows with too few or too many cells",
                listed([f"row {number} ({cells} cells)" for number, cells in wrong]),
                f"{width} cells in each of the three header rows",
                "a cut-off download or an unquoted comma looks like this: export the wave again",
            ),
            head.path,
        )
