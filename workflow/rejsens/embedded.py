"""An SVG inside a page: the same drawing in fewer bytes, as an image of its own that runs no script."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

PIXELS = {"pt": 96 / 72, "mm": 96 / 25.4, "in": 96.0, "px": 1.0, "": 1.0}
_PLACE = re.compile(r"-?\d+\.\d{3,}")
_QUOTED = str.maketrans({"%": "%25", "#": "%23", "<": "%3C", "&": "%26", "'": "%27", '"': "'"})


def image(figure: Mapping[str, str], number: int | str, name: str) -> dict[str, Any]:
    """A figure as an image of its own, so that no two figures share ids and no script in one can run.

    figure   svg (text), alt, caption, and where there is one title and note
    name     what its id says: `figure-NAME`
    """
    svg = figure["svg"]
    size = re.search(r"<svg[^>]*?\bwidth=[\"']([\d.]+)(pt|mm|in|px)?[\"']", svg, flags=re.DOTALL)
    return {
        "number": number,
        "id": f"figure-{name}",
        "alt": figure["alt"],
        "caption": figure["caption"],
        "title": figure.get("title") or "",
        "note": figure.get("note") or "",
        "width": round(float(size[1]) * PIXELS[size[2] or ""]) if size else 720,
        "src": Markup(data_uri(svg)),
    }


def data_uri(svg: str) -> str:
    """The drawing as a `data:` address for the `src` of an image, between double quotes.

    Percent signs where base64 would add a third (RFC 2397); no letter in it can end the attribute or open a tag.

    >>> data_uri('<svg width="10"><path d="M 1.23456 2 L 3 4"/></svg>')
    "data:image/svg+xml,%3Csvg width='10'>%3Cpath d='M1.23 2L3 4'/>%3C/svg>"
    """
    return "data:image/svg+xml," + compact(svg).translate(_QUOTED)


def compact(svg: str) -> str:
    """The drawing without prologue, comments and words (an image speaks by its `alt`), with short ids and hundredths.

    Coordinates of paths are in points: a hundredth is a tenth of what a screen can show. Scales keep every digit.
    """
    text = re.sub(r"<\?.*?\?>|<!--.*?-->|<!DOCTYPE.*?>|<title>.*?</title>|<desc>.*?</desc>", "", svg, flags=re.DOTALL)
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r"(?<=\sd=\")[^\"]*|(?<=translate\()[^)]*", lambda path: _path(path[0]), text)
    text = re.sub(r'd="([^"]*)" transform="scale\(0\.015625\)"', _letter, text)
    text = re.sub(r'transform="translate\(([-\d.]+) 0\)"/>', r'x="\1"/>', text)
    text = re.sub(r">\s+<", "><", re.sub(r"\s+", " ", text)).strip()
    return _short_ids(text.replace("xlink:href=", "href=").replace("</defs><defs>", ""))


def _path(places: str) -> str:
    """A path's commands with hundredths and no idle blanks.

    >>> _path("M 10.00049 -2.5 \\nL 3 4 \\nz")
    'M10 -2.5L3 4z'
    """
    short = _PLACE.sub(lambda number: f"{float(number[0]):.2f}".rstrip("0").rstrip("."), " ".join(places.split()))
    return re.sub(r" ?([A-Za-z]) ?", r"\1", short)


def _letter(found: re.Match[str]) -> str:
    """The outline of a letter in steps from point to point, in eighths of its units: a hundredth of a point in 8-point type.

    >>> _letter(re.match(r'd="([^"]*)" transform.*', 'd="M16 80L24 80Q32 88 40 80z" transform="scale(0.015625)"'))
    'd="m2 10l1 0q1 1 2 0z" transform="scale(0.125)"'
    """
    steps, at, start = [], (0, 0), (0, 0)
    for command, given in re.findall(r"([A-Za-z])([^A-Za-z]*)", found[1]):
        numbers = [round(float(number) / 8) for number in given.split()]
        points = list(zip(numbers[::2], numbers[1::2], strict=True))
        if command not in "MLQCz":
            return found[0]
        steps.append(command.lower() + " ".join(f"{x - at[0]} {y - at[1]}" for x, y in points))
        start = points[-1] if command == "M" else start
        at = points[-1] if points else start
    return f'd="{"".join(steps)}" transform="scale(0.125)"'


def _short_ids(text: str) -> str:
    """Ids by their order; every reference to them alike."""
    names = {name: f"i{k:x}" for k, name in enumerate(dict.fromkeys(re.findall(r'\bid="([^"]+)"', text)))}
    text = re.sub(r'\bid="([^"]+)"', lambda found: f'id="{names[found[1]]}"', text)
    text = re.sub(r'href="#([^"]+)"', lambda found: f'href="#{names.get(found[1], found[1])}"', text)
    return re.sub(r"url\(#([^)]+)\)", lambda found: f"url(#{names.get(found[1], found[1])})", text)
