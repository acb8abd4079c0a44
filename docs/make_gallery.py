"""Makes docs/gallery.md and its pictures from the results in the folder that one stands in: `make gallery`, after `make report`.

Pages are photographed where Chromium, pdftoppm and LibreOffice are installed; without them the earlier pictures stay.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

RESULTS, DOCS = Path("results"), Path(__file__).parent
PICTURES = DOCS / "gallery"
WIDE, PHONE = (1200, 1500), (375, 812)
SHOWN_OF = {"instruments": "rses", "families": "primary"}  # one stands for all of its kind
PAGES = {
    "page": "The report as a page: what was tested stands first",
    "phone": "The same on a phone",
    "pdf-first": "The report as PDF, its first page",
    "pdf-table": "A page of the PDF with tables",
    "word": "The Word file, through LibreOffice",
}
TOP = """# Gallery

Every figure, and the main pages of the report, as `make report` makes them from the repository's **simulated** study: nobody answered these questions. Of figures that are drawn for each instrument or each family of hypotheses, one stands for all. `make gallery` makes this page anew.
"""


def figures() -> Iterator[Path]:
    """The words of each figure: shared ones, then those of one instrument and one family, then those that show people."""
    yield from sorted((RESULTS / "figures").glob("*.json"))
    for kind, name in SHOWN_OF.items():
        yield from sorted((RESULTS / "figures" / kind / name).glob("*.json"))
    shared = {path.name for path in (RESULTS / "figures").glob("*.json")}
    of_people = sorted((RESULTS / "participants/figures").glob("*.json"))
    yield from (path for path in of_people if path.name not in shared)


def shrink(source: Path, name: str, width: int = WIDE[0]) -> None:
    """A picture of at most `width` pixels in 128 colours, which a figure does not exceed by much."""
    with Image.open(source) as picture:
        flat = picture.convert("RGB")
        if flat.width > width:
            flat = flat.resize((width, round(flat.height * width / flat.width)), Image.Resampling.LANCZOS)
        flat.quantize(128, dither=Image.Dither.NONE).save(PICTURES / f"{name}.png", optimize=True)


def figure(words: Path) -> str:
    said = json.loads(words.read_text(encoding="utf-8"))
    of = words.parent.name if words.parent.parent.name in SHOWN_OF else ""
    name = "-".join(filter(None, [of, words.stem]))
    shrink(words.with_suffix(".png"), name)
    module = f"../workflow/rejsens/figures/{words.stem}.py"
    alt = said["alt"].replace("[", "(").replace("]", ")").replace("\n", " ")
    return f"## {said['title'] or words.stem}\n\n![{alt}](gallery/{name}.png)\n\n{said['caption']} Module: [{words.stem}]({module}).\n"


def photograph(page: Path, size: tuple[int, int], name: str, folder: Path) -> None:
    """A page in Chromium; one that is narrower than Chromium's narrowest window stands in a frame."""
    address, chromium = page.resolve().as_uri(), shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        return
    if size[0] < 500:
        frame = folder / "frame.html"
        frame.write_text(
            f'<body style="margin:0"><iframe src="{address}" width="{size[0]}" height="{size[1]}" style="border:0">'
        )
        address = frame.as_uri()
    shot = folder / f"{name}.png"
    told = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={folder / 'profile'}"]
    window = f"--window-size={max(size[0], 500)},{size[1]}"
    subprocess.run(
        [chromium, *told, window, f"--screenshot={shot}", address], check=True, capture_output=True, timeout=120
    )
    with Image.open(shot) as picture:
        picture.crop((0, 0, *size)).save(shot)
    shrink(shot, name)


def leaf(pdf: Path, number: int, name: str, folder: Path) -> None:
    """One page of a PDF."""
    if shutil.which("pdftoppm") is None or not pdf.exists():
        return
    told = ["-png", "-r", "90", "-singlefile", "-f", str(number), "-l", str(number)]
    subprocess.run(["pdftoppm", *told, str(pdf), str(folder / name)], check=True, capture_output=True)
    shrink(folder / f"{name}.png", name, 800)


def page_with(pdf: Path, words: str) -> int:
    """The first page that holds these words; 1 where none does, or nothing can read a PDF here."""
    if shutil.which("pdftotext") is None or not pdf.exists():
        return 1
    text = subprocess.run(["pdftotext", str(pdf), "-"], check=True, capture_output=True, text=True).stdout
    return next((k for k, page in enumerate(text.split("\f"), start=1) if words in " ".join(page.split())), 1)


def pages() -> str:
    report = RESULTS / "report"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        photograph(report / "index.html", WIDE, "page", folder)
        photograph(report / "index.html", PHONE, "phone", folder)
        leaf(report / "report.pdf", 1, "pdf-first", folder)
        leaf(report / "report.pdf", page_with(report / "report.pdf", "Reliability in This Sample"), "pdf-table", folder)
        if shutil.which("soffice"):
            told = [
                "soffice",
                "--headless",
                "--convert-to",
                "pdf",
                "--outdir",
                str(folder),
                str(report / "report.docx"),
            ]
            subprocess.run(told, check=True, capture_output=True, timeout=600)
            leaf(folder / "report.pdf", 2, "word", folder)
    shown = {name: words for name, words in PAGES.items() if (PICTURES / f"{name}.png").exists()}
    return "\n".join(f"## {words}\n\n![{words}](gallery/{name}.png)\n" for name, words in shown.items())


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    parts = [TOP, *(figure(words) for words in figures()), pages()]
    (DOCS / "gallery.md").write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
