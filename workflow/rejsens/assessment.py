"""Each instrument by COSMIN's questions, as data: what was found of it, or why nothing could be.

The questions are the measurement properties of the COSMIN taxonomy (Mokkink et al. 2010, 10.1016/j.jclinepi.2010.02.006),
in its order, and interpretability. Every writer of a document takes the same sentences, tables and figures from here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from rejsens import apa
from rejsens import assessment_words as words
from rejsens import relation_words as relations
from rejsens.layout import PrintedTable
from rejsens.phrases import spoken
from rejsens.psychometrics.predictions import MET, NOT_TESTABLE
from rejsens.sentences import counted, reported, sentence
from rejsens.tabular import COLUMNS

TABLES = (
    *(
        "reliability",
        "items",
        "factor_models",
        "loadings",
        "factor_correlations",
        "invariance",
        "predictions",
        "keying",
    ),
    *("dimensionality", "item_response", "scalability", "local_dependence", "discriminant", "erosion", "descriptives"),
    "validation",
)
NO_MODEL = (
    "formative: what it counts up need not go together, so that neither internal consistency nor a factor model applies"
)
NO_OUTSIDE = "No outside measure of change was declared, so that responsiveness itself could not be judged."
SINGLE = "one item, to which neither internal consistency nor a factor model applies"
OF_SCALES = ("structure", "consistency", "invariance")  # questions that ask for a reflective scale
PRINTED_FROM = {
    "item_analysis": "items",
    "reliability_over_time": "reliability",
}  # printed table -> the table it prints
# A figure of an instrument stands under the question that it answers; one that is not named here under the first of these.
FIGURES = {
    "structure": ("loadings", "path_diagram", "scree"),
    "consistency": ("information_curves",),
    "invariance": ("invariance_ladder",),
}


@dataclass(frozen=True)
class Question:
    """One of COSMIN's questions, answered for one instrument.

    name       content, structure, consistency, invariance, reliability, error, criterion, hypotheses, responsiveness,
               interpretability
    heading    the property and the question in plain words
    sentences  finished sentences; at least one, which says so when nothing could be found
    tables     small tables of this instrument alone
    see        printed tables of the whole study that hold the rest, by name
    figures    stems of this instrument's figures
    """

    name: str
    heading: str
    sentences: tuple[str, ...]
    tables: tuple[PrintedTable, ...] = ()
    see: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()


@dataclass(frozen=True)
class Assessment:
    """One instrument: its title, what it is made of, and COSMIN's questions in order."""

    instrument: str
    title: str
    summary: str
    questions: tuple[Question, ...]


@dataclass(frozen=True, eq=False)
class _Measure:
    """What is known of one instrument: its scores, and its rows in every table."""

    instrument: str
    scores: pd.DataFrame
    tables: Mapping[str, pd.DataFrame]
    names: Mapping[str, str]
    _split: dict[tuple[str, str], dict[str, pd.DataFrame]] = field(default_factory=dict)

    def rows(self, table: str) -> pd.DataFrame:
        """This instrument's rows of a table; without rows when the table was not made."""
        frame = self.tables.get(table)
        return pd.DataFrame(columns=list(COLUMNS[table])) if frame is None else frame

    def by(self, table: str, column: str) -> dict[str, pd.DataFrame]:
        """This instrument's rows of a table by score or model, in the table's order; split once."""
        key = (table, column)
        if key not in self._split:
            self._split[key] = {str(name): rows for name, rows in self.rows(table).groupby(column, sort=False)}
        return self._split[key]

    def of(self, model: str) -> list[tuple[str, str]]:
        """(score, label) of scores that are reflective, formative or a single item."""
        own = self.scores[self.scores["model"] == model]
        return list(zip(own["score"], own["label"], strict=True))

    def twin(self, score: str) -> str:
        """Label of the score whose model holds for this one too, since both are made of the same items."""
        of = str(self.scores.set_index("score").at[score, "modelled_by"])
        return self.names.get(of, "") if of != score else ""

    @property
    def items(self) -> dict[str, str]:
        """Short labels of the items by id."""
        rows = self.rows("loadings")
        return dict(zip(rows["item"], rows["label"], strict=True))

    @property
    def everyone(self) -> list[tuple[str, str]]:
        return list(zip(self.scores["score"], self.scores["label"], strict=True))


def assess_instruments(
    tables: Mapping[str, pd.DataFrame], figures: Mapping[str, Sequence[str]] | None = None
) -> list[Assessment]:
    """Every instrument with scores, in the order of the score dictionary.

    tables    the contract's aggregate tables by name; one that is absent counts as not made, and its questions say so
    figures   instrument -> stems of its figures
    """
    dictionary = tables.get("dictionary")
    if dictionary is None or dictionary.empty:
        return []
    names = dict(zip(dictionary["score"], dictionary["label"], strict=True))
    split = {name: _by_instrument(tables[name]) for name in TABLES if name in tables}
    found = []
    for instrument, scores in dictionary.groupby("instrument", sort=False):
        own = {name: parts.get(instrument, parts.get("")) for name, parts in split.items()}
        measure = _Measure(str(instrument), scores, own, names)
        stems = list((figures or {}).get(str(instrument), ()))
        questions = tuple(_question(measure, name, stems) for name in QUESTIONS)
        title = str(scores["title"].iloc[0])
        found.append(Assessment(str(instrument), title, _summary(measure), questions))
    return found


def _by_instrument(frame: pd.DataFrame) -> dict[Any, pd.DataFrame]:
    """A table's rows by instrument; under "" the whole table where it is not about single instruments."""
    texts = frame.select_dtypes("str").columns
    frame = frame.astype(dict.fromkeys(texts, object))  # texts of the kind that is read fastest cell by cell
    if "instrument" not in frame or "step" in frame:
        return {"": frame}
    return dict(tuple(frame.groupby("instrument", sort=False)))


def _question(measure: _Measure, name: str, stems: Sequence[str]) -> Question:
    heading, answer, absent, see = QUESTIONS[name]
    found = [part for part in answer(measure) if part]
    own = _stems(name, stems)
    sentences = tuple(part for part in found if isinstance(part, str))
    tables = tuple(part for part in found if isinstance(part, PrintedTable))
    shown = tuple(table for table in see if sentences and _has_rows(measure, name, table))
    return Question(name, heading, sentences or (absent,), tables, shown, own)


def _has_rows(measure: _Measure, question: str, printed: str) -> bool:
    """Whether a printed table says something of the instrument; of indices no model says anything."""
    if question in OF_SCALES and not measure.of("reflective"):
        return False
    source = PRINTED_FROM.get(printed, printed)
    return source not in TABLES or len(measure.rows(source)) > 0


def _stems(name: str, stems: Sequence[str]) -> tuple[str, ...]:
    """Figures under one question, in the order in which they are named; the unnamed behind those of the first."""
    named = {stem: place for place, own in FIGURES.items() for stem in own}
    rest = [stem for stem in stems if stem not in named] if name == next(iter(FIGURES)) else []
    return (*(stem for stem in FIGURES.get(name, ()) if stem in stems), *rest)


def _summary(measure: _Measure) -> str:
    """What the instrument is made of.

    Scales are reflective, indices formative; an item that is a score is a single item.
    """
    kinds = (
        ("reflective", "scale"),
        ("formative", "formative index", "formative indices"),
        ("single_item", "single item"),
    )
    said = [counted(len(own), *nouns) for kind, *nouns in kinds if (own := measure.of(kind))]
    key = {"own": "a key of this project", "verified": "a verified key", "rule_only": "a verified rule"}.get(
        measure.scores["key_status"].iloc[0], "a user-supplied key"
    )
    return sentence(f"{', '.join(said)}; {key}")


# --- the questions ---------------------------------------------------------------------------------------------------
# Each gives sentences and tables; nothing at all where the table it reads has no rows.

Answer = Iterator[str | PrintedTable]


def _content(measure: _Measure) -> Answer:
    """What a validation plan says of the steps outside the data."""
    plan = measure.rows("validation")
    sets = set(plan.loc[plan["instrument"] == measure.instrument, "set"]) if len(plan) else set()
    for row in plan.to_dict("records"):
        if row["set"] in sets and row["step"] in ("experts", "interviews"):
            yield relations.plan_step(row)


def _structure(measure: _Measure) -> Answer:
    yield from _not_modelled(measure)
    scales = dict(measure.of("reflective"))
    for model, rows in measure.by("factor_models", "model").items():
        first = rows["wave"] == rows["wave"].iloc[0]
        later: tuple[str, ...] = ()
        if model in scales:
            own = measure.by("reliability", "score").get(model)
            later = (
                words.later_fits(rows[~first], measure.items),
                words.loadings(_first(measure, "loadings", model), scales[model]),
                "" if own is None else words.extracted(own, scales[model]),
            )
        else:
            pairs = _between_factors(measure, model, rows["wave"].iloc[0])
            later = () if pairs is None else (words.factor_correlations(pairs, measure.names, rows["label"].iloc[0]),)
        yield _joined(words.model_fit(rows.iloc[0].to_dict(), measure.items), *later)
    yield from _explored(measure)
    yield _loading_table(measure, scales)


def _between_factors(measure: _Measure, model: str, wave: str) -> pd.DataFrame | None:
    """A model's correlations in one wave without those of items' residuals, which stand in the same table."""
    pairs, loadings = (measure.by(table, "model").get(model) for table in ("factor_correlations", "loadings"))
    if pairs is None or loadings is None:
        return None
    ours = (pairs["wave"] == wave) & pairs["x"].isin(loadings["factor"])
    return pairs[ours & (pairs["status"] == words.ADMISSIBLE)]


def _first(measure: _Measure, table: str, model: str) -> pd.DataFrame:
    """Rows of a model in the first wave that has them, where it may be used."""
    rows = measure.by(table, "model").get(model, measure.rows(table).iloc[:0])
    first = rows["wave"] == rows["wave"].iloc[0] if len(rows) else []
    return rows[first & (rows["status"] == words.ADMISSIBLE)] if len(rows) else rows


def _joined(*sentences: str) -> str:
    """What belongs together, one sentence behind the other."""
    return " ".join(filter(None, sentences))


def _explored(measure: _Measure) -> Iterator[str]:
    """Exploration and item response, each where it was made."""
    for row in measure.rows("dimensionality").to_dict("records"):
        yield words.dimensionality(row, "all items together" if row["set"] == "all" else row["label"])
    for table, say in (
        ("scalability", words.scalability),
        ("item_response", words.discrimination),
        ("local_dependence", words.dependence),
    ):
        for score, rows in measure.by(table, "score").items():
            yield say(rows, measure.names.get(score, spoken(score)))


def _not_modelled(measure: _Measure) -> Iterator[str]:
    """Scores to which neither a factor model nor internal consistency applies, and why."""
    for kind, why in (("formative", NO_MODEL), ("single_item", SINGLE)):
        own = measure.of(kind)
        if own:
            yield sentence(f"{words.names_of([label for _, label in own])}: {why}")


def _loading_table(measure: _Measure, scales: Mapping[str, str]) -> PrintedTable | str:
    """Loadings of the one-factor models in the first wave."""
    rows: list[tuple[str, str, str]] = []
    sections = []
    specific: dict[str, str] = {}
    for score, label in scales.items():
        own = measure.by("loadings", "model").get(score)
        if own is None:
            continue
        own = own[own["wave"] == own["wave"].iloc[0]]
        sections.append((len(rows), f"{reported(label)}, wave {own['wave'].iloc[0]}"))
        for row in own.to_dict("records"):
            cell = apa.coefficient(row["std"], row["std_ci_low"], row["std_ci_high"], bounded=True)
            if row["status"] != words.ADMISSIBLE:
                cell = f"{cell}^{specific.setdefault(row['status'], 'abcdefghijklmnopqrstuvwxyz'[len(specific) % 26])}"
            rows.append((spoken(row["label"]), "yes" if row["reverse"] else "no", cell))
    if not rows:
        return ""
    return PrintedTable(
        title="Standardised Loadings, One Factor for Each Scale",
        columns=("Item", "Reversed", "Loading"),
        rows=tuple(rows),
        alignment=("left", "left", "right"),
        sections=tuple(sections),
        general=("Items after keying, by this project's short labels; brackets hold intervals.",),
        specific=tuple((mark, sentence(f"Not usable: {status}")) for status, mark in specific.items()),
    )


def _consistency(measure: _Measure) -> Answer:
    yield from _not_modelled(measure)
    for score, label in measure.of("reflective"):
        rows = measure.by("reliability", "score").get(score)
        rows = rows if rows is None else rows[~rows["coefficient"].str.startswith(words.NOT_CONSISTENCY)]
        if rows is None or rows.empty:
            continue
        if twin := measure.twin(score):
            yield words.same_items(label, twin)
            continue
        first = rows["wave"].iloc[0]
        items = measure.by("items", "score").get(score)
        yield _joined(
            words.consistency(rows[rows["wave"] == first], label),
            words.later_consistency(rows[rows["wave"] != first]),
            "" if items is None else words.item_rest(items[items["wave"] == first], label),
        )


def _invariance(measure: _Measure) -> Answer:
    if not measure.of("reflective"):
        yield from _not_modelled(measure)
    for model, ladders in measure.by("invariance", "model").items():
        for _, rungs in ladders.groupby("between", sort=False):
            yield words.invariance(rungs, measure.names.get(model, spoken(model)), measure.items)


def _reliability(measure: _Measure) -> Answer:
    for score, label in measure.everyone:
        rows = measure.by("reliability", "score").get(score)
        if rows is None:
            continue
        change = rows[rows["coefficient"] == "r_c"]
        of_change = words.change_reliability(change, label) if len(change) and not measure.twin(score) else ""
        yield _joined(words.agreement(rows, label), of_change)


def _error(measure: _Measure) -> Answer:
    for score, label in measure.everyone:
        rows = measure.by("reliability", "score").get(score)
        yield "" if rows is None else words.error(rows, label)


def _hypotheses(measure: _Measure) -> Answer:
    own = set(measure.scores["score"])
    for table, say in (("predictions", relations.prediction), ("discriminant", relations.discriminant)):
        rows = [row for row in measure.rows(table).to_dict("records") if {row["x"], row["y"]} & own]
        for row in rows:
            yield say(row, measure.names)
        if table == "predictions" and rows:
            yield _own_predictions([row["outcome"] for row in rows])
    signs = measure.rows("keying")
    signs = signs[(signs["check"] == "between scales") & signs["x"].isin(own)] if len(signs) else signs
    yield relations.expected_signs(signs) if len(signs) else ""


def _own_predictions(outcomes: Sequence[str]) -> str:
    """How many of the predictions about one instrument are met; the set as a whole is judged in the validation plan."""
    tested = [outcome for outcome in outcomes if outcome != NOT_TESTABLE]
    untested = f"; {len(outcomes) - len(tested)} could not be tested" if len(tested) < len(outcomes) else ""
    met = f"{tested.count(MET)} of {counted(len(tested), 'prediction')} about this instrument met"
    return sentence(f"{met}{untested}; the set as a whole is judged under the table of predictions")


def _responsiveness(measure: _Measure) -> Answer:
    changes = measure.by("erosion", "source")
    for score, label in measure.everyone:
        own = changes.get(score)
        if own is not None and (own["n"] > 0).any():
            yield _joined(NO_OUTSIDE, words.change(own[own["n"] > 0].iloc[0].to_dict(), label))


def _interpretability(measure: _Measure) -> Answer:
    for score, _ in measure.everyone:
        rows = measure.by("descriptives", "score").get(score)
        yield "" if rows is None else relations.distribution(rows.iloc[0].to_dict())


def _nothing(_: _Measure) -> Answer:
    return iter(())


# name -> heading, how it is answered, what is said when nothing was found, printed tables with the rest
QUESTIONS: Mapping[str, tuple[str, Callable[[_Measure], Any], str, tuple[str, ...]]] = {
    "content": (
        "Content validity: do the items cover what is to be measured?",
        _content,
        "Not a matter of these data: experts judge it, and the people who answer are asked how they understood the items. "
        "Nothing of that kind was given to this report.",
        (),
    ),
    "structure": (
        "Structural validity: do the items form the intended scales?",
        _structure,
        "No factor model could be fitted: no scale of this instrument has three items.",
        ("factor_models", "dimensionality", "exploratory_loadings", "item_response", "scalability"),
    ),
    "consistency": (
        "Internal consistency: do the items of a scale hang together?",
        _consistency,
        "No coefficient could be computed.",
        ("reliability", "item_analysis"),
    ),
    "invariance": (
        "Measurement invariance: does it measure the same in every wave and group?",
        _invariance,
        "Could not run: no scale with a factor model was asked in two waves, or of two groups with enough people.",
        ("invariance",),
    ),
    "reliability": (
        "Reliability: does it give the same again while nothing has changed?",
        _reliability,
        "Could not run: the study has no retest of it.",
        ("reliability_over_time",),
    ),
    "error": (
        "Measurement error: how exact is one person's score?",
        _error,
        "Could not run: the study has no retest of it.",
        ("reliability_over_time",),
    ),
    "criterion": (
        "Criterion validity: does it agree with an accepted standard?",
        _nothing,
        "Not assessed: the study has no measure that is accepted as the standard for it.",
        (),
    ),
    "hypotheses": (
        "Hypotheses testing for construct validity: does it go with other measures as expected?",
        _hypotheses,
        "Could not run: no correlation with another measure of this study was written down beforehand.",
        ("predictions", "discriminant", "keying"),
    ),
    "responsiveness": (
        "Responsiveness: does it follow change?",
        _responsiveness,
        "Not assessed: that needs an outside measure of change, and the study declares none.",
        ("erosion",),
    ),
    "interpretability": (
        "Interpretability: how are its scores spread?",
        _interpretability,
        "No distribution is shown: its scores are not scores of people in a wave.",
        ("descriptives",),
    ),
}
