"""The study's declarations, read once; and what every rule may use.

Needs   config/config.yaml, config/hypotheses/*.yaml, data/waves/*.yaml, schemas/instruments/*.yaml
Makes   PLAN      what each job depends on (workflow/rejsens/plan.py)
        a run token, so that an orphan of a killed run publishes nothing
"""

import os
import re
import sys

sys.path.insert(0, os.path.join(workflow.basedir, "workflow"))
os.environ.update(PYTHONPATH=os.path.join(workflow.basedir, "workflow"))
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from rejsens.audit_words import audit_words
from rejsens.job import RUN
from rejsens.plan import Plan
from rejsens.problems import explain, listed
from rejsens.study import load_study

os.environ[RUN] = str(os.getpid())
PLAN = Plan(load_study("."))
config |= audit_words(PLAN.study.settings["study"])
if PLAN.study.set_aside and workflow.is_main_process:
    print(f"\n{explain(PLAN.study.told_aside)}\n", file=sys.stderr)
WAVES = [wave.name for wave in PLAN.study.waves]
PEOPLE = "results/participants"
PEOPLE_FIGURES = PLAN.figures_of_people
INSTRUMENT_FIGURES = list(PLAN.figures_of_instruments)
FAMILY_FIGURES = list(PLAN.figures_of_families)
WAVE_FIGURES = list(PLAN.figures_by_wave)


wildcard_constraints:
    wave="|".join(map(re.escape, WAVES)),
    instrument="|".join(map(re.escape, PLAN.study.scored)),
    family="|".join(map(re.escape, PLAN.study.family_names)) or "none",
    figure="|".join(map(re.escape, PLAN.figures)),
    table="|".join(map(re.escape, PLAN.tables)),
    size="|".join(map(re.escape, PLAN.sizes)),


onsuccess:
    if PLAN.study.set_aside:
        sys.stderr.write(f"  Set aside until mended, as told above: {listed(sorted(PLAN.study.set_aside))}.\n")


onstart:
    from rejsens.closed_files import close_records
    from rejsens.job import HOLDER, clear_half_written
    from rejsens.run_lock import take_lock

    os.environ[HOLDER] = take_lock()
    close_records()
    clear_half_written()
