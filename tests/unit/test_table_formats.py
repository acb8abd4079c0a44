"""Every printed table says the same in every format: the cells of CSV, JSON, HTML, Word, Typst and LaTeX are equal."""

import csv
import io
import re
from html import unescape

import docx
import pandas as pd
import pytest
from docx.oxml.ns import qn
from test_printed_tables import NAMES, laid_out, tables  # noqa: F401 (a fixture)

from rejsens import layout
from rejsens.document import Document, Section, Table
from rejsens.layout import PrintedTable
from rejsens.writers import latex, typst_tables, word
from rejsens.writers.latex import masked, to_latex

STRANGE = PrintedTable(
    r"50 % of \LaTeX{} & more",
    ("[Score]", "M", "*n*"),
    ((r"[a] \input{x} #1 $x$ ~^_ {b}", "1.00^a", "< .001"), ("*x* | <y> “z” — “’…", "−0.10", "[0.10, 0.20]")),
    sections=((0, "[One] & 100 %"), (1, "*Two*")),
    general=("M = 3.4, β & 5 %.",),
    specific=(("a", r"Of C:\study_1."),),
    probability=("p < .05.",),
)
MANY = PrintedTable("Many", ("Score", "M"), tuple((f"{k}.", f"0.{k:03d}") for k in range(80)))
WIDE = PrintedTable(
    "Wide", ("Score", *(f"Column number {k}" for k in range(30))),
    tuple((f"Score {k}", *(f"{k}.{c:02d} [0.10, 0.90]" for c in range(30))) for k in range(3)), general=("Once.",),
)  # fmt: skip


def plain(text: str) -> str:
    """What a cell says, whatever kind of blank stands in it."""
    return " ".join(text.replace("\u00a0", " ").split())


def of_csv(table: PrintedTable) -> list[list[str]]:
    rows = list(csv.reader(io.StringIO(layout.to_csv(table))))
    return [[plain(cell.removeprefix("'")) for cell in (row[1:] if table.sections else row)] for row in rows]


def of_json(table: PrintedTable) -> list[list[str]]:
    back = layout.from_json(layout.to_json(table))
    return [[plain(layout.split_mark(cell)[0]) for cell in row] for row in (back.columns, *back.rows)]


def of_html(table: PrintedTable) -> list[list[str]]:
    page = re.sub(r"<sup>.*?</sup>", "", layout.to_html(table, "t"))
    rows = [re.findall(r"<t[hd]\b[^>]*>(.*?)</t[hd]>", row, re.S) for row in re.findall(r"<tr.*?</tr>", page, re.S)]
    return [[plain(unescape(re.sub(r"<[^>]+>", "", cell))) for cell in row] for row in rows if len(row) > 1]


def joined(parts: list[list[list[str]]]) -> list[list[str]]:
    """A table that was cut into several that repeat the stub, put together."""
    return [row + [cell for part in parts[1:] for cell in part[k][1:]] for k, row in enumerate(parts[0])]


def of_typst(table: PrintedTable) -> list[list[str]]:
    """Cells in their order in the source: those of the head and of the body; the strings of Typst read as they are."""
    parts = []
    for source in typst_tables.table(table, "t").split("#figure(")[1:]:
        columns = source.split("align: (", 1)[1].partition(")")[0].count(",")
        body = source.split("table.hline(stroke: 0.8pt),\n", 1)[1].rsplit("table.hline(stroke: 0.8pt)", 1)[0]
        lines = [line for line in body.splitlines() if not line.startswith(("section(", "table.hline"))]
        cells = [_typst_cell(cell) for line in lines for cell in _bracketed(line)]
        parts.append([cells[k : k + columns] for k in range(0, len(cells), columns)])
    return joined(parts)


STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')


def _bracketed(line: str) -> list[str]:
    """Content in the outer square brackets of a line, brackets in strings left alone."""
    bare = STRING.sub(lambda m: '"' + "x" * len(m[1]) + '"', line)
    found, depth, start = [], 0, 0
    for place, sign in enumerate(bare):
        depth += (sign == "[") - (sign == "]")
        if sign == "[" and depth == 1:
            start = place + 1
        elif sign == "]" and depth == 0:
            found.append(line[start:place])
    return found


def _typst_cell(source: str) -> str:
    unmarked = re.sub(r'#super\("(?:[^"\\]|\\.)*"\)', "", source)
    return plain("".join(re.sub(r"\\(.)", r"\1", text) for text in STRING.findall(unmarked)))


def of_latex(table: PrintedTable) -> list[list[str]]:
    parts = []
    for body in re.findall(
        r"\\begin\{(?:tabular|longtable)\}(.*?)\\end\{(?:tabular|longtable)\}", to_latex(table, "t"), re.S
    ):
        head = body.split("\\toprule\n", 1)[1].split("\n\\midrule", 1)[0]
        own = body.split("\\endlastfoot\n")[-1] if "\\endlastfoot" in body else body.split("\\midrule\n", 1)[1]
        lines = [line for line in own.splitlines() if line.endswith(r" \\") and r"\multicolumn" not in line]
        parts.append([[_unmasked(cell) for cell in re.split(r"(?<!\\) & ", line[:-3])] for line in [head, *lines]])
    return joined(parts)


def _unmasked(cell: str) -> str:
    """The text of a cell, read by what LaTeX's commands mean and without the table that masks."""
    cell = re.sub(r"\\tnote\{\w+\}", "", cell.removeprefix("{}"))
    signs = {
        "^2": "²", "^3": "³", "^-": "⁻", "^1": "¹", r"^{\prime}": "′", "-": "−", "<": "<", ">": ">", r"\vert": "|",
        r"\pm": "±", r"\geq": "≥", r"\leq": "≤", r"\times": "×", r"\Delta": "Δ", r"\alpha": "α", r"\beta": "β",
        r"\chi": "χ", r"\omega": "ω", r"\eta": "η", r"\surd": "√", r"\approx": "≈", r"\lambda": "λ", r"\kappa": "κ",
        r"\cdot": "·", r"\infty": "∞", r"\div": "÷", r"\rho": "ρ", r"\tau": "τ", r"\sigma": "σ", r"\theta": "θ",
    }  # fmt: skip
    cell = re.sub(r"\\ensuremath\{((?:[^{}]|\{[^{}]*\})*)\}", lambda m: signs[m[1]], cell)
    cell = re.sub(r"\\text(?:it|bf)\{((?:[^{}\\]|\\.)*)\}", r"\1", cell.replace("~", " "))
    for command, sign in (("backslash", "\\"), ("asciitilde", "~"), ("asciicircum", "^")):
        cell = cell.replace(rf"\text{command}{{}}", sign)
    return plain(re.sub(r"\\([&%$#_{}])", r"\1", cell))


def of_word(all_tables: dict[str, PrintedTable]) -> dict[str, list[list[str]]]:
    """Name -> cells, from one file that holds all; a table that was cut is put together."""
    blocks = tuple(Table(name, table) for name, table in all_tables.items())
    file = docx.Document(
        io.BytesIO(word.write(Document("All", (Section("one", "One", blocks, "One"),), date="2026-01-05")))
    )
    cut = {name: [] for name in all_tables}
    for table in file.tables:
        rows = [[_word_cell(cell) for cell in row.tc_lst] for row in table._tbl.tr_lst]
        label = table._tbl.tblPr.xpath("w:tblCaption/@w:val")[0]
        name = next(n for n, t in all_tables.items() if t.title in label)
        cut[name].append([row for row in rows if len(row) == len(rows[0])])
    return {name: joined(parts) for name, parts in cut.items()}


def _word_cell(cell) -> str:
    return plain("".join(r.text for r in cell.iter(qn("w:r")) if not list(r.iter(qn("w:vertAlign")))))


@pytest.fixture(scope="module")
def printed(tables):  # noqa: F811
    return {name: laid_out(name, tables) for name in NAMES} | {"wide": WIDE, "many": MANY}


@pytest.fixture(scope="module")
def in_word(printed):
    return of_word(printed)


@pytest.mark.parametrize("name", [*NAMES, "wide", "many"])
def test_the_cells_of_every_format_are_those_of_the_csv(name, printed, in_word):
    expected = of_csv(printed[name])
    assert len(expected) > 1
    for read in (of_json, of_html, of_typst, of_latex):
        assert read(printed[name]) == expected, read.__name__
    assert in_word[name] == expected


def test_a_cell_that_one_format_lost_would_be_seen(printed, monkeypatch):
    table = printed["correlations"]
    monkeypatch.setattr(latex, "masked", lambda text: masked(text).replace("3", "8"))
    assert of_latex(table) != of_csv(table)


def test_latex_reads_no_text_of_a_study_as_a_command():
    source = to_latex(STRANGE, "strange")
    assert of_latex(STRANGE) == [
        [plain(layout.split_mark(c)[0]) for c in row] for row in (STRANGE.columns, *STRANGE.rows)
    ]
    commands = set(re.findall(r"\\([A-Za-z]+)", source))
    assert not commands & {"input", "LaTeX", "study"}
    unescaped = re.sub(r"\\.", "", source.split("\n", 1)[1])
    assert not re.search(r"[%#$_^]", re.sub(r"\{tab:.*?\}", "", unescaped))
    # what starts with a bracket or star is never an option of the row or rule before it
    assert not re.search(r"(?:\\\\|\\midrule|\\toprule)\s*[\[*]", source)


def groups(source: str) -> list[str]:
    """Environments that are open where another closes, and braces that do not pair."""
    faults, stack = [], []
    for kind, name in re.findall(r"\\(begin|end)\{(\w+)\}", source):
        if kind == "begin":
            stack.append(name)
        elif not stack or stack.pop() != name:
            faults.append(name)
    bare = re.sub(r"\\.", "", source)
    return faults + stack + (["braces"] if bare.count("{") != bare.count("}") else [])


@pytest.mark.parametrize("name", [*NAMES, "wide", "many"])
def test_latex_is_well_formed_with_booktabs_and_all_notes(name, printed):
    table = printed[name]
    source = to_latex(table, name)
    assert groups(source) == [] and source.count(rf"\label{{tab:{name}}}") == 1 and "|" not in source
    tabulars = len(re.findall(r"\\begin\{(?:tabular|longtable)\}", source))
    assert source.count(r"\toprule") >= tabulars and r"\hline" not in source
    assert source.count(r"\item \textit{Note.}") == bool(table.general)
    assert len(re.findall(r"^\\item\[\w+\]", source, re.M)) == len(table.specific)
    assert set(re.findall(r"\\tnote\{(\w+)\}", source)) <= {mark for mark, _ in table.specific}
    kept = len([line for line in source.splitlines() if r"\multicolumn" in line])
    assert kept >= len(table.sections)
    for line in source.splitlines():
        spec = re.fullmatch(r"\\begin\{(?:tabular|longtable)\}\{(.*)\}", line)
        if spec:
            kinds = re.sub(r">\{[^{}]*\}|p\{[^{}]*\}", lambda m: "p" if m[0][0] == "p" else "", spec[1])
            assert set(kinds) <= set("lrcp") and len(kinds) <= len(table.columns)


def test_a_long_table_repeats_its_head_and_a_short_one_floats():
    assert r"\endhead" in to_latex(MANY, "many") and r"\begin{table}" not in to_latex(MANY, "many")
    short = PrintedTable("Short", ("a", "b"), (("x", "1"),), general=("G.",))
    assert r"\begin{table}" in to_latex(short, "s") and r"\begin{tablenotes}" in to_latex(short, "s")
    assert r"\begin{landscape}" not in to_latex(short, "s") and r"\begin{landscape}" in to_latex(WIDE, "w")
    assert to_latex(WIDE, "w").count("Once.") == 1
    assert "No rows." in to_latex(PrintedTable("None", ("a", "b"), ()), "n")


def test_paths_of_an_indirect_association_are_named(printed):
    rows = {row[0]: row[1:] for row in printed["mediation"].rows}
    frequency, blame, esteem = "reported exposure, frequency (MREII)", "self-blame (MREII-SB)", "self-esteem (RSES)"
    product = next(cells for stub, cells in rows.items() if stub.startswith("a × b: "))
    assert product[:3] == ("indirect association", "0.012", "[0.002, 0.026]") and product[-1] == "< .001"
    assert [stub.split(":")[0] for stub in rows] == ["a × b", "a", "b", "c′"]
    a = next(stub for stub in rows if stub.startswith("a: "))
    assert frequency in a and esteem not in a and a.count(" – ") == 1, a
    assert next(cells for stub, cells in rows.items() if stub.startswith("b: "))[1] == "−0.11"
    assert any("nothing here establishes" in note for note in printed["mediation"].general) and blame


def test_a_regression_is_shown_in_its_newest_wave_only(printed, tables):  # noqa: F811
    table = printed["regressions"]
    assert {wave for _, heading in table.sections for wave in re.findall(r"wave (\w+)", heading)} == {"2026f"}
    own = tables["estimates"].query("analysis == 'cross_sectional' and wave == '2026f'")
    assert len(table.rows) == len(own) and table.rows[0][2] == f"{round(own['estimate'].iloc[0], 2):.2f}".replace(
        "-", "−"
    )


def test_mixed_models_leave_out_what_repeats_an_imputed_result(tables):  # noqa: F811
    own = tables["estimates"].query("analysis == 'within_between'")
    again = own.assign(missing_rule="complete person-waves, sensitivity to the imputation", decides=False)
    imputed = own.assign(m=20.0, missing_rule="multiple imputation, m = 20")
    doubled = pd.concat([imputed, again])
    table = laid_out("mixed_models", tables | {"estimates": doubled})
    assert len(table.rows) == len(own)
    assert any("repeats an imputed result" in note for note in table.general)
    assert any("multiple imputation, m = 20." in note for note in table.general)
    assert not any("repeats" in note for note in laid_out("mixed_models", tables).general)


def test_loadings_are_those_of_one_factor_in_the_newest_wave(printed, tables):  # noqa: F811
    table, rows = printed["factor_loadings"], tables["loadings"]
    assert table.rows and len(table.rows) <= len(rows[rows["model"] == rows["factor"]])
    first = rows[
        (rows["model"] == rows["factor"])
        & (rows["label"].str.replace("_", " ") == layout.split_mark(table.rows[0][0])[0])
    ]
    assert any(table.rows[0][4].lstrip(".−") == f"{abs(x):.2f}"[2:] for x in first["std"])


def test_a_typst_file_compiles_by_itself():
    """With nothing around it but what the file holds, whatever markup its texts carry."""
    import typst

    from rejsens.shipped_fonts import FOLDER

    source = typst_tables.to_typst(STRANGE, "strange")
    assert typst.compile(source.encode(), font_paths=[str(FOLDER)]).startswith(b"%PDF")
