"""Containerfile and environment.yml, from pyproject.toml and the locks.

python -m tests.supply.recipes     writes both
"""

from __future__ import annotations

import re

from tests.supply.lock import BUILD_LOCK, ROOT, read_lock
from tests.supply.sbom import project

CONTAINER, CONDA = ROOT / "Containerfile", ROOT / "environment.yml"
# what a run reads; never data or results, which may be of people
COPIED = ("pyproject.toml", "README.md", "LICENSE", "CITATION.cff", "Snakefile", "config", "schemas", "workflow")


def python() -> str:
    """The oldest Python that is allowed, the one that the tests run under."""
    found = re.fullmatch(r">=(\d+\.\d+)", project()["requires-python"])
    assert found, "requires-python is one floor"
    return found[1]


CONTAINERFILE = """# Made by `make sbom` from pyproject.toml and the locks; edit tests/supply/recipes.py instead.
# Not built or run by this project's tests, which only read it: the first build is yours to watch.
# The base image is named by its tag alone; write its digest behind it (python@sha256:...) to have the same bytes again.
#
#   podman build --tag rejsens .
#   podman run --rm --network none --volume ./my-study:/study:Z rejsens run
#
# No data are copied into the image: a study is mounted when it is run.
FROM python:{python}-slim-bookworm
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONUNBUFFERED=1 HOME=/tmp
WORKDIR /opt/rejsens
COPY requirements-build.lock requirements.lock ./
RUN python -m pip install --require-hashes -r requirements-build.lock \\
 && python -m pip install --require-hashes --no-build-isolation -r requirements.lock
{copied}
RUN python -m pip install --no-deps --no-build-isolation --editable . \\
 && python -m compileall -q workflow
WORKDIR /study
ENTRYPOINT ["rejsens"]
CMD ["--help"]
"""

ENVIRONMENT = """# Made by `make sbom` from pyproject.toml and the locks; edit tests/supply/recipes.py instead.
# Not run by this project's tests, which only read it. Afterwards, in the activated environment:
#   python -m pip install --no-deps --no-build-isolation --editable .
name: rejsens
channels:
  - conda-forge
  - nodefaults
dependencies:
  - python={python}
  - pip
{build}
  - pip:
      - -r requirements.lock  # with the hash of every file
"""


def containerfile() -> str:
    files = [name for name in COPIED if (ROOT / name).is_file()]
    folders = [name for name in COPIED if (ROOT / name).is_dir()]
    copied = [f"COPY {' '.join(files)} ./", *(f"COPY {name} ./{name}" for name in folders)]
    return CONTAINERFILE.format(python=python(), copied="\n".join(copied))


def environment() -> str:
    build = "\n".join(f"  - {package.name}={package.version}" for package in read_lock(BUILD_LOCK))
    return ENVIRONMENT.format(python=python(), build=build)


def main() -> None:
    CONTAINER.write_text(containerfile(), encoding="utf-8")
    CONDA.write_text(environment(), encoding="utf-8")


if __name__ == "__main__":
    main()
