r"""Printed tables as LaTeX: booktabs rules, notes of threeparttable, longtable where a table goes over pages.

Nothing a study wrote is read as markup: every text is masked. A fragment is read into a document with
`\input{results/tables/NAME}`; its first line names the packages that it needs. Letters that are not Latin ask for XeLaTeX
or LuaLaTeX with a font that has them. Columns are set for a line of 165 mm.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from rejsens import apa
from rejsens.layout import PrintedTable, header_runs, split_mark
from rejsens.writers.typst_tables import LETTER, SPLIT
from rejsens.writers.widths import LANDSCAPE, LINE, SHORT, columns_of, fitted, letters, needed, of_numbers

PACKAGES = "array,booktabs,longtable,pdflscape,threeparttable,threeparttablex"
TYPE = r"\footnotesize\setlength{\tabcolsep}{3pt}"
LONG = 30  # rows, headings of sections included, from which a table may go over pages
MATHS = {
    "−": "-", "±": r"\pm", "≥": r"\geq", "≤": r"\leq", "≠": r"\neq", "≈": r"\approx", "<": "<", ">": ">", "|": r"\vert",
    "×": r"\times", "÷": r"\div", "√": r"\surd", "∞": r"\infty", "·": r"\cdot", "→": r"\rightarrow", "↔": r"\leftrightarrow",
    "Δ": r"\Delta", "Σ": r"\Sigma", "Θ": r"\Theta", "Φ": r"\Phi", "Ψ": r"\Psi", "Ω": r"\Omega", "α": r"\alpha",
    "β": r"\beta", "γ": r"\gamma", "δ": r"\delta", "ε": r"\varepsilon", "ζ": r"\zeta", "η": r"\eta", "θ": r"\theta",
    "κ": r"\kappa", "λ": r"\lambda", "μ": r"\mu", "ν": r"\nu", "ξ": r"\xi", "π": r"\pi", "ρ": r"\rho", "σ": r"\sigma",
    "τ": r"\tau", "φ": r"\phi", "χ": r"\chi", "ψ": r"\psi", "ω": r"\omega", "²": "^2", "³": "^3", "⁻": "^-", "¹": "^1", "′": r"^{\prime}",
}  # fmt: skip
_MASKED = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "`": r"\textasciigrave{}",
    "\u00a0": "~",
    "\u00ad": r"\-",
}
_MASKED |= {c: f"\\{c}" for c in "&%$#_{}"} | {c: f"\\ensuremath{{{maths}}}" for c, maths in MATHS.items()}


def masked(text: str) -> str:
    r"""A text with LaTeX's own characters masked, and signs and Greek letters as mathematics; control characters are blanks.

    Two hyphens stay two, and two apostrophes: LaTeX would set a dash and a quotation mark.

    >>> masked("β = −0.16, 95% CI & more_")
    '\\ensuremath{\\beta} = \\ensuremath{-}0.16, 95\\% CI \\& more\\_'
    """
    plain = "".join(_MASKED.get(c) or (c if c.isprintable() else " ") for c in text)
    return re.sub(r"(?<=([-',]))(?=\1)", "{}", plain)


def to_latex(printed: PrintedTable, name: str) -> str:
    r"""The table as a fragment in the APA manner: caption, rules above and below head and body, notes of three kinds.

    A table too wide for a page that lies on its side is cut into several that repeat the stub.

    name   the module's name; a reference to the table is `\ref{tab:NAME}`

    >>> table = PrintedTable("T", ("Score", "M"), (("A & B", "1.00^a"),), specific=(("a", "New."),))
    >>> print(to_latex(table, "t").splitlines()[9], to_latex(table, "t").splitlines()[13], sep="; ")
    A \& B & 1.00\tnote{a} \\; \item[a] New.
    """
    parts = fitted(printed, SPLIT)
    wide = max(map(letters, parts)) > LINE
    lines = [f"% \\usepackage{{{PACKAGES}}}", *([r"\begin{landscape}"] if wide else [])]
    lines += [r"\begingroup"]
    for k, part in enumerate(parts):
        label = f"tab:{name}" if k == 0 else ""
        notes = _notes(part) if k == len(parts) - 1 else []  # once, under the last part
        long = len(part.rows) + len(part.sections) >= LONG
        lines += (_over_pages if long else _floating)(part, label, wide, notes)
    lines += [r"\endgroup", *([r"\end{landscape}"] if wide else [])]
    return "\n".join(lines) + "\n"


def _floating(part: PrintedTable, label: str, wide: bool, notes: Sequence[str]) -> list[str]:
    return [
        rf"\begin{{table}}[htbp]{TYPE}",
        r"\begin{threeparttable}",
        _caption(part, label),
        f"\\begin{{tabular}}{{{_columns(part, wide)}}}",
        r"\toprule",
        _line(_head(part)),
        r"\midrule",
        *_body(part),
        r"\bottomrule",
        r"\end{tabular}",
        *([r"\begin{tablenotes}[flushleft]", *notes, r"\end{tablenotes}"] if notes else []),
        r"\end{threeparttable}",
        r"\end{table}",
    ]


def _over_pages(part: PrintedTable, label: str, wide: bool, notes: Sequence[str]) -> list[str]:
    """The head is repeated on each page, the notes stand under the last."""
    head = [r"\toprule", _line(_head(part)), r"\midrule"]
    return [
        rf"{TYPE}\begin{{ThreePartTable}}",
        *([r"\begin{TableNotes}[flushleft]", *notes, r"\end{TableNotes}"] if notes else []),
        f"\\begin{{longtable}}{{{_columns(part, wide)}}}",
        _caption(part, label) + r" \\",
        *head,
        r"\endfirsthead",
        *head,
        r"\endhead",
        r"\bottomrule",
        r"\endfoot",
        r"\bottomrule",
        *([r"\insertTableNotes"] if notes else []),
        r"\endlastfoot",
        *_body(part),
        r"\end{longtable}",
        r"\end{ThreePartTable}",
    ]


def _caption(part: PrintedTable, label: str) -> str:
    return f"\\caption{{{masked(part.title)}}}" + (f"\\label{{{label}}}" if label else "")


def _columns(part: PrintedTable, wide: bool) -> str:
    """Columns of short texts or numbers take what they need, the others share the rest of the line."""
    columns = columns_of(part)
    spare = max((LANDSCAPE if wide else LINE) - letters(part), 0)
    excess = [0 if _is_short(column) else max(map(len, column)) - needed(column) for column in columns]
    kinds = []
    for column, over, side in zip(columns, excess, part.alignment, strict=True):
        if not over:
            kinds.append({"left": "l", "right": "r", "center": "c"}[side])
            continue
        size = LETTER * (needed(column) + min(over, spare * over / sum(excess)))
        pushed = {"left": r"\raggedright", "right": r"\raggedleft", "center": r"\centering"}[side]
        kinds.append(f">{{{pushed}\\arraybackslash}}p{{{size:.1f}em}}")
    return "".join(kinds)


def _is_short(column: Sequence[str]) -> bool:
    return max(map(len, column)) <= SHORT or all(map(of_numbers, column[1:]))


def _head(part: PrintedTable) -> list[str]:
    return [_runs(header_runs(head)) for head in part.columns]


def _body(part: PrintedTable) -> list[str]:
    headings, width = dict(part.sections), len(part.columns)
    if not part.rows:
        return [_line([f"\\multicolumn{{{width}}}{{l}}{{No rows.}}"])]
    lines = []
    for k, row in enumerate(part.rows):
        if k in headings:
            over = r"\addlinespace " if k else ""
            fits = len(headings[k]) <= letters(part)
            kind = "l" if fits else f">{{\\raggedright\\arraybackslash}}p{{{LETTER * letters(part):.1f}em}}"
            lines.append(_line([f"{over}\\multicolumn{{{width}}}{{{kind}}}{{\\textbf{{{masked(headings[k])}}}}}"]))
        lines.append(
            _line([_cell(*split_mark(cell, part), k in part.heads and place < 2) for place, cell in enumerate(row)])
        )
    return lines


def _line(cells: Sequence[str]) -> str:
    """One row; a bracket or star that starts it is kept from being read as an option of the row or rule above."""
    text = " & ".join(cells)
    return ("{}" if text.startswith(("[", "*")) else "") + text + r" \\"


def _cell(text: str, mark: str, bold: bool = False) -> str:
    body = _sentence(text)
    return (f"\\textbf{{{body}}}" if bold else body) + (f"\\tnote{{{mark}}}" if mark else "")


def _notes(part: PrintedTable) -> list[str]:
    notes = [rf"\item \textit{{Note.}} {' '.join(map(_sentence, part.general))}"] if part.general else []
    notes += [rf"\item[{mark}] {_sentence(text)}" for mark, text in part.specific]
    return notes + [rf"\item {_sentence(text)}" for text in part.probability]


def _sentence(text: str) -> str:
    return _runs(apa.italic_runs(text))


def _runs(parts: Iterable[tuple[str, bool]]) -> str:
    return "".join(f"\\textit{{{masked(text)}}}" if italic else masked(text) for text, italic in parts)
