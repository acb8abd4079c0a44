"""Questions at the terminal, for what only a person knows."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text


def at_a_terminal() -> bool:
    """Whether a person sits there who can be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def ask(question: str, choices: Sequence[str]) -> str:
    """One question, asked until the answer is one of the choices; an empty line is no answer.

    choices   what may be answered; any text when there are none
    """
    console = Console()
    few = 0 < len(choices) <= 12
    hint = f" ({', '.join(choices)})" if few else ""
    while True:
        console.print(Text(f"{question}{hint} "), end="")
        answer = sys.stdin.readline().strip()
        if not answer or not choices or answer in choices:
            return answer
        begun = [choice for choice in choices if choice.casefold().startswith(answer.casefold())]
        if len(begun) == 1:
            return begun[0]
        console.print(Text(f"  Please answer with one of: {', '.join(choices[:12])}. An empty line leaves it open."))
