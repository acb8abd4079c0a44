"""What is measured too late for its role in a hypothesis is told before anything runs."""

from types import SimpleNamespace

import pytest

from rejsens.hypothesis_checks import _order_problems

WAVES = {"early": (1, 2, 3), "late": (3, 4), "once": (2,), "last": (5,)}


@pytest.mark.parametrize(
    ("roles", "said"),
    [
        ({"predictor": "early", "mediator": "once", "outcome": "late"}, []),
        ({"predictor": "late", "mediator": "once", "outcome": "late"},
         ["the predictor “late” is first asked in wave 3, after the mediator in wave 2"]),
        ({"predictor": "early", "mediator": "last", "outcome": "late"},
         ["the mediator “last” is first asked in wave 5, after the outcome in wave 4"]),
        ({"predictor": "last", "mediator": "late", "outcome": "once"},
         ["the mediator “late” is first asked in wave 3, after the outcome in wave 2",
          "the predictor “last” is first asked in wave 5, after the mediator in wave 4"]),
    ],
)  # fmt: skip
def test_a_path_goes_forward_in_time(roles, said):
    problems = _order_problems("H1", {"model": "mediation", **roles}, SimpleNamespace(waves=WAVES))
    assert [problem.found for problem in problems] == said
    assert all(problem.cause == "Measured too late for its role" for problem in problems)


def test_a_moderator_stands_before_the_first_wave_that_asks_both():
    known = SimpleNamespace(waves=WAVES)
    asked = {"model": "moderation", "outcome": "early", "predictor": "early"}
    assert _order_problems("H1", asked | {"moderator": "early"}, known) == []
    (problem,) = _order_problems("H1", asked | {"moderator": "once"}, known)
    assert problem.found == "the moderator “once” is first asked in wave 2, after the outcome in wave 1"
