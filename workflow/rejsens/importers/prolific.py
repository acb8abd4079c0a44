"""Prolific: the demographic data of one study, one row for each submission.

The export begins Submission id, Participant id, Status, Custom study tncs accepted at, Started at, Completed at,
Reviewed at, Archived at, Time taken, Completion code, Total approvals, and goes on with the demographics that the study
asked for (Age, Sex, Ethnicity simplified, Country of birth, …). A withdrawn consent is written CONSENT_REVOKED, an answer
that is too old DATA_EXPIRED. The questionnaire receives the participant id as PROLIFIC_PID (docs.prolific.com).
"""

from __future__ import annotations

from pathlib import Path

from rejsens.importers.model import Head, Layout

TITLE = "Prolific"
COMPANION = ""
ID = "Participant id"
IDS = (ID,)
IN_SURVEY = (
    "PROLIFIC_PID",
    "prolific_pid",
    "Prolific ID",
    "prolific_id",
    "participant_id",
)  # where the questionnaire keeps it
PERSONAL = {
    "Submission id": "the panel's id of the submission", "Participant id": "the panel's id of the person",
    "Completion code": "the panel's completion code", "Date of birth": "date of birth",
}  # fmt: skip
BACKGROUND = {"Age": "age", "Sex": None, "Gender": "gender", "Ethnicity simplified": None, "Country of birth": None, "Country of residence": None,
              "Nationality": None, "Language": None, "Student status": None, "Employment status": None, "Relationship/marital status": "relationship_status"}  # fmt: skip
STATUS = (
    "Status",
    ("RETURNED", "TIMED-OUT", "REJECTED", "SCREENED OUT"),
    "Returned, timed out or rejected at Prolific",
)
NO_ANSWER = ("CONSENT_REVOKED", "DATA_EXPIRED", "Prefer not to say", "Rather not say")
DATES = ("Started at", "Completed at")
DURATION = {"Time taken": 1.0}
NOT_ANSWERS = (STATUS,)


def recognise(head: Head) -> str:
    known = [name for name in ("Submission id", "Participant id", "Status") if name in head.names]
    return f"columns {', '.join(known)} are those of Prolific's demographic data" if len(known) == 3 else ""


def read(head: Head, companion: Path | None = None) -> Layout:
    return Layout(head.names)
