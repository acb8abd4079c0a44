"""All waves together: answers, scores, the ledger, and the scores as files for other programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import SimpleNamespace

import numpy as np
import pandas as pd

from rejsens import plausibility
from rejsens.definitions import Instrument, Score, models_of
from rejsens.parquet import columns_of
from rejsens.scoring import filled
from rejsens.sidecars import Wave
from rejsens.spreadsheet import write_csv
from rejsens.study import Study
from rejsens.tabular import COLUMNS, read_table, write_table, write_table_in_parts
from rejsens.validate import STORED
from rejsens.variables import NOT_APPLICABLE, columns_of_items

CREATED = 92  # where an SPSS file's header keeps the day (9 characters) and the time (8) it was written


def pool_answers(
    answers: Mapping[str, pd.DataFrame], numbers: Mapping[str, int], roles: Mapping[str, str]
) -> pd.DataFrame:
    """Answers of all waves, one row per person and wave; an item that a wave did not ask is missing there.

    `<item>__na` (bool) says where an item that allows it was structurally not applicable.
    """
    pooled = pd.concat(
        [_of_wave(frame, wave, numbers[wave], roles[wave]) for wave, frame in answers.items()], ignore_index=True
    )
    return _with_flags(pooled)


def write_answers(checked: Mapping[str, str], numbers: Mapping[str, int], roles: Mapping[str, str], path: str) -> None:
    """The same table into a file, one wave after the other: fifty waves need the memory of one.

    checked   wave -> file of its checked answers
    """
    asked = dict.fromkeys(column for file in checked.values() for column in columns_of(file) if _pooled(column))
    order = [*COLUMNS["answers"], *(column for column in asked if column not in COLUMNS["answers"])]

    def waves() -> Iterator[pd.DataFrame]:
        for wave, file in checked.items():
            frame = _of_wave(read_table(file, "checked_answers"), wave, numbers[wave], roles[wave])
            if len(frame):
                yield _with_flags(frame.reindex(columns=order))

    write_table_in_parts(waves(), path, "answers")


def _of_wave(frame: pd.DataFrame, wave: str, number: int, role: str) -> pd.DataFrame:
    """One wave's answers under the columns that say whose they are."""
    person = pd.DataFrame({"participant": frame["participant"], "wave": wave, "wave_number": number, "role": role})
    return pd.concat([person, frame[[column for column in frame if _pooled(column)]]], axis=1)


def _pooled(column: str) -> bool:
    return column not in ("participant", "row") and not column.endswith(STORED)


def _with_flags(answers: pd.DataFrame) -> pd.DataFrame:
    flags = [column for column in answers if column.endswith(NOT_APPLICABLE)]
    return answers.assign(**{flag: answers[flag].eq(True).astype(bool) for flag in flags}) if flags else answers


def pool_scores(scores: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Scores, or events, of all waves; counts of a score that a wave did not ask are 0, its flags false."""
    return filled(pd.concat(scores, ignore_index=True))


def notices(
    of_exports: pd.DataFrame, answers: pd.DataFrame, scores: pd.DataFrame, study: Study, columns: pd.DataFrame
) -> pd.DataFrame:
    """What is worth a look: seen in each export, and in the answers and scores of all waves together.

    columns   the table "columns" of all waves
    returns   the table "notices"; nobody is named in it
    """
    facts = {
        wave.name: {
            "instruments": study.asked[wave.name],
            "collected": wave.collected,
            "columns": columns_of_items(columns[columns["wave"] == wave.name], wave),
        }
        for wave in study.waves
    }
    found = pd.concat([of_exports, plausibility.notices(answers, scores, facts)], ignore_index=True)
    order = {name: place for place, name in enumerate(facts)}
    return found.sort_values("wave", key=lambda names: names.map(order), kind="stable", ignore_index=True)


def wave_list(waves: Sequence[Wave], numbers: Mapping[str, int], flow: pd.DataFrame) -> pd.DataFrame:
    """One row per wave: where it came from and how many rows it brought and kept."""
    counts = flow.groupby("wave", sort=False)["n_remaining"].agg(["first", "last"])
    return pd.DataFrame(
        {
            "wave": w.name,
            "wave_number": numbers[w.name],
            "title": w.title,
            "role": w.role or "wave",
            "platform": w.platform,
            "collected_from": w.collected["from"],
            "collected_to": w.collected["to"],
            "n_raw": int(counts.loc[w.name, "first"]),
            "n_kept": int(counts.loc[w.name, "last"]),
            "sha256": w.sha256,
            "simulated": bool(w.simulated),
        }
        for w in waves
    )


def dictionary(instruments: Sequence[Instrument]) -> pd.DataFrame:
    """One row per score: what it is, its range and direction, its key and its licence notice."""
    return pd.DataFrame([_entry(instrument, score) for instrument in instruments for score in instrument.scores])


def _entry(instrument: Instrument, score: Score) -> dict[str, object]:
    status = "user_supplied" if instrument.user_supplied else instrument.key.get("status", "")
    notice = instrument.licence.get("notice") or (
        "" if not instrument.licence.get("permission_required") else "Permission required."
    )
    return {
        "score": score.id,
        "label": score.label,
        "instrument": instrument.name,
        "event": instrument.event or "",
        "title": instrument.title,
        "model": score.model,
        "method": score.method,
        "n_items": len(score.pairs or instrument.items_of(score)),
        "range_low": score.low,
        "range_high": score.high,
        "higher_means": score.higher_means,
        "status_line": instrument.status_line or "",
        "key_status": status,
        "measures": " ".join(score.measures),
        "license_notice": notice,
        "modelled_by": " ".join(models_of(instrument, score)),
    }


def write_scores(scores: pd.DataFrame, study: Study, output: SimpleNamespace) -> None:
    """The pooled scores for the pipeline (Parquet) and for people (CSV, SPSS), with the dictionaries that explain them."""
    labels = {s.id: s.label for s in study.scores.values()} | {i.id: i.label for i in study.background.values()}
    variables = column_dictionary(scores, labels)
    write_table(scores, output.scores, "scores")
    write_table(dictionary(list(study.instruments.values())), output.dictionary, "dictionary")
    write_csv(scores, output.scores_csv)
    write_csv(variables, output.scores_dictionary)
    write_sav(scores, output.scores_sav, variables.set_index("variable")["label"].to_dict(), value_labels(study))


def column_dictionary(scores: pd.DataFrame, labels: Mapping[str, str]) -> pd.DataFrame:
    """variable, label, type, n_missing: one row per column of the scores file."""
    parts = {
        "": "", "n_answered": ": items answered", "prorated": ": computed although items are missing",
        "does_not_apply": ": missing since nothing of it applies",
    }  # fmt: skip
    split = {column: column.partition("__") for column in scores.columns}
    return pd.DataFrame(
        {
            "variable": list(scores.columns),
            "label": [labels.get(name, name) + parts.get(part, part) for name, _, part in split.values()],
            "type": [str(scores[c].dtype) for c in scores],
            "n_missing": [int(scores[c].isna().sum()) for c in scores],
        }
    )


def value_labels(study: Study) -> dict[str, dict[float, str]]:
    return {item.id: dict(item.labels) for item in study.background.values() if item.labels}


def write_sav(
    frame: pd.DataFrame, path: str, labels: Mapping[str, str], values: Mapping[str, dict[float, str]]
) -> None:
    """SPSS file with variable labels; names longer than SPSS allows (64 bytes) are refused by the writer, not cut."""
    import pyreadstat

    ready = frame.assign(**{c: frame[c].astype("int64") for c in frame.select_dtypes("bool")})
    pyreadstat.write_sav(
        ready, path, column_labels=[labels[c] for c in ready.columns], variable_value_labels=dict(values)
    )
    stamp_sav(path)


def stamp_sav(path: str) -> None:
    """An SPSS header carries the clock; a fixed date and time keep equal data equal in bytes."""
    with open(path, "r+b") as handle:
        handle.seek(CREATED)
        handle.write(b"01 Jan 0000:00:00")


def change_scores(scores: pd.DataFrame, instruments: Sequence[Instrument]) -> pd.DataFrame:
    """Change of each score that declares `change:`, for each pair of panel waves: participant, score, source, from_wave, to_wave, change."""
    panel = scores[scores["role"] == "wave"].sort_values("wave_number")
    waves = panel["wave"].drop_duplicates().tolist()
    frames = []
    for declared in (s for i in instruments for s in i.scores if s.change and s.id in panel):
        wide = panel.pivot(index="participant", columns="wave", values=declared.id)
        for i, first in enumerate(waves):
            for later in waves[i + 1 :]:
                change = (wide[later] - wide[first]).dropna()
                frames.append(
                    pd.DataFrame(
                        {
                            "participant": change.index,
                            "score": declared.change,
                            "source": declared.id,
                            "from_wave": first,
                            "to_wave": later,
                            "change": change.to_numpy(dtype=float),
                        }
                    )
                )
    empty = pd.DataFrame(
        {"participant": [], "score": [], "source": [], "from_wave": [], "to_wave": [], "change": np.array([], float)}
    )
    return pd.concat(frames, ignore_index=True) if frames else empty
