"""What a study says of itself besides its numbers: statements of the settings and of the sidecars, in the order of print.

Read while Snakemake plans: no heavy import.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

# key of `study.statements` in config/config.yaml -> its name in the report
NAMES: Mapping[str, str] = {
    "registration": "Registration",
    "ethics": "Ethics approval",
    "eligibility": "Eligibility",
    "recruitment": "Recruitment",
    "compensation": "Compensation",
    "sample_size": "Sample size",
    "follow_up": "Follow-up",
    "generalisability": "Generalisability",
    "data_availability": "Data availability",
    "code_availability": "Code availability",
    "funding": "Funding",
    "conflicts": "Conflicts of interest",
}
# key of a sidecar -> its name in the report
OF_WAVES: Mapping[str, str] = {
    "population": "Population",
    "mode": "Mode",
    "language": "Language",
    "consent": "Consent",
    "source": "Source of the data",
    "licence": "Licence of the data",
}


def statements(settings: Mapping[str, Any], waves: Iterable[tuple[str, Mapping[str, Any]]]) -> list[tuple[str, str]]:
    """Name and text of each statement: the design, what the sidecars state, what the settings state; the rest is left out.

    waves   name and sidecar of each wave, in the order of time

    >>> sidecars = [("w1", {"mode": "web"}), ("w2", {"mode": "web", "consent": "Asked again."})]
    >>> statements({"study": {"statements": {"funding": "None."}}}, sidecars)
    [('Design', 'panel survey, 2 waves'), ('Mode', 'web'), ('Consent', 'w2: Asked again.'), ('Funding', 'None.')]
    """
    waves = list(waves)
    own = settings["study"].get("statements", {})
    said = [("Design", design(sidecar.get("role") or "wave" for _, sidecar in waves))] if waves else []
    said += [(name, text) for key, name in OF_WAVES.items() if (text := _of_waves(key, waves))]
    return said + [(name, own[key].strip()) for key, name in NAMES.items() if own.get(key, "").strip()]


def design(roles: Iterable[str]) -> str:
    """The design in the usual words.

    >>> design(["wave"]), design(["wave", "wave", "retest"])
    ('cross-sectional survey', 'panel survey, 2 waves, with 1 retest sample')
    """
    roles = list(roles)
    panel, retests = roles.count("wave"), roles.count("retest")
    said = f"panel survey, {panel} waves" if panel > 1 else "cross-sectional survey"
    return said + (f", with {retests} retest sample{'s' if retests > 1 else ''}" if retests else "")


def _of_waves(key: str, waves: list[tuple[str, Mapping[str, Any]]]) -> str:
    """What the sidecars state under a key: once where all say the same, else wave by wave."""
    said = {name: str(sidecar.get(key) or "").strip() for name, sidecar in waves}
    if len(set(said.values())) == 1:
        return next(iter(said.values()))
    return "; ".join(f"{name}: {text}" for name, text in said.items() if text)
