"""What a hypothesis declares: the analyses there are, and the variables that each of them names. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Hypothesis = Mapping[str, Any]  # as in a family file


@dataclass(frozen=True)
class Model:
    """One kind of analysis, as `model:` of a hypothesis names it.

    says       what it estimates, in a few words
    names      keys that it needs and that name variables
    also       further keys that it needs
    may        keys that it can use
    of_events  its outcome and predictor are ratings of single events
    waves      fewest waves of the panel
    adjusts    it takes covariates
    """

    says: str
    names: tuple[str, ...]
    also: tuple[str, ...] = ()
    may: tuple[str, ...] = ("where",)
    of_events: bool = False
    waves: int = 1
    adjusts: bool = True

    @property
    def keys(self) -> tuple[str, ...]:
        return (*self.names, *self.also, *self.may)


PAIR = ("outcome", "predictor")
MODELS = {
    "association": Model("how the outcome goes with the predictor", PAIR, may=("where", "counts")),
    "correlation": Model("the correlation of two scores", PAIR),
    "added_variance": Model("the variance that the predictor explains beside the covariates", PAIR),
    "moderation": Model("how far an association differs by a third variable", (*PAIR, "moderator")),
    "dose_response": Model("the form of an association", PAIR),
    "cumulative": Model("what earlier waves add to the present one", PAIR, waves=3),
    "mediation": Model("an indirect association", (*PAIR, "mediator")),
    "lagged": Model("what goes before what", PAIR, may=("both_directions",), waves=3),
    "contrast_of_outcomes": Model("two outcomes beside each other", ("outcomes", "predictor")),
    "contrast_of_predictors": Model("two predictors beside each other", ("outcome", "predictors")),
    "contrast_of_pairs": Model("two scores of the same people", ("outcomes",), adjusts=False),
    "contrast_of_events": Model("two kinds of event", ("outcome",), ("contrast",), (), of_events=True),
    "event_slope": Model("an association over single events", PAIR, (), (), of_events=True),
    "difference_of_groups": Model("two groups of people", PAIR, ("groups",), adjusts=False),
    "proportion": Model("a share of people", ("outcome",), ("reference", "at_least"), adjusts=False),
    "recovery": Model("change after the first drop of the predictor", PAIR, (), (), waves=5),
    "growth": Model("change over the waves", ("outcome",), (), (), waves=5, adjusts=False),
}
DEFAULT = "association"
OF_A_MODEL = tuple(dict.fromkeys(key for model in MODELS.values() for key in model.keys))


def model_of(hypothesis: Hypothesis) -> Model:
    return MODELS[hypothesis.get("model", DEFAULT)]


def variables(hypothesis: Hypothesis) -> dict[str, list[str]]:
    """The variables that a hypothesis names, by the key that names them.

    >>> variables({"model": "moderation", "outcome": "y", "predictor": "x", "moderator": "m", "covariates": [{"name": "age"}]})
    {'outcome': ['y'], 'predictor': ['x'], 'moderator': ['m'], 'covariates': ['age']}
    """
    named = {
        key: [hypothesis[key]] if isinstance(hypothesis[key], str) else list(hypothesis[key])
        for key in ("outcome", "outcomes", "predictor", "predictors", "moderator", "mediator")
        if key in hypothesis
    }
    named |= {"covariates": [covariate["name"] for covariate in hypothesis["covariates"]]}
    return {key: names for key, names in (named | {"where": list(hypothesis.get("where", ()))}).items() if names}


def outcomes(hypothesis: Hypothesis) -> list[str]:
    return [name for key in ("outcome", "outcomes") for name in variables(hypothesis).get(key, ())]


def predictors(hypothesis: Hypothesis) -> list[str]:
    """What the outcome is held against; of a contrast of events the two kinds, of a share or a growth curve nothing."""
    named = variables(hypothesis)
    found = [name for key in ("predictor", "predictors") for name in named.get(key, ())]
    return found or list(hypothesis.get("contrast", ()))


def unfit(hypothesis: Hypothesis) -> tuple[list[str], list[str]]:
    """Keys that the hypothesis' model needs and that are not stated, and keys that it has no use for.

    >>> unfit({"model": "moderation", "outcome": "y", "predictor": "x", "mediator": "m"})
    (['moderator'], ['mediator'])
    """
    model = model_of(hypothesis)
    needed = [key for key in (*model.names, *model.also) if key not in hypothesis]
    return needed, [key for key in OF_A_MODEL if key in hypothesis and key not in model.keys]
