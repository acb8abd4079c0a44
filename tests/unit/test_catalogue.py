"""`rejsens instruments`: what is listed, what is told of one instrument, and what is said of a name that is not there."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from rejsens import catalogue
from rejsens.definitions import load_instruments
from rejsens.problems import Refused
from rejsens.sidecars import REFUSED_INSTRUMENTS

SHIPPED = load_instruments()
NAMES = catalogue.construct_names()
MINE = """
id: mine
title: Mine
version: "1"
citation: "Invented for this test."
licence: {terms: "Free to use.", permission_required: false}
key: {status: verified, sources: []}
answers: {min: 1, max: 5}
items: [{id: mine_01, label: a}, {id: mine_02, label: b, reverse: true}]
"""


def told(name: str, heading: str) -> str:
    return "\n".join(dict(catalogue.paragraphs(SHIPPED[name], NAMES))[heading])


def test_every_instrument_is_explained_with_source_key_use_items_and_how_to_ask_it() -> None:
    for name, instrument in SHIPPED.items():
        paragraphs = dict(catalogue.paragraphs(instrument, NAMES))
        assert {"Source", "Key", "Use", "Items"} <= set(paragraphs), name
        assert len(paragraphs["Items"]) == len(instrument.items)
        assert sum(", reversed" in line for line in paragraphs["Items"]) == sum(i.reverse for i in instrument.items)
        assert all(
            any(line.startswith(f"{score.id}: ") for line in paragraphs["Scores"]) for score in instrument.scores
        )


@pytest.mark.parametrize(
    ("name", "heading", "wanted"),
    [
        ("rses", "Scores", "rses_sum: sum of 10 items, 10 to 40, at least 8 answered; higher means higher self-esteem"),
        ("a_rsq", "Scores", "a_rsq: mean of 9 products, 1 to 36"),
        ("a_rsq", "Scores", "n 685, M 8.61, SD 3.61"),
        ("ace_4", "Scores", "ace_4: the item itself, 0 to 1; higher means"),
        ("scs_26", "Scores", "scs_26: mean of scs_26_kindness"),
        ("rses", "To ask it in a wave, in the sidecar under instruments:", "- {id: rses, order: …, anchor_direction: …}"),
        ("phq9", "To ask it in a wave, in the sidecar under instruments:", "risk_protocol: a sentence"),
        ("mreii_events", "To ask it in a wave, in the sidecar under instruments:", "- {id: mreii_events, as: clear}"),
        ("bfne_ii", "Use", "Ask its authors before you collect data"),
        ("mreii_quality", "Items", "mreii_q01 instructed_disagree: whole numbers 1 to 5, the line itself says to choose 2"),
    ],
)  # fmt: skip
def test_what_is_told_of_an_instrument(name: str, heading: str, wanted: str) -> None:
    assert wanted in told(name, heading)


def test_use_tells_free_from_ask_and_off() -> None:
    assert [catalogue.use(SHIPPED[name]) for name in ("rses", "sses", "ctq_en")] == ["free", "ask", "off"]


def test_a_construct_is_found_by_id_by_family_of_ids_and_by_a_word() -> None:
    def found(word: str) -> set[str]:
        return {i.id for i in catalogue.measuring(SHIPPED.values(), NAMES, word)}

    assert {"mreii_impact", "brief_cope"} <= found("C10") and found("c10") == found("Self-blame")
    assert {"mreii_exposure", "mreii_matrix"} == found("C1a") and found("C1") >= found("C1a")
    assert "brs" not in found("C10")
    with pytest.raises(Refused, match="name none such") as refused:
        found("happiness")
    assert "rejsens instruments" in str(refused.value)


@pytest.mark.parametrize("name", REFUSED_INSTRUMENTS)
def test_an_instrument_left_out_on_purpose_is_told_with_the_reason(name: str) -> None:
    with pytest.raises(Refused, match="user-supplied and unverified") as refused:
        catalogue.find(SHIPPED, name)
    assert REFUSED_INSTRUMENTS[name] in str(refused.value)


def test_a_misspelt_name_is_told_with_the_nearest() -> None:
    with pytest.raises(Refused, match="“rses”"):
        catalogue.find(SHIPPED, "rsess")


def rejsens(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "rejsens.cli", *words], capture_output=True, text=True)


def test_the_command_lists_a_studys_own_instruments_and_calls_their_keys_user_supplied(tmp_path: Path) -> None:
    folder = tmp_path / "schemas" / "instruments"
    folder.mkdir(parents=True)
    (folder / "mine.yaml").write_text(MINE)
    run = rejsens("instruments", "--study", str(tmp_path), "--format", "json")
    rows = {row["id"]: row for row in json.loads(run.stdout)}
    assert run.returncode == 0 and set(rows) == {*SHIPPED, "mine"}
    assert rows["mine"]["key"] == "user-supplied" and rows["rses"]["key"] == "verified"
    text = rejsens("instruments", "--study", str(tmp_path)).stdout
    assert all(name in text for name in [*SHIPPED, "mine", *REFUSED_INSTRUMENTS])


def test_the_command_ends_with_2_and_one_sentence_for_a_name_that_is_not_there() -> None:
    run = rejsens("instruments", "cerq")
    assert run.returncode == 2 and run.stdout.startswith("Not shipped\n") and not run.stderr
