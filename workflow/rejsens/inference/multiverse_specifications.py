"""Which specifications a multiverse holds: options crossed, those that come to the same once, too many sampled."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rejsens.hypotheses import DEFAULT, Hypothesis, variables
from rejsens.inference.covariates import Covariate
from rejsens.multiverse_file import CHOICES, Multiverse, options
from rejsens.rescored import AS_DECLARED
from rejsens.seeds import generator

REGRESSION, MIXED, IMPUTED = "regression", "mixed", "imputed"
KINDS = (REGRESSION, MIXED, IMPUTED)
MIXED_FROM = {"association": 3, "moderation": 3, "contrast_of_outcomes": 2, "contrast_of_predictors": 2}
REGRESSED = ("association", "moderation")  # those whose mixed model has a counterpart with person fixed effects
IMPUTED_FROM = dict.fromkeys((*MIXED_FROM, "correlation"), 1)


@dataclass(frozen=True)
class Ground:
    """What of a hypothesis decides which options differ.

    waves          waves that hold what it names
    random_slope   as its family declares
    imputes        whether the study declares multiple imputation
    items          score -> items that it rests on
    """

    hypothesis: Hypothesis
    waves: int
    random_slope: bool
    imputes: bool
    items: Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Specification:
    """One way to analyse one hypothesis; `place` holds the position of each choice's option, zeros as declared."""

    place: tuple[int, ...]
    scoring: str
    removed: frozenset[str]
    instead: tuple[tuple[str, str], ...]
    covariates: tuple[Covariate, ...]
    apart: bool
    imputed: bool
    outliers: tuple[str, float] | None
    mixed: bool
    random_slope: bool

    @property
    def kind(self) -> str:
        return IMPUTED if self.imputed else MIXED if self.mixed else REGRESSION

    @property
    def declared(self) -> bool:
        return not any(self.place)

    @property
    def same(self) -> tuple[Any, ...]:
        """Equal for specifications that come to the same analysis of the same data."""
        covariates = frozenset(covariate["name"] for covariate in self.covariates)
        return (
            self.place[0], self.scoring, self.removed, self.instead, covariates, self.apart, self.imputed,
            self.outliers, self.mixed, self.random_slope,
        )  # fmt: skip

    def differs_from(self, other: Specification) -> int:
        """In how many choices; of two with possible mediators, which of them does not count."""
        pairs = zip(CHOICES, self.place, other.place, strict=True)
        return sum(one != two for choice, one, two in pairs if not (self.apart and choice == "covariates"))


def distinct(multiverse: Multiverse, ground: Ground) -> list[Specification]:
    """Every combination of options, the declared one first; combinations that come to the same are one."""
    found: dict[tuple[Any, ...], Specification] = {}
    for place in _places(multiverse):
        one = specified(place, multiverse, ground)
        found.setdefault(one.same, one)
    return list(found.values())


def _places(multiverse: Multiverse) -> Iterator[tuple[int, ...]]:
    """Positions of options, those nearer to the declared ones first, so that they stand for what comes to the same."""
    crossed = itertools.product(*(range(len(options(multiverse, choice))) for choice in CHOICES))
    return iter(sorted(crossed, key=lambda place: (sum(map(bool, place)), place)))


def specified(place: tuple[int, ...], multiverse: Multiverse, ground: Ground) -> Specification:
    """What the options at these positions mean for one hypothesis."""
    chosen = {choice: options(multiverse, choice)[at] for choice, at in zip(CHOICES, place, strict=True)}
    named = [name for names in variables(ground.hypothesis).values() for name in names]
    instead = {old: new for old, new in chosen["scores"].get("instead", {}).items() if old in named}
    covariates = _covariates(ground.hypothesis, chosen["covariates"])
    own = [name for name in named if name not in [c["name"] for c in ground.hypothesis["covariates"]]]
    used = {instead.get(name, name) for name in [*own, *(c["name"] for c in covariates)]}
    items = frozenset().union(*(ground.items.get(name, frozenset()) for name in used))
    mixed, slope = _model(ground, chosen["model"])
    kind = ground.hypothesis.get("model", DEFAULT)
    can_impute = ground.imputes and kind in IMPUTED_FROM and ground.waves >= IMPUTED_FROM[kind]
    outliers = [
        (key, float(chosen["outliers"][key])) for key in ("winsorise", "leave_out_beyond") if key in chosen["outliers"]
    ]
    added = {c["name"] for c in covariates} - {c["name"] for c in ground.hypothesis["covariates"]}
    return Specification(
        place,
        scoring=chosen["scoring"].get("answered", AS_DECLARED),
        removed=frozenset(chosen["items"].get("remove", ())) & items,
        instead=tuple(sorted(instead.items())),
        covariates=covariates,
        apart=bool(chosen["covariates"].get("possible_mediator")) and bool(added),
        imputed=can_impute and not chosen["missing"].get("complete_cases", False),
        outliers=outliers[0] if outliers else None,
        mixed=mixed,
        random_slope=slope,
    )


def _covariates(hypothesis: Hypothesis, option: Mapping[str, Any]) -> tuple[Covariate, ...]:
    """Declared covariates less those left out, and those added; a score that the hypothesis is about is none."""
    left_out = option.get("without", ())
    kept = [c for c in hypothesis["covariates"] if left_out != "all" and c["name"] not in left_out]
    about = {name for names in variables(hypothesis).values() for name in names}
    return (*kept, *(c for c in option.get("add", ()) if c["name"] not in about))


def _model(ground: Ground, option: Mapping[str, Any]) -> tuple[bool, bool]:
    """Whether the model is a mixed one, and whether it has a random slope; options that a hypothesis lacks change nothing."""
    kind = ground.hypothesis.get("model", DEFAULT)
    if ground.waves < MIXED_FROM.get(kind, ground.waves + 1):
        return False, False
    if option.get("person_fixed_effects") and kind in REGRESSED:
        return False, False
    has_choice = kind in ("association", "contrast_of_outcomes")
    return True, option.get("random_slope", ground.random_slope) if has_choice else ground.random_slope


def sampled(found: Sequence[Specification], most: Mapping[str, int], seed: int) -> list[tuple[Specification, int]]:
    """Specifications to be run, each with how many of its kind there are; the declared one is always first.

    most     regression, mixed, imputed and apart: so many of each at most. Where there are more, the one nearest to the
             declared choices is taken and the rest is drawn at random: regressions all alike; of mixed and imputed ones,
             which are few, those that differ from that one in a single choice before all others. Those with a possible
             mediator as covariate are drawn from the fastest kind
    seed     the study's; what is drawn depends on the seed and the options, not on the hypothesis
    """
    kept: list[tuple[Specification, int]] = []
    together = [one for one in found if not one.apart]
    for kind in reversed(KINDS):
        own = [one for one in together if one.kind == kind]
        kept += [(one, len(own)) for one in _drawn(own, most[kind], seed, nearest_first=kind != REGRESSION)]
    apart = [one for one in found if one.apart]
    fastest = next((kind for kind in KINDS if any(one.kind == kind for one in apart)), REGRESSION)
    own = [one for one in apart if one.kind == fastest]
    kept += [(one, len(own)) for one in _drawn(own, most["apart"], seed, nearest_first=True)]
    return sorted(
        kept, key=lambda entry: (not entry[0].declared, entry[0].apart, KINDS.index(entry[0].kind), entry[0].place)
    )


def _drawn(own: Sequence[Specification], most: int, seed: int, *, nearest_first: bool) -> list[Specification]:
    if len(own) <= most:
        return list(own)
    base = own[0]

    def rank(one: Specification) -> tuple[int, float]:
        draw = generator(seed, "multiverse", *map(str, one.place)).random()
        return min(one.differs_from(base), 2) if nearest_first else int(one is not base), draw

    return sorted(own, key=rank)[:most]
