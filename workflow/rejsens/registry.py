"""What is plugged in, where tables are, and which project files a job depends on. Standard library only.

Snakemake imports this while it plans; nothing here reads data or imports the rest of the library.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import importlib.util
import os
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

LIBRARY = Path(__file__).resolve().parent
SHIPPED = LIBRARY.parents[1]

# The home of each finished table; plug-ins name tables, never paths.
TABLES = {
    "waves": "results/waves.csv",
    "flow": "results/flow.csv",
    "quality": "results/quality.csv",
    "notices": "results/notices.csv",
    "columns": "results/columns.csv",
    "differences": "results/differences.csv",
    "codebook": "results/codebook/codebook.csv",
    "dictionary": "results/dictionary.csv",
    "sample": "results/sample.csv",
    "descriptives": "results/descriptives.csv",
    "correlations": "results/correlations.csv",
    "responses": "results/responses.csv",
    "missing": "results/missing.csv",
    "reliability": "results/psychometrics/reliability.csv",
    "items": "results/psychometrics/items.csv",
    "factor_models": "results/psychometrics/factor_models.csv",
    "loadings": "results/psychometrics/loadings.csv",
    "factor_correlations": "results/psychometrics/factor_correlations.csv",
    "invariance": "results/psychometrics/invariance.csv",
    "dimensionality": "results/psychometrics/dimensionality.csv",
    "eigenvalues": "results/psychometrics/eigenvalues.csv",
    "exploratory_loadings": "results/psychometrics/exploratory_loadings.csv",
    "item_response": "results/psychometrics/item_response.csv",
    "information": "results/psychometrics/information.csv",
    "scalability": "results/psychometrics/scalability.csv",
    "local_dependence": "results/psychometrics/local_dependence.csv",
    "discriminant": "results/psychometrics/discriminant.csv",
    "method_variance": "results/psychometrics/method_variance.csv",
    "careless": "results/careless.csv",
    "missing_patterns": "results/missing_patterns.csv",
    "little": "results/little.csv",
    "attrition": "results/attrition.csv",
    "predictions": "results/psychometrics/predictions.csv",
    "validation": "results/psychometrics/validation.csv",
    "validation_loadings": "results/psychometrics/validation_loadings.csv",
    "keying": "results/psychometrics/keying.csv",
    "erosion": "results/erosion.csv",
    "stored_totals": "results/stored_totals.csv",
    "hypotheses": "results/hypotheses.csv",
    "estimates": "results/estimates.csv",
    "diagnostics": "results/diagnostics.csv",
    "multiverse": "results/multiverse.csv",
    "multiverse_summary": "results/multiverse_summary.csv",
    "multiverse_choices": "results/multiverse_choices.csv",
    "claims": "results/claims.csv",
    "plan": "results/plan.csv",
    "benchmarks": "results/benchmarks.csv",
    "standards": "results/standards.csv",
    "answers": "results/participants/answers.parquet",
    "scores": "results/participants/scores.parquet",
    "events": "results/participants/events.parquet",
}

AGGREGATES = [name for name, path in TABLES.items() if not path.startswith("results/participants/")]


def sha256(path: Path | str) -> str:
    """Content hash of one file, or "missing"; remembered while it stays the same file and the system notes no change."""
    path = Path(path)
    if not path.is_file():
        return "missing"
    stat = path.stat()  # the time of change, unlike that of modification, cannot be put back
    return _sha256(os.path.abspath(path), stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)


@cache
def _sha256(path: str, *_seen: int) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as handle:
        while block := handle.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def hashes(paths: Iterable[Path | str]) -> dict[str, str]:
    """Path -> content hash, in a fixed order; the part of a rule's params that says what a job depends on."""
    return {_relative(path): sha256(path) for path in sorted(map(str, paths))}


def _relative(path: str) -> str:
    """A project file is named from the project's root, a study's file from the study's: moving either reruns nothing."""
    return Path(path).relative_to(SHIPPED).as_posix() if Path(path).is_relative_to(SHIPPED) else str(path)


def code(*modules: str) -> dict[str, str]:
    """Content hashes of the named project modules and of every project module that they import, however deep.

    A study's own plug-in is named by its file.
    """
    seen: set[Path] = set()
    todo = [Path(module) if module.endswith(".py") else _module_file(module) for module in modules]
    while todo:
        path = todo.pop()
        assert path is not None  # only modules of the project are named
        if path in seen:
            continue
        seen.add(path)
        todo += [found for found in _imports(path, sha256(path)) if found not in seen]
    return hashes(seen)


IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+(rejsens[\w.]*)[ \t]+import[ \t]+(\([^)]*\)|[^\n]*)|import[ \t]+(rejsens[\w.]*))", re.M
)


@cache
def _imports(path: Path, _content: str) -> tuple[Path, ...]:
    """Project files that one file imports, wherever in it the import stands; read as text, which is fifty times faster than parsing."""
    found = []
    for package, names, module in IMPORT.findall(path.read_text(encoding="utf-8")):
        imported = [name.split(" as ")[0].strip() for name in re.sub(r"#.*|[()]", "", names).split(",")]
        found += [package, *(f"{package}.{name}" for name in imported)] if package else [module]
    return tuple(file for name in found if (file := _module_file(name, missing_ok=True)))


def _module_file(name: str, missing_ok: bool = False) -> Path | None:
    if name != "rejsens" and not name.startswith("rejsens."):
        return None
    base = LIBRARY.joinpath(*name.split(".")[1:])
    for candidate in (base.with_suffix(".py"), base / "__init__.py"):
        if candidate.is_file():
            return candidate
    if missing_ok:
        return None
    raise ModuleNotFoundError(name)


def plugins(kind: str, study: Path | str = ".") -> dict[str, Path]:
    """Plug-in modules of one kind ("figures" or "tables") by name: the shipped ones, then the study's own."""
    shipped = sorted((LIBRARY / kind).glob("[!_]*.py"))
    return {path.stem: path for path in [*shipped, *own_plugins(kind, study)]}


def figures(study: Path | str = ".", of: str = "study") -> dict[str, Path]:
    """Figure modules by name: those of the whole study, or those drawn for each instrument or family (`OF` in them says so)."""
    return {name: path for name, path in plugins("figures", study).items() if constant(path, "OF", "study") == of}


def own_plugins(kind: str, study: Path | str = ".") -> list[Path]:
    """A study's own plug-in modules of one kind."""
    return sorted((Path(study) / kind).glob("[!_]*.py"))


@cache
def constant(path: Path | str, name: str, absent: object = None) -> Any:
    """A module-level literal such as TABLES, read without importing the module (and so without matplotlib).

    absent   what a module says that does not define it; without this a module must
    """
    value = r"(\([^)]*\)|\[[^\]]*\]|.*)"  # a tuple or a list may go over several lines
    stated = re.search(rf"^{name}(?:: *[^=\n]+)? = {value}$", Path(path).read_text(encoding="utf-8"), re.M)
    if stated is None and absent is not None:
        return absent
    if stated is None:
        raise LookupError(f"{path} does not define {name}")
    return ast.literal_eval(stated[1])


def title(path: Path | str) -> str:
    """The title of a figure or printed table: the first line of its module's docstring."""
    return Path(path).read_text(encoding="utf-8").removeprefix('"""').partition("\n")[0].removesuffix('"""')


def files(pattern: str, folder: Path | str = ".") -> dict[str, Path]:
    """Plug-in files by stem; names that start with an underscore are not plugged in."""
    return {path.stem: path for path in sorted(Path(folder).glob(pattern)) if not path.name.startswith("_")}


def instrument_files(folder: Path | str) -> dict[str, Path]:
    """Instruments by id: ID.yaml. A second dot in a name makes it a translation."""
    return {name: path for name, path in files("*.yaml", folder).items() if "." not in name}


def translation_files(folder: Path | str) -> dict[tuple[str, str], Path]:
    """Translations by instrument and language: ID.LANGUAGE.yaml."""
    named = ((name.partition("."), path) for name, path in files("*.yaml", folder).items())
    return {(instrument, language): path for (instrument, dot, language), path in named if dot}


def load_plugin(module: str) -> ModuleType:
    """Import a plug-in: a shipped one by its dotted name, a study's own by its file."""
    if not module.endswith(".py"):
        return importlib.import_module(module)
    spec = importlib.util.spec_from_file_location(f"own_{Path(module).stem}", module)
    assert spec is not None and spec.loader is not None  # as of every file that ends in .py
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded
