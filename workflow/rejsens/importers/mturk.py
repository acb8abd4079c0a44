"""Amazon Mechanical Turk: the results of one batch, one row for each assignment.

Columns HITId, HITTypeId, Title, …, AssignmentId, WorkerId, AssignmentStatus (Submitted, Approved or Rejected), AcceptTime,
SubmitTime, …, WorkTimeInSeconds, then `Input.*` of the task and `Answer.*` of the worker
(docs.aws.amazon.com/AWSMechTurk › Retrieving results; the requester site's batch results).
"""

from __future__ import annotations

from pathlib import Path

from rejsens.importers.model import Head, Layout

TITLE = "Mechanical Turk"
COMPANION = ""
ID = "WorkerId"
IDS = (ID,)
IN_SURVEY = ("workerId", "WorkerId", "worker_id", "MTurkID", "mturk_id")  # where the questionnaire keeps it
PERSONAL = {
    "WorkerId": "the panel's id of the person",
    "AssignmentId": "the panel's id of the assignment",
    "HITId": "the panel's id of the task",
}
BACKGROUND = {"Answer.age": "age", "Answer.Age": "age", "Answer.gender": "gender", "Answer.Gender": "gender"}
STATUS = ("AssignmentStatus", ("Rejected",), "Rejected at Mechanical Turk")
NO_ANSWER = ("{}",)
DATES = ("AcceptTime", "SubmitTime")
DURATION = {"WorkTimeInSeconds": 1.0}
NOT_ANSWERS = (STATUS,)


def recognise(head: Head) -> str:
    known = [name for name in ("HITId", "AssignmentId", "WorkerId") if name in head.names]
    return f"columns {', '.join(known)} are those of Mechanical Turk" if len(known) == 3 else ""


def read(head: Head, companion: Path | None = None) -> Layout:
    return Layout(head.names)
