"""The questionnaire as a tagged PDF for paper: A4, the shipped font, no system font, the same bytes on every run.

Made by Typst, which tags its documents (headings, tables, reading order) and checks them against PDF/UA-1 when asked
(typst.app/docs/reference/pdf, "PDF/UA"); without a date and an identifier of its own a document depends on its source only.
Every text enters as a Typst string, so that nothing in it is read as markup.
"""

from __future__ import annotations

from collections.abc import Iterable

from rejsens.problems import Problem, Refused
from rejsens.questionnaire.model import Page, Question, Questionnaire
from rejsens.shipped_fonts import FOLDER

SETUP = """
#set document(title: {title}, author: "rejsens", date: none)
#set page(paper: "a4", margin: (x: 17mm, top: 16mm, bottom: 18mm), footer: context [
  #set text(8pt, fill: luma(35%))
  #align(center, {place})
])
#set text(font: "Source Sans 3", size: 10.5pt, lang: {language}, hyphenate: true)
#set par(leading: 0.6em)
#show heading.where(level: 1): set text(20pt)
#show heading.where(level: 2): it => block(above: 1.6em, below: 0.8em, sticky: true, text(14pt, it.body))
#let lead(body) = block(above: 1em, below: 0.7em, sticky: true, breakable: false, body)
#let note(body) = lead(block(stroke: (left: 1.2pt + luma(40%)), inset: (left: 6pt, y: 1pt), text(fill: luma(30%), body)))
#let key(id) = text(6.5pt, fill: luma(40%))[ #id]
#let circle-mark = box(baseline: 1.5pt, circle(radius: 4.6pt, stroke: 0.8pt + luma(25%)))
#let square-mark = box(baseline: 1.5pt, square(size: 9pt, stroke: 0.8pt + luma(25%)))
#let answer(mark, body) = block(breakable: false, above: 0.5em, below: 0.5em, grid(columns: (16pt, 1fr), mark, body))
#let grid-question(labels, rows, wide) = block(breakable: rows.len() > 13, width: 100%, table(
  columns: (wide,) + (1fr,) * labels.len(),
  inset: (x: 3pt, y: 5pt),
  align: (x, y) => if x == 0 {{ left + horizon }} else {{ center + horizon }},
  stroke: (x, y) => (bottom: if y == 0 {{ 0.8pt + luma(30%) }} else {{ 0.4pt + luma(75%) }}),
  fill: (x, y) => if y > 0 and calc.even(y) {{ luma(96%) }},
  table.header(
    [], ..labels.map(l => text(7.5pt, hyphenate: true)[#set par(leading: 0.4em); *#l.at(0)* \\ #l.at(1)]),
  ),
  ..rows.map(r => (table.cell(breakable: false)[#set text(hyphenate: false); #r.at(0) #key(r.at(1))],) + (circle-mark,) * labels.len()).flatten(),
))
"""


def pdf(questionnaire: Questionnaire) -> bytes:
    """The document's bytes, checked by Typst against PDF/UA-1.

    raises   Refused: Typst found a fault, such as a character that the shipped font does not have
    """
    import typst

    source = _source(questionnaire)
    try:
        return typst.compile(  # type: ignore[call-overload]  # its stubs want paths to fonts as bytes where the source is
            source.encode(), font_paths=[str(FOLDER)], ignore_system_fonts=True, pdf_standards="ua-1"
        )
    except typst.TypstError as error:
        raise Refused(
            Problem(questionnaire.id, "The PDF could not be set", str(error), "", "look at the text it names"),
            "The questionnaire",
        ) from None


def _source(q: Questionnaire) -> str:
    place = '{{ let (n, of) = (counter(page).get().first(), counter(page).final().first()); {}.replace("{{page}}", str(n)).replace("{{pages}}", str(of)) }}'
    lines = [
        SETUP.format(title=_text(q.title), language=_text(q.language), place=place.format(_text(q.words["page_of"])))
    ]
    lines.append(f"#heading(level: 1, {_text(q.title)})")
    lines += [_paragraph(text) for text in q.introduction if text]
    for block in q.blocks():
        lines.append(f"#heading(level: 2, {_text(block.heading or q.title)})")
        said: set[str] = set()  # on paper a block's pages follow one another, and its instruction need not
        for page in block.pages:
            lines += _page(page, q, said)
    lines += ["#v(1em)", *(_paragraph(text) for text in q.closing if text)]
    facts = [q.words["code"], *q.status_lines]
    lines.append(f"#block(above: 2em, text(8pt, fill: luma(35%), {_text(' '.join(facts))}))")
    return "\n".join(lines)


def _page(page: Page, q: Questionnaire, said: set[str]) -> Iterable[str]:
    for question in page.questions:
        if question.only_if and question.only_if not in said:
            yield f"#note({_text(question.only_if)})"
        if question.stem and question.stem not in said:
            yield f"#lead({_text(question.stem)})"
        said |= {question.stem, question.only_if}
        yield from _question(question, q)


def _question(question: Question, q: Questionnaire) -> Iterable[str]:
    if question.kind == "grid":
        if question.text:
            yield f"#lead(strong({_text(question.text)}))"
        labels = _tuple(_tuple((_text(f"{code:g}"), _text(label))) for code, label in question.choices.items())
        rows = _tuple(_tuple((_text(row.text), _text(row.item.id))) for row in question.rows)
        wide = "42%" if len(question.choices) > 6 else "46%"
        yield f"#grid-question({labels}, {rows}, {wide})"
        return
    key = "" if question.kind == "boxes" else f"#key({_text(question.code)})"
    head = f"#lead[#strong({_text(question.text)}){key}]"
    if question.kind == "number":
        item = question.rows[0].item
        span = q.words["from_to"].replace("{low}", f"{item.low:g}").replace("{high}", f"{item.high:g}")
        field = "box(width: 60pt, height: 16pt, baseline: 4pt, stroke: 0.8pt + luma(25%))"
        answers = [f"#{field} #text(9pt, fill: luma(35%), {_text(span)})"]
    elif question.kind == "boxes":
        answers = [f"#answer(square-mark, [#{_text(row.text)} #key({_text(row.item.id)})])" for row in question.rows]
    else:
        answers = [
            f"#answer(circle-mark, [#text(7.5pt, strong({_text(f'{code:g}')})) #{_text(label)}])"
            for code, label in question.choices.items()
        ]
    yield f"#block(breakable: false, above: 1.4em)[{head}\n" + "\n".join(answers) + "]"


def _paragraph(text: str) -> str:
    return f"#par({_text(text)})"


def _tuple(parts: Iterable[str]) -> str:
    """A Typst array, also of one part."""
    return f"({', '.join(parts)},)"


def _text(text: str) -> str:
    """A Typst string; Typst typesets straight quotes as the language does."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'
