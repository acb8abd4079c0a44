"""Faults of the computer rather than of the study, in a sentence: a full disk, a folder that cannot be written."""

from __future__ import annotations

import errno

SENTENCES = {
    errno.ENOSPC: "The disk is full. Make room on it and run again; what was finished stays.",
    errno.EDQUOT: "Your share of the disk is used up. Make room and run again; what was finished stays.",
    errno.EACCES: "A file or folder may not be read or written. Check who owns the study's folder, and run again.",
    errno.EPERM: "A file or folder may not be changed. Check who owns the study's folder, and run again.",
    errno.EROFS: "The study's folder stands on a disk that cannot be written. Copy the study elsewhere and run it there.",
    errno.EIO: "The disk reports a fault. Copy the study to another disk and run it there.",
    errno.ENOMEM: "The memory of this computer does not suffice. Try again with `--cores 1`, or close other programs.",
}


def sentence(error: BaseException) -> str:
    """What to tell of an exception that the computer is to blame for; nothing for any other.

    >>> sentence(OSError(errno.ENOSPC, "No space left on device"))
    'The disk is full. Make room on it and run again; what was finished stays.'
    >>> sentence(PermissionError(errno.EACCES, "Permission denied", "results/flow.csv"))
    "results/flow.csv: a file or folder may not be read or written. Check who owns the study's folder, and run again."
    >>> sentence(ValueError("a fault of the software"))
    ''
    """
    if isinstance(error, MemoryError):
        return SENTENCES[errno.ENOMEM]
    if not isinstance(error, OSError):
        return ""
    said = SENTENCES.get(error.errno or 0, "")
    return f"{error.filename}: {said[0].lower()}{said[1:]}" if said and error.filename else said


def told(text: str) -> str:
    """The same from a message that another program wrote.

    >>> told("OSError: [Errno 28] No space left on device: 'results'")
    'The disk is full. Make room on it and run again; what was finished stays.'
    """
    if "MemoryError" in text:
        return SENTENCES[errno.ENOMEM]
    return next((said for number, said in SENTENCES.items() if f"[Errno {number}]" in text), "")
