"""The shipped font inside a Word file, so that its pages look the same where nobody has installed it.

A font is a part of its own, named by the font table and disguised as ECMA-376 asks (part 1, 17.8.1): its first 32 bytes
are combined with the key that stands beside its name.
"""

from __future__ import annotations

import uuid
from typing import Any

from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from lxml import etree

from rejsens.shipped_fonts import CUTS, FAMILY, font_files

DISGUISED = "application/vnd.openxmlformats-officedocument.obfuscatedFont"
RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/font"


def embed(file: Any) -> None:
    """Put every cut of the shipped font into a Word file."""
    table = file.part.part_related_by(RELATIONSHIP_TYPE.FONT_TABLE)
    fonts = parse_xml(table.blob)
    entry = parse_xml(f'<w:font {nsdecls("w", "r")} w:name="{FAMILY}"><w:family w:val="swiss"/></w:font>')
    for number, (cut, path) in enumerate(zip(CUTS, font_files(), strict=True), start=1):
        content = path.read_bytes()
        key = uuid.uuid5(uuid.NAMESPACE_OID, path.name)  # the same in every file
        name = PackURI(f"/word/fonts/font{number}.odttf")
        place = table.relate_to(Part(name, DISGUISED, disguised(content, key), table.package), RELATED)
        own = OxmlElement(f"w:embed{cut}")
        own.set(qn("r:id"), place)
        own.set(qn("w:fontKey"), f"{{{str(key).upper()}}}")
        entry.append(own)
    fonts.append(entry)
    table._blob = etree.tostring(fonts, xml_declaration=True, encoding="UTF-8", standalone=True)
    zoom = file.settings.element.find(qn("w:zoom"))
    zoom.addnext(OxmlElement("w:embedTrueTypeFonts"))  # the standard fixes the order of settings


def disguised(content: bytes, key: uuid.UUID) -> bytes:
    """A font with its first 32 bytes combined with the key's bytes in reverse; done twice it is the font again.

    >>> key = uuid.uuid5(uuid.NAMESPACE_OID, "font")
    >>> disguised(disguised(bytes(range(64)), key), key) == bytes(range(64))
    True
    """
    mask = key.bytes[::-1] * 2
    return bytes(a ^ b for a, b in zip(content[:32], mask, strict=True)) + content[32:]
