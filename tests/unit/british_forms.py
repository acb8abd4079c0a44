"""British forms that an American text does not hold, and where the project's own sentences stand in its source."""

import ast
import re
from functools import cache
from pathlib import Path

from rejsens.registry import LIBRARY

# Stems that take -ise, -ised, -ises, -ising, -isation, -iser; then words whose forms are written out.
ISE = [
    "analog",
    "apolog",
    "author",
    "categor",
    "central",
    "character",
    "colon",
    "critic",
    "decentral",
    "emphas",
    "equal",
    "final",
    "formal",
    "general",
    "hospital",
    "ideal",
    "individual",
    "initial",
    "internal",
    "item",
    "legal",
    "local",
    "marginal",
    "material",
    "maxim",
    "mechan",
    "memor",
    "minim",
    "mobil",
    "modern",
    "neutral",
    "normal",
    "optim",
    "organ",
    "parameter",
    "partial",
    "penal",
    "personal",
    "priorit",
    "polar",
    "random",
    "rational",
    "real",
    "recogn",
    "regular",
    "residual",
    "social",
    "special",
    "stabil",
    "standard",
    "steril",
    "stigmat",
    "summar",
    "symbol",
    "synchron",
    "synthes",
    "util",
    "victim",
    "visual",
    "winsor",
]
OUR = [
    "armour",
    "behaviour",
    "colour",
    "demeanour",
    "endeavour",
    "favour",
    "flavour",
    "harbour",
    "honour",
    "humour",
    "labour",
    "neighbour",
    "odour",
    "rigour",
    "rumour",
    "savour",
    "splendour",
    "tumour",
    "valour",
    "vapour",
    "vigour",
]
LLED = [
    "cancel",
    "channel",
    "counsel",
    "dial",
    "fuel",
    "funnel",
    "label",
    "level",
    "marvel",
    "model",
    "parallel",
    "pedal",
    "quarrel",
    "relabel",
    "remodel",
    "signal",
    "total",
    "travel",
    "tunnel",
]
WORDS = [
    "analyse",
    "analysed",
    "analysing",
    "analyser",
    "catalyse",
    "catalysed",
    "paralyse",
    "paralysed",
    "centre",
    "centres",
    "centred",
    "centring",
    "metre",
    "metres",
    "litre",
    "litres",
    "millimetre",
    "millimetres",
    "centimetre",
    "fibre",
    "theatre",
    "calibre",
    "sombre",
    "grey",
    "greys",
    "greyed",
    "licence",
    "licences",
    "defence",
    "offence",
    "pretence",
    "practise",
    "practised",
    "practising",
    "programme",
    "programmes",
    "judgement",
    "judgements",
    "acknowledgement",
    "ageing",
    "artefact",
    "artefacts",
    "catalogue",
    "catalogues",
    "catalogued",
    "dialogue",
    "dialogues",
    "analogue",
    "analogues",
    "towards",
    "afterwards",
    "upwards",
    "downwards",
    "backwards",
    "forwards",
    "amongst",
    "whilst",
    "learnt",
    "spelt",
    "dreamt",
    "burnt",
    "leapt",
    "sceptic",
    "sceptical",
    "scepticism",
    "enrol",
    "enrolment",
    "enrols",
    "fulfil",
    "fulfils",
    "fulfilment",
    "instalment",
    "skilful",
    "wilful",
    "mould",
    "plough",
    "tyre",
    "aluminium",
    "anaemia",
    "paediatric",
    "oestrogen",
    "foetus",
    "haemoglobin",
    "orthopaedic",
    "manoeuvre",
    "cheque",
    "kerb",
    "storey",
    "cosy",
    "moustache",
    "pyjamas",
    "jewellery",
    "maths",
    "learnt",
    "likeable",
    "sizeable",
    "ageing",
    "draught",
    "focussed",
    "focusses",
    "biassed",
    "unfavourable",
    "favourable",
    "favourite",
    "behavioural",
    "neighbouring",
    "neighbourhood",
    "colourful",
    "coloured",
    "honourable",
    "unstandardised",
    "standardisation",
    "normalisation",
]
FORMS = (
    {stem + end for stem in ISE for end in ("ise", "ised", "ises", "ising", "isation", "isations", "iser", "isers")}
    | {word + end for word in OUR for end in ("", "s", "ed", "ing", "al", "able")}
    | {word + end for word in LLED for end in ("led", "ling", "ler")}
    | set(WORDS)
) - {"dialler"}

NOT_PRINTED = (
    "adding",
    "commands",
    "questionnaire",
    "simulate",
)  # packages whose words go to a terminal or a questionnaire


def words(text: str) -> list[str]:
    return re.findall(r"(?<![\w/.])[A-Za-z]+(?![\w/]|\.\w)", text)


def british(text: str) -> set[str]:
    """British forms in a text, also behind a prefix such as un- or re-."""
    return {
        w.lower() for w in words(text) if w.lower() in FORMS or re.sub(r"^(un|re|over|non)", "", w.lower()) in FORMS
    }


def sentences(path: Path) -> list[str]:
    """Texts of a module that can be printed: not the docstrings, but that of a figure or table, which is its caption.

    A module without a British form in it has none to look at.
    """
    source = path.read_text(encoding="utf-8")
    if not british(source):
        return []
    tree = ast.parse(source)
    documented = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    docs = [node for node in ast.walk(tree) if isinstance(node, documented)]
    docs += [] if path.parent.name in ("figures", "tables") else [tree]
    left_out = {id(node.body[0].value) for node in docs if ast.get_docstring(node)}
    return [
        n.value
        for n in ast.walk(tree)
        if isinstance(n, ast.Constant) and isinstance(n.value, str) and id(n) not in left_out
    ]


@cache
def printed_sentences() -> list[str]:
    paths = [p for p in sorted(LIBRARY.rglob("*.py")) if p.relative_to(LIBRARY).parts[0] not in NOT_PRINTED]
    template = (LIBRARY.parent / "report" / "document.html.j2").read_text(encoding="utf-8")
    return [text for path in paths if path.name != "spelling.py" for text in sentences(path)] + [
        re.sub(r"<[^>]*>|{.*?}", " ", template)
    ]
