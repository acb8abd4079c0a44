"""The jobs of a study in one process, in their order: for tests that need finished results and no run.

python -m tests.in_process STUDY [TARGET ...]    each job's script with its own inputs, outputs and params; stops at the first fault
"""

from __future__ import annotations

import os
import runpy
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


class Named(list):
    """Snakemake's lists, which know some of their entries by name."""

    def __init__(self, named: Any = ()):
        super().__init__(named)
        own = named.items() if hasattr(named, "items") else ()
        self.named = {name: value if isinstance(value, str) else tuple(map(str, value)) for name, value in own}
        self.__dict__.update(self.named)

    def items(self) -> Any:
        return self.named.items()

    def get(self, name: str, absent: Any = None) -> Any:
        return self.named.get(name, absent)

    def __getitem__(self, key: Any) -> Any:
        return self.named[key] if isinstance(key, str) else super().__getitem__(key)


def main(study: Path, targets: set[str]) -> None:
    from snakemake.api import SnakemakeApi
    from snakemake.settings.enums import Quietness
    from snakemake.settings.types import DAGSettings, OutputSettings, ResourceSettings

    with SnakemakeApi(OutputSettings(quiet={Quietness.ALL})) as api:
        flow = api.workflow(snakefile=ROOT / "Snakefile", workdir=study, resource_settings=ResourceSettings(cores=1))
        planned = flow.dag(dag_settings=DAGSettings(targets=targets or {"all"}, forceall=True))
        workflow = planned.workflow_api._workflow
        workflow._prepare_dag(forceall=True, ignore_incomplete=True, lock_warn_only=True)
        workflow._build_dag()
        os.chdir(study)
        for job in [job for level in workflow.dag.toposorted() for job in sorted(level, key=str)]:
            if job.rule.script is not None:
                run(job)


def run(job: Any) -> None:
    """One job's script."""
    for path in [*job.output, *job.log]:
        Path(str(path)).parent.mkdir(parents=True, exist_ok=True)
    wildcards = Named(job.wildcards)
    facts = {"input": Named(job.input), "output": Named(job.output), "log": [str(job.log[0])]}
    given = SimpleNamespace(**facts, params=list(job.params), rule=job.rule.name, wildcards=wildcards)
    runpy.run_path(str(ROOT / "workflow/scripts" / Path(str(job.rule.script)).name), init_globals={"snakemake": given})


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), set(sys.argv[2:]))
