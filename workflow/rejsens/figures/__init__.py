"""Figures, one module each. A module dropped into this folder, or into a study's own `figures/`, is drawn and reported.

    docstring      title, an empty line, then the caption
    TABLES         names of the tables that `draw` takes as keyword arguments
    SHOWS_PEOPLE   whether it has a version with single people in it
    OF             "instrument" in a figure that is drawn once for each instrument, "family" in one that is drawn once
                   for each family of hypotheses; "study", or no such line, in others
    BY_WAVE        True in a figure of the study that shows one wave: it is drawn once more for each wave of the panel, from
                   the rows of that wave, and the page of the report switches between them
    draw           draw(*, TABLE..., study, people=False) -> rejsens.style.Drawing, under `@style.styled`; a figure of an
                   instrument also takes `instrument`, its id, and of tables by instrument only that instrument's rows; one
                   of a family takes `family`, its name

`people` says that single people may be shown: in `results/participants/`, and wherever the people are simulated.
"""
