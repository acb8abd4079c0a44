"""What holds for every instrument that ships, whoever wrote it: a wrong key shows, and what must be stated is asked for."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy.stats import norm

from rejsens.administration import administer
from rejsens.assess_instrument import assess_instrument
from rejsens.declarations import read_yaml
from rejsens.definitions import instrument_facts, load_instruments
from rejsens.pool import dictionary
from rejsens.problems import Refused
from rejsens.psychometrics import assess, item_keying, item_statistics
from rejsens.scoring import keyed_name, score, units
from rejsens.simulate import read_parameters, simulate

SHIPPED = load_instruments()
SCORED = [name for name, instrument in SHIPPED.items() if instrument.scores]
PUBLISHED = [name for name in SCORED if SHIPPED[name].key["status"] in ("verified", "rule_only")]
PROTOCOL = "the study physician reads these answers every day and telephones"


def as_published(name, **settings):
    """The instrument as a wave asks it that states whatever is required: the first order, the published range."""
    defined = SHIPPED[name]
    stated = {
        "order": next(iter(defined.orders), None),
        "anchor_direction": "ascending",
        "range": [defined.items[0].low, defined.items[0].high],
        "risk_protocol": PROTOCOL,
        "permission": "licence of the publisher, 2026",
    }
    return administer(defined, **{name: stated[name] for name in defined.settings_required} | settings)


# --- one wrong key ----------------------------------------------------------------------------------------------------

FORMATIVE = "an index of what was done or happened: its items need not correlate, so none can run against the others"
ONE_ITEM = "a single item has no others to correlate with: only the expected signs of its score can show it"


def scale_of(instrument, item):
    """The smallest scale in which the keying check can judge an item, or why there is none.

    A rating of a product scale is judged in the mean of its kind: concern among concern, acceptance among acceptance.
    """
    of = [s for s in instrument.scores if item.id in s.items]
    scales = [s for s in of if s.model == "reflective" and s.method != "product_mean" and len(s.items) > 1]
    if scales:
        return min(scales, key=lambda s: len(s.items))
    return {"formative": FORMATIVE, "single_item": ONE_ITEM}[of[0].model]


def one_factor_answers(instrument, n=600, loading=0.7):
    """Answers that follow the definition: one factor behind each scale, equal shares of the codes, raw direction."""
    rng = np.random.default_rng(20261122)
    levels = {declared.id: rng.standard_normal(n) for declared in instrument.scores}
    columns = {}
    for item in instrument.items:
        scale = scale_of(instrument, item)
        if isinstance(scale, str):
            continue
        shared = scale_of(instrument, instrument.item(scale.items[0]))  # a sum and the sum without one item: one factor
        response = loading * levels[shared.id] + np.sqrt(1 - loading**2) * rng.standard_normal(n)
        steps = int(item.high - item.low) + 1
        codes = np.searchsorted(norm.ppf(np.arange(1, steps) / steps), response)
        columns[item.id] = item.high - codes if item.reverse else item.low + codes
    return pd.DataFrame(columns, index=range(n)).astype(float)


def accused(answers, instrument, scale):
    """Items that the keying check reports, the most negative first."""
    rows = item_keying(item_statistics(units(answers, instrument, scale)), scale.id)
    return rows.sort_values("r")["x"].tolist()


def unseen_wrong_keys(instrument, answers):
    """Items whose flipped key the keying check does not report alone; the right key must raise no alarm.

    Of two items either may be the wrong one; of three, the two right ones then correlate about zero.
    """
    unseen = []
    for item in (i for i in instrument.items if not isinstance(scale_or_none(instrument, i), str)):
        scale = scale_of(instrument, item)
        assert accused(answers, instrument, scale) == [], f"{scale.id}: the right key raises an alarm"
        flipped = replace(item, reverse=not item.reverse)
        wrong = replace(instrument, items=tuple(flipped if i.id == item.id else i for i in instrument.items))
        found = accused(answers, wrong, scale)
        fits = {2: len(found) == 2, 3: found[:1] == [keyed_name(flipped)]}.get(
            len(scale.items), found == [keyed_name(flipped)]
        )
        unseen += [] if fits else [(item.id, scale.id, found)]
    return unseen


def scale_or_none(instrument, item):
    return scale_of(instrument, item) if any(item.id in s.items for s in instrument.scores) else "no score uses it"


@pytest.mark.parametrize("name", SCORED)
def test_each_wrong_key_is_reported_or_it_is_said_why_answers_cannot_show_it(name):
    instrument = as_published(name)
    for item in instrument.items:
        if scale_or_none(instrument, item) in (FORMATIVE, ONE_ITEM):
            # What cannot be shown is told as such: no coefficient, no item rows, and the reason in the table.
            (declared, *_) = [s for s in instrument.scores if item.id in s.items]
            reliability, item_rows = assess(pd.DataFrame({i: [0.0, 1.0] for i in declared.items}), declared)
            assert item_rows.empty and "does not apply" in reliability["status"].item(), item.id
    assert unseen_wrong_keys(instrument, one_factor_answers(instrument)) == []


def test_each_wrong_key_shows_in_the_answers_of_the_simulated_study_too():
    """With its thresholds, loadings, gaps and correlated scales: all instruments of its first and of its last wave."""
    waves = simulate({**read_parameters(), "defects": {}}, 20260105).waves
    asked = {i.name: (i, wave) for wave in (waves[0], waves[5]) for i in wave.instruments if i.scores}
    assert {"mreii_impact", "mreii_impact_wide", "unclear_mreii_events", "mreii_healing", "a_rsq", "rses"} <= set(asked)
    answers = {wave.name: wave.cells.replace({9: np.nan}) for wave in (waves[0], waves[5])}
    assert [fault for i, wave in asked.values() for fault in unseen_wrong_keys(i, answers[wave.name])] == []


def test_the_published_instruments_whose_items_no_answers_can_judge_are_these():
    reasons = {}
    for name in PUBLISHED:
        instrument = as_published(name)
        used = [i for i in instrument.items if any(i.id in s.items for s in instrument.scores)]
        told = {s if isinstance(s := scale_of(instrument, item), str) else "" for item in used}
        if told != {""}:
            (reasons[name],) = told
    assert reasons == {"ace_4": ONE_ITEM, "brief_cope": FORMATIVE}


def test_the_key_of_the_bfne_on_answers_to_the_bfne_ii_accuses_the_four_reworded_items():
    straight, keyed_as_bfne = as_published("bfne_ii"), as_published("bfne")
    answers = one_factor_answers(straight)
    misread = answers.set_axis([i.id for i in keyed_as_bfne.items], axis=1)
    assert set(accused(misread, keyed_as_bfne, keyed_as_bfne.scores[0])) == {
        "bfne_02_r", "bfne_04_r", "bfne_07_r", "bfne_10_r",
    }  # fmt: skip


def test_a_form_with_emotional_items_first_read_in_the_published_order_is_revealed():
    right, wrong = as_published("djg6", order="emotional_first"), as_published("djg6")
    answers = one_factor_answers(right)
    misread = answers[list(right.columns)].set_axis(list(wrong.columns), axis=1)
    assert {s.id for s in wrong.scores if accused(misread, wrong, s)} >= {"djg6_emotional", "djg6_social"}
    assert all(accused(answers[list(right.columns)], right, s) == [] for s in right.scores[:2])


# --- what a wave must state -------------------------------------------------------------------------------------------


def test_item_9_of_the_phq_is_refused_without_a_risk_protocol_and_the_protocol_is_kept():
    for stated in ({}, {"risk_protocol": None}, {"risk_protocol": "  "}):
        with pytest.raises(Refused) as refused:
            administer(SHIPPED["phq9"], "wave 1", **stated)
        (problem,) = refused.value.problems
        assert "risk_protocol" in problem.found and "self-harm" in problem.fix and "without that item" in problem.fix
    # Leaving the item out does not help: that form is the PHQ-8.
    with pytest.raises(Refused):
        administer(SHIPPED["phq9"], items=[f"phq9_{n:02}" for n in range(1, 9)])
    assert instrument_facts(administer(SHIPPED["phq9"], risk_protocol=PROTOCOL))["risk_protocol"] == PROTOCOL
    assert instrument_facts(SHIPPED["phq8"])["risk_protocol"] is None


def test_no_other_instrument_asks_about_self_harm():
    asking = {name for name, i in SHIPPED.items() if any("harm" in item.label for item in i.items)}
    assert asking == {name for name, i in SHIPPED.items() if "risk_protocol" in i.settings_required} == {"phq9"}


def test_a_form_that_is_sold_is_off_until_the_wave_says_by_whose_permission():
    with pytest.raises(Refused, match=r"(?s)permission.*the rights in this form are sold.*free instrument"):
        administer(SHIPPED["ctq_en"])
    facts = instrument_facts(administer(SHIPPED["ctq_en"], permission="licence 12 of the publisher, 2026"))
    assert facts["permission"] == "licence 12 of the publisher, 2026" and facts["permission_required"]
    sold = {name for name, i in SHIPPED.items() if "permission" in i.settings_required}
    assert sold == {name for name, i in SHIPPED.items() if "ommercial" in i.licence["terms"]} == {"ctq_en"}


@pytest.mark.parametrize(("key", "text"), [("risk_protocol", "yes"), ("permission", "yes")])
def test_a_sidecar_states_a_sentence_and_not_a_word(tmp_path, key, text):
    sidecar = {
        "title": "One wave", "platform": "plain", "collected": {"from": "2026-01-05", "to": "2026-01-11"},
        "sha256": "0" * 64, "participant": {"column": "id"},
        "instruments": [{"id": "phq9", key: text}],
    }  # fmt: skip
    path = tmp_path / "w.yaml"
    path.write_text(yaml.safe_dump(sidecar))
    with pytest.raises(Refused, match=key):
        read_yaml(path, "wave")
    sidecar["instruments"][0][key] = PROTOCOL
    path.write_text(yaml.safe_dump(sidecar))
    assert read_yaml(path, "wave")["instruments"][0][key] == PROTOCOL


def test_five_answers_read_as_seven_would_change_the_score_without_a_sign_of_it():
    """All codes of the five are valid on seven, but a reversed item is turned as 8 - x; so the wave states its range."""
    five, seven = as_published("psych_safety", range=[1, 5]), as_published("psych_safety", range=[1, 7])
    answers = pd.DataFrame([dict(zip((i.id for i in five.items), [1.0, 4, 2, 3, 2, 4, 4], strict=True))])
    assert answers.max(axis=None) <= seven.items[0].high
    assert score(answers, [five])["psych_safety"].item() == 4
    assert score(answers, [seven])["psych_safety"].item() == pytest.approx(34 / 7)
    with pytest.raises(Refused, match=r"such as \[1, 5\]"):
        administer(SHIPPED["psych_safety"])
    # The published range, stated, is no change of range.
    assert not seven.range_changed and five.range_changed
    assert administer(SHIPPED["brs"], range=[1, 5]).scores[0].norms
    assert not administer(SHIPPED["brs"], range=[0, 4]).scores[0].norms


@pytest.mark.parametrize("name", ["djg6", "mreii_exposure"])
def test_codes_that_a_score_counts_are_not_shifted(name):
    low, high = SHIPPED[name].items[0].low, SHIPPED[name].items[0].high
    with pytest.raises(Refused, match=r"(?s)counts? certain codes.*labels:"):
        as_published(name, range=[low - 1, high - 1])
    assert not as_published(name, range=[low, high]).range_changed


# --- totals over subscales ------------------------------------------------------------------------------------------


def test_a_sum_of_scores_needs_each_of_them():
    sses = as_published("sses")
    complete = pd.DataFrame({i.id: [3.0, 3.0] for i in sses.items})
    complete.loc[1, ["sses_09", "sses_14"]] = np.nan  # five of the seven performance items are left
    scores = score(complete, [sses])
    assert scores["sses"].tolist()[0] == 60 and np.isnan(scores["sses"][1])
    assert scores["sses_social"].tolist() == [21, 21]


def test_a_total_over_subscales_has_the_reliability_of_all_its_items():
    scs = as_published("scs_26")
    answers = one_factor_answers(scs).assign(wave="one", wave_number=1, role="wave")
    reliability, items = assess_instrument(answers, {"one": scs}, 0.95)
    total = reliability[reliability["score"] == "scs_26"]
    assert {"alpha", "omega_u", "omega_h", "omega_t"} < set(total["coefficient"]) and set(total["k"]) == {26}
    rows = items[items["score"] == "scs_26"]
    assert len(rows) == 26 and rows["reverse"].sum() == 13
    assert dictionary([scs]).set_index("score").loc["scs_26", "n_items"] == 26


# --- permission and constructs --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [n for n in SHIPPED if SHIPPED[n].licence["permission_required"]])
def test_a_notice_of_permission_reaches_every_table_and_names_its_instrument(name):
    instrument = as_published(name)
    notice = instrument.licence["notice"]
    assert set(dictionary([instrument])["license_notice"]) == {notice}
    assert instrument_facts(instrument)["notice"] == notice
    assert notice.split(":")[0] in instrument.title


def test_published_scores_reach_these_constructs():
    reached = {}
    for name in PUBLISHED:
        for declared in SHIPPED[name].scores:
            for construct in declared.measures:
                reached.setdefault(construct, set()).add(declared.id)
    assert set(reached) == {
        "C6", "C10", "C11", "C15", "C16", "C17", "C18", "C24", "C28", "C29", "C30", "C38", "C39", "C40", "C41", "C46",
    }  # fmt: skip
    # Emotional loneliness is not social loneliness, reflection is not rumination, and one subscale is mindfulness.
    assert reached["C15"] >= {"djg6_emotional", "ucla20"} and not reached["C15"] & {"djg6", "djg6_social"}
    assert reached["C17"] == {"rrq_rumination", "rrs_brooding"}
    assert reached["C41"] == {"scs_26_mindfulness"}
    assert reached["C16"] == {"gad7_sum", "dass21_anxiety", "bfne", "bfne_ii"}


# --- real answers -----------------------------------------------------------------------------------------------------

OPEN_DATA = Path(__file__).parents[3] / "shared" / "data" / "rsq8-surrogates-1e" / "study1e.csv"


@pytest.mark.skipif(not OPEN_DATA.exists(), reason="the open data set is not at hand")
def test_open_bfne_data_give_the_mean_that_their_author_stored():
    """Sunami's dissertation, study 1e: items 2, 4, 7 and 10 are stored already reversed; r with the RSQ-8 is .35."""
    data = pd.read_csv(OPEN_DATA)
    bfne, rsq = as_published("bfne", already_reversed="all"), as_published("rsq_8", already_reversed="all")
    columns = {i.id: f"FNES{n}{'R' if i.reverse else ''}" for n, i in enumerate(bfne.items, 1)}
    columns |= {f"rsq_8_{n:02}_{role}": f"RS{n}{end}" for n in range(1, 9)
                for role, end in (("concern", "a"), ("acceptance", "bR"))}  # fmt: skip
    read = data[list(columns.values())].set_axis(list(columns), axis=1).astype(float)
    scores = score(read, [bfne, rsq])
    assert (scores["bfne"] / 12).to_numpy() == pytest.approx(data["FNES_mean"].to_numpy(), abs=1e-9, nan_ok=True)
    assert scores["bfne"].corr(scores["rsq_8"]) == pytest.approx(0.35, abs=0.005)
    # Reversed a second time, the four items run against the other eight.
    assert accused(read, bfne, bfne.scores[0]) == []
    again = as_published("bfne")
    assert {name.removesuffix("_r") for name in accused(read, again, again.scores[0])} == {
        i.id for i in again.items if i.reverse
    }
