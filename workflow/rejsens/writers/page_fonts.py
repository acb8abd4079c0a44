"""The project's font inside a page: the characters that the page holds and no others, so that it looks alike everywhere.

Characters that the font lacks are shown in a font of the reader's machine.
"""

from __future__ import annotations

import base64
import io
import string
from functools import lru_cache

from fontTools import subset
from fontTools.ttLib import TTFont

from rejsens.registry import LIBRARY

FONTS = LIBRARY / "fonts"
FAMILY = "Report Sans"
CUTS = (  # file, weights, slant
    ("SourceSans3-Regular.ttf", "200 500", "normal"),
    ("SourceSans3-Italic.ttf", "200 900", "italic"),
    ("SourceSans3-Bold.ttf", "501 900", "normal"),
)
ALWAYS = string.ascii_letters + string.digits + string.punctuation + " \u00a0…“”‘’–—−"


def faces(text: str) -> str:
    """CSS that declares the font with the characters of a text.

    >>> css = faces("β = −0.13")
    >>> css.count("@font-face"), len(css) < 120_000, css == faces("0.13 β = −")
    (3, True, True)
    """
    wanted = frozenset(text + ALWAYS)
    return "".join(
        f'@font-face {{ font-family: "{FAMILY}"; font-weight: {weights}; font-style: {slant}; '
        f"src: url(data:font/woff;base64,{base64.b64encode(_cut(file, wanted)).decode()}) }}\n"
        for file, weights, slant in CUTS
        if (FONTS / file).is_file()  # else the reader's machine has one
    )


@lru_cache(maxsize=32)
def _cut(file: str, wanted: frozenset[str]) -> bytes:
    """One cut of the font with the wanted characters, as WOFF; equal characters give equal bytes."""
    features = [*subset.Options._layout_features_default, "tnum", "lnum"]
    options = subset.Options(layout_features=features, flavor="woff", hinting=False, recalc_timestamp=False)
    with TTFont(FONTS / file, recalcTimestamp=False) as font:
        cutter = subset.Subsetter(options)
        cutter.populate(unicodes=sorted(map(ord, wanted)))
        cutter.subset(font)
        font.flavor = "woff"
        content = io.BytesIO()
        font.save(content)
    return content.getvalue()
