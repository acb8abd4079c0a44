"""Simulated studies: people, answers, defects and the truth behind them, from `config/simulation.yaml` and one seed.

latent.py   people, their traits and their states
items.py    from a latent level to an ordinal answer, through the instrument's key
defects.py  missing cells and planted defects
study.py    a whole study in memory
export.py   the study as a folder: exports, sidecars, truth
truth.py    what the models of the study would find in the population
"""

from rejsens.simulate.export import simulate_study, write_study, write_wave
from rejsens.simulate.parameters import read_parameters
from rejsens.simulate.study import SimulatedStudy, SimulatedWave, simulate
from rejsens.simulate.truth import population_estimands, write_truth

__all__ = [
    "SimulatedStudy", "SimulatedWave", "population_estimands", "read_parameters", "simulate", "simulate_study",
    "write_study", "write_truth", "write_wave",
]  # fmt: skip
