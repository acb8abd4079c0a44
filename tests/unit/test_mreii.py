"""The writing principles of the project's own inventory (MREII), word by word, and its page against its files."""

import itertools
import math
import re
from pathlib import Path

import pytest

from rejsens.declarations import read_yaml
from rejsens.definitions import instrument_from, load_instruments
from rejsens.questionnaire.readability import reading, syllables

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs" / "mreii"
PAGE = "\n".join((DOCS / name).read_text(encoding="utf-8") for name in ("README.md", "blueprint.md"))
STATUS_LINE = "MREII is a new, unvalidated research inventory. No norms, no cut-offs, not diagnostic."
MODULES = ("mreii_exposure", "mreii_impact", "mreii_climate", "mreii_impact_wide", "mreii_contact", "mreii_sources",
           "mreii_matrix", "mreii_events", "mreii_coping", "mreii_giving", "mreii_healing", "mreii_perceived_change",
           "mreii_quality")  # fmt: skip
FILES = {name: read_yaml(ROOT / "schemas" / "instruments" / f"{name}.yaml", "instrument") for name in MODULES}
BACKGROUND = read_yaml(ROOT / "schemas" / "instruments" / "background.yaml", "instrument")
ORDER = read_yaml(ROOT / "schemas" / "instruments" / "mreii_event_order.yaml", "instrument")
CLAIMS = read_yaml(ROOT / "config" / "claims.yaml", "claims")["claims"]
SCORED_FILES = MODULES[:-1]

EVERY = {item["id"]: item for name in SCORED_FILES for item in FILES[name]["items"]}
MATRIX = {item["id"]: item for item in FILES["mreii_matrix"]["items"]}  # E once more, in rows
SCORED = {i: item for i, item in EVERY.items() if i not in MATRIX}
REVERSED = {i: item for i, item in SCORED.items() if item["reverse"]}
SCORES = {score["id"]: score for name in MODULES for score in FILES[name]["scores"]}
ALL_WORDING = [item["wording"] for name in MODULES for item in FILES[name]["items"] if item["id"] not in MATRIX]
# whatever a person reads before the items: stems, questions with rows, how an event is asked for
LEADS = {f"{name} {n}": text for name in MODULES for n, text in enumerate(
    [FILES[name]["stem"], *FILES[name].get("questions", {}).values(), *FILES[name].get("events", {}).values()])}  # fmt: skip
ANSWER_TEXTS = {label for name in MODULES for answers in
                [FILES[name]["answers"], *(i["answers"] for i in FILES[name]["items"] if "answers" in i)]
                for label in answers["labels"].values()}  # fmt: skip
EXAMPLES = [(name, number) for name in MODULES for number in range(len(FILES[name]["examples"]))]


def scale_of(item_id):
    """mreii_hv01 belongs to mreii_hv, mreii_src_partner to mreii_src, mreii_g_clear to mreii_g."""
    return re.match(r"mreii_[a-z]+", item_id).group(0)


EXPOSURE = {i: item for i, item in SCORED.items() if scale_of(i) in ("mreii_e", "mreii_o", "mreii_s", "mreii_src")}
DEEDS = {i: item for i, item in SCORED.items() if scale_of(i) in ("mreii_c", "mreii_g")}  # what a person did
STATES = {i: item for i, item in SCORED.items() if i not in {**EXPOSURE, **DEEDS}}

# Positions reversed, by scale: the items that state the opposite of the scale's name.
KEY = {
    "mreii_e": (12, ()), "mreii_o": (4, ()), "mreii_hv": (6, (3, 6)), "mreii_sb": (6, (2, 5)), "mreii_sw": (6, (2, 4)),
    "mreii_st": (5, (2, 4)), "mreii_in": (5, (2, 5)), "mreii_w": (5, (1, 4)), "mreii_to": (5, (1, 4)),
    "mreii_oa": (5, (3, 5)), "mreii_ss": (5, (2, 4)), "mreii_vs": (4, (4,)), "mreii_id": (4, (3,)), "mreii_ex": (4, (4,)),
    "mreii_en": (3, ()), "mreii_s": (6, ()), "mreii_n": (1, ()), "mreii_a": (13, (4, 9)), "mreii_c": (25, ()),
    "mreii_r": (10, ()), "mreii_h": (5, (1,)), "mreii_p": (3, ()),
}  # fmt: skip
CONSTRUCT_OF_SCALE = {"mreii_hv": "C9", "mreii_sb": "C10", "mreii_sw": "C11", "mreii_st": "C12", "mreii_in": "C14",
                      "mreii_w": "C28", "mreii_o": "C7", "mreii_to": "C13", "mreii_oa": "C17", "mreii_ss": "C18",
                      "mreii_vs": "C20", "mreii_id": "C21", "mreii_ex": "C22", "mreii_en": "C23", "mreii_n": "C2b",
                      "mreii_src": "C3", "mreii_r": "C32", "mreii_h": "C47"}  # fmt: skip
IMPACT = ("mreii_hv", "mreii_sb", "mreii_sw", "mreii_st", "mreii_in", "mreii_to", "mreii_oa", "mreii_ss", "mreii_vs",
          "mreii_id", "mreii_ex", "mreii_en")  # fmt: skip
SOURCES = ("partner", "friend", "work", "dating", "family")

NEGATION = re.compile(
    r"\b(no|not|non|never|nobody|none|nothing|nowhere|neither|nor|without|cannot|hardly|barely|scarcely|seldom|rarely|"
    r"lack\w*|fail\w*|un(?!der\b|til\b|it\b)\w+|\w+n['’]t|\w{2,}less)\b",
    re.IGNORECASE,
)
CAUSE = re.compile(
    r"\b(because|since|after|due to|as a result|therefore|thus|hence|when(ever)? (they|he|she|someone|people|others)|"
    r"so that|thanks to|owing to|makes? me|made me|leads? to|causes?)\b",
    re.IGNORECASE,
)
JARGON = re.compile(
    r"micro|reject|gasl|trigger|attach|ghost(ed|ing)|breadcrumb|vulnerab|validat|boundar|trauma|hypervig|vigilan|"
    r"self-|emotion|dismiss|toxic|abandon|neglect|invalid",
    re.IGNORECASE,
)
GENDERED = re.compile(
    r"\b(he|she|him|her|hers|his|himself|herself|man|men|woman|women|boy|girl|wom[ae]n|boyfriend|girlfriend|husband|"
    r"wife|mother|father|mum|mom|dad|brother|sister|guy|guys|lady)\b",
    re.IGNORECASE,
)
AMERICAN = re.compile(
    r"behavior|favor|color|honor|center|fulfill\b|judgment|gray|\b\w+(yz|li|gni|logi|ni|thi)z(e|ed|es|ing)\b|letdown|mom\b",
    re.IGNORECASE,
)
TIME = re.compile(r"\b(weeks?|months?|years?|lately|recent(ly)?|nowadays|these days|today|past)\b", re.IGNORECASE)
FEELING = re.compile(r"\b(feel|feels|felt|hurt|hurts|sad|upset|lonely|afraid|angry|anxious|ashamed)\b", re.IGNORECASE)

HAND_COUNTED = {
    "sent": 1, "someone": 2, "personal": 3, "message": 2, "answer": 2, "answered": 2, "everyday": 3, "told": 1,
    "people's": 2, "suited": 2, "joke": 1, "something": 2, "serious": 3, "feelings": 2, "changed": 1, "subject": 2,
    "nobody": 3, "idea": 3, "responded": 3, "voice": 1, "little": 2, "interest": 2, "distant": 2, "reason": 2,
    "openly": 3, "disliked": 2, "longer": 2, "wanted": 2, "search": 1, "studies": 2, "relaxed": 2, "replies": 2,
    "coldness": 2, "watchful": 2, "distance": 2, "silence": 2, "mistake": 2, "sorry": 2, "share": 1, "blame": 1,
    "worthy": 2, "rely": 2, "value": 2, "person": 2, "seriously": 4, "unseen": 2, "noticed": 2, "anyone": 3,
    "place": 1, "adult": 2, "comfort": 2, "question": 2, "disagree": 3, "people": 2, "friends": 1, "family": 3,
    "treated": 2, "happened": 2, "sentence": 2, "honest": 2, "happen": 2, "quarrel": 2, "energy": 3, "overwhelmed": 3,
    "myself": 2, "someone's": 2, "guilty": 2, "moment": 2, "kindness": 2, "whatever": 3, "enjoy": 2, "partner": 2,
    "quickly": 2, "partly": 2, "wrote": 1, "received": 2, "praised": 1, "drained": 1,
}  # fmt: skip


def words(text):
    return re.findall(r"[A-Za-z]+(?:['’-][A-Za-z]+)*|\d+", text)


def grade(text):
    """Flesch-Kincaid grade, as docs/mreii/readability.md prints it."""
    return reading(text).grade


def cases(items):
    return pytest.mark.parametrize("item", items.values(), ids=items)


# --- the instruments of the checks themselves ---


@pytest.mark.parametrize(
    "sentence",
    ["I did not worry", "I don't worry", "I never check", "I feel unhurt", "I chat without fear", "I feel worthless"],
)
def test_negations_are_found(sentence):
    assert NEGATION.search(sentence)


@pytest.mark.parametrize("sentence", ["I feel calm under the sky", "until then I know", "I am less than I should be"])
def test_plain_words_are_no_negations(sentence):
    assert not NEGATION.search(sentence)


@pytest.mark.parametrize(
    "sentence",
    ["I worry because they left", "I feel small since then", "I brood after a chat", "It makes me sad",
     "I doubt myself when they are silent", "As a result I hide"],
)  # fmt: skip
def test_causes_are_found(sentence):
    assert CAUSE.search(sentence)


@pytest.mark.parametrize(("word", "count"), HAND_COUNTED.items())
def test_syllables_agree_with_counts_made_by_hand(word, count):
    assert syllables(word) == count


def test_readability_worked_by_hand():
    # 6 words with 1 + 2 + 1 + 1 + 1 + 2 syllables; two sentences of 7 words with 8 syllables
    assert grade("The happy cat sat on tables.") == pytest.approx(0.39 * 6 + 11.8 * 8 / 6 - 15.59)
    assert grade("The cat sat. It is so happy.") == pytest.approx(0.39 * 7 / 2 + 11.8 * 8 / 7 - 15.59)
    assert grade("Interpersonal invalidation precipitates considerable insecurity.") > 20


# --- wording ---


@cases(REVERSED)
def test_reversed_items_are_polar_opposites_and_hold_no_negation(item):
    assert not NEGATION.search(item["wording"])


@cases(SCORED)
def test_items_name_no_cause(item):
    assert not CAUSE.search(item["wording"])


@cases(SCORED)
def test_items_hold_no_jargon_and_no_gender(item):
    assert not JARGON.search(item["wording"])
    assert not GENDERED.search(item["wording"])


@pytest.mark.parametrize("text", [*LEADS.values(), *sorted(ANSWER_TEXTS)])
def test_stems_questions_and_answers_hold_no_jargon_and_no_gender(text):
    assert not JARGON.search(text)
    assert not GENDERED.search(text)


@pytest.mark.parametrize("name", MODULES)
def test_spelling_is_british_or_neutral(name):
    content = FILES[name]
    texts = [
        content["title"],
        content["stem"],
        *content.get("questions", {}).values(),
        *content.get("events", {}).values(),
    ]
    texts += [item["wording"] for item in content["items"]] + [item["label"] for item in content["items"]]
    texts += [score["label"] + " " + score["higher_means"] for score in content["scores"]] + sorted(ANSWER_TEXTS)
    assert [text for text in texts if AMERICAN.search(text)] == []


@cases(SCORED)
def test_items_are_one_short_sentence(item):
    """A statement; the two questions have answers of their own."""
    wording = item["wording"]
    assert len(words(wording)) <= 16
    question = item["id"] in ("mreii_n01", "mreii_g_clear")
    assert re.fullmatch(r"[A-Z][^.?!;:]*\?" if question else r"[A-Z][^.?!;:]*\.", wording)
    assert not question or "answers" in item


@cases(SCORED)
def test_items_read_at_grade_six_or_lower(item):
    assert grade(item["wording"]) <= 6


@pytest.mark.parametrize("text", LEADS.values(), ids=LEADS)
def test_stems_and_questions_read_at_grade_six_or_lower(text):
    assert grade(text) <= 6


@cases(SCORED)
def test_the_recall_window_is_not_repeated_in_the_items(item):
    assert not TIME.search(item["wording"])


@pytest.mark.parametrize(
    ("name", "window"),
    [
        ("mreii_exposure", "past four weeks"),
        ("mreii_impact", "past four weeks"),
        ("mreii_climate", "before you were 18"),
        ("mreii_impact_wide", "past four weeks"),
        ("mreii_contact", "past four weeks"),
        ("mreii_sources", "past four weeks"),
        ("mreii_matrix", "past four weeks"),
        ("mreii_coping", "past four weeks"),
        ("mreii_giving", "past four weeks"),
        ("mreii_healing", "four weeks ago"),
        ("mreii_perceived_change", "a year ago"),
    ],
)
def test_the_stem_says_the_recall_window_once(name, window):
    assert FILES[name]["stem"].count(window) == 1


def test_both_kinds_of_event_are_asked_for_within_the_same_window():
    events = FILES["mreii_events"]["events"]
    assert list(events) == ["unclear", "clear"]
    assert [prompt.count("past four weeks") for prompt in events.values()] == [1, 1]
    # one says it, one does not
    assert events["clear"].endswith("and say so?") and events["unclear"].endswith("and not say so?")


@cases(EXPOSURE)
def test_exposure_items_say_what_happened_and_not_how_it_felt(item):
    assert not FEELING.search(item["wording"])


@cases({i: item for i, item in SCORED.items() if i not in EXPOSURE and not re.match(r"mreii_g\d", i)})
def test_items_other_than_what_happened_hold_one_idea(item):
    """An event has its parts (a message, and no answer); a state, a deed, a reason and a rating have none."""
    assert not re.search(r"\b(and|or|but|and/or)\b", item["wording"])


# Nouns that "or" may join in what happened: they are one thing.
ONE_THING = ("a word or two", "face or voice", "work or school", "a date or someone")


def holds_two_events(wording):
    """One "and" or "but" may join what led to it and what happened; "or" joins no two things that happened."""
    for phrase in ONE_THING:
        wording = wording.replace(phrase, "")
    return len(re.findall(r"\b(and|but)\b", wording)) > 1 or bool(re.search(r"\bor\b|/", wording))


@cases({i: item for i, item in SCORED.items() if i in EXPOSURE or re.match(r"mreii_g\d", i)})
def test_what_happened_joins_at_most_two_parts(item):
    assert not holds_two_events(item["wording"])


@pytest.mark.parametrize(
    "sentence", ["I waited or left.", "I sang, and they left, and I cried.", "They hid and/or left."]
)
def test_two_events_in_one_item_are_found(sentence):
    assert holds_two_events(sentence)


@cases({i: item for i, item in SCORED.items() if scale_of(i) == "mreii_h"})
def test_items_of_healing_compare(item):
    assert re.search(r"\b(more|easier)\b", item["wording"])


@cases({i: item for i, item in SCORED.items() if scale_of(i) == "mreii_c"})
def test_strategies_are_things_done(item):
    assert re.match(r"I ([a-z]+ed|told|wrote|spent|did|saw|brought|was|gave|took|kept) ", item["wording"])


def test_no_two_items_of_a_scale_say_the_same_thing():
    for a, b in itertools.combinations(SCORED.values(), 2):
        if b["id"] == a["id"].replace("mreii_e", "mreii_g"):
            continue  # the giving side says the same things from the other side
        first, second = ({w.lower() for w in words(item["wording"])} for item in (a, b))
        same_scale = scale_of(a["id"]) == scale_of(b["id"])
        assert len(first & second) / len(first | second) <= (0.5 if same_scale else 0.75), (a["id"], b["id"])


def test_wordings_and_labels_are_unique():
    labels = [item["label"] for name in MODULES for item in FILES[name]["items"]]
    assert len(set(ALL_WORDING)) == len(ALL_WORDING)
    assert len(set(labels)) == len(labels)


# --- content ---


@cases(SCORED)
def test_every_item_measures_exactly_one_construct(item):
    assert len(item["measures"]) == 1
    scale = scale_of(item["id"])
    if scale in CONSTRUCT_OF_SCALE:
        assert item["measures"] == [CONSTRUCT_OF_SCALE[scale]]


@cases(EVERY)
def test_every_item_bears_on_a_score_of_its_construct(item):
    scores = [score for score in SCORES.values() if item["id"] in score.get("items", ()) or score.get("items") == "all"]
    own = [s for s in scores if item["id"] in [i["id"] for i in FILES[file_of(s["id"])]["items"]]]
    assert any(item["measures"][0] in score["measures"] for score in own)


def file_of(score_id):
    return next(name for name in MODULES if score_id in [score["id"] for score in FILES[name]["scores"]])


def test_every_testable_construct_is_reached_by_a_score_that_ships():
    reached = {c for instrument in load_instruments().values() for score in instrument.scores for c in score.measures}
    assert reached == {claim["id"] for claim in CLAIMS if claim.get("testable", True)}
    assert [claim["id"] for claim in CLAIMS if not claim.get("testable", True)] == ["C27"]


def test_the_inner_story_is_spread_over_three_scales():
    assert [s for s, score in SCORES.items() if "C19" in score["measures"]] == ["mreii_sw", "mreii_in", "mreii_to"]


@pytest.mark.parametrize("name", SCORED_FILES)
def test_a_file_measures_what_its_items_and_scores_measure(name):
    content = FILES[name]
    by_items = {c for item in content["items"] for c in item["measures"]}
    by_scores = {c for score in content["scores"] for c in score["measures"]}
    # C8, the dose, is what count and weighted sum add; C2c is counted by the item of C1f; C43, the pattern, and C3 (of the
    # matrix) are what sources add; C19 is spread; C2b counts signs, C33 contrasts two kinds of event, C26 is a course over waves.
    assert set(content["measures"]) == by_items | by_scores
    assert by_scores - by_items <= {"C8", "C2b", "C2c", "C19", "C26", "C33", "C43"} | (
        {"C3"} if name == "mreii_matrix" else set()
    )
    assert by_items <= by_scores


@pytest.mark.parametrize("scale", KEY)
def test_the_key_is_the_declared_one(scale):
    n_items, positions = KEY[scale]
    items = [item for i, item in SCORED.items() if scale_of(i) == scale]
    assert [item["id"] for item in items] == [f"{scale}{n:02d}" for n in range(1, n_items + 1)]
    assert tuple(n for n, item in enumerate(items, 1) if item["reverse"]) == positions
    if scale in (*IMPACT, "mreii_w") and n_items > 4:
        assert len(positions) / n_items == pytest.approx(1 / 3, abs=0.07)
    if scale in IMPACT and n_items == 4:
        assert len(positions) == 1


def test_scales_without_a_key_of_their_own_reverse_nothing():
    keyed = {scale_of(i) for i in SCORED} - set(KEY)
    assert keyed == {"mreii_src", "mreii_g"}
    assert not [i for i, item in EVERY.items() if item["reverse"] and scale_of(i) in (*keyed, "mreii_e")]


def test_the_giving_side_mirrors_the_exposure_items_of_the_same_numbers():
    mirrored = [i.replace("mreii_g", "mreii_e") for i in SCORED if re.match(r"mreii_g\d", i)]
    assert mirrored == [f"mreii_e{n:02}" for n in (1, 3, 4, 5, 6, 8, 9, 12)]
    for e in mirrored:
        received, given = ({w.lower() for w in words(SCORED[i]["wording"])} for i in (e, e.replace("_e", "_g")))
        assert len(received & given) / len(received | given) > 0.4, e


def test_the_matrix_asks_the_words_of_the_exposure_items_for_each_source():
    questions = FILES["mreii_matrix"]["questions"]
    exposure = {i.removeprefix("mreii_"): item for i, item in SCORED.items() if scale_of(i) == "mreii_e"}
    assert questions == {i: item["wording"] for i, item in exposure.items()}
    assert list(MATRIX) == [f"mreii_{e}_{source}" for e in exposure for source in SOURCES]
    rows = {}
    for i, item in MATRIX.items():
        _, e, source = i.split("_")
        assert (item["row_of"], item["measures"]) == (e, exposure[e]["measures"])
        assert item["label"] == f"{exposure[e]['label']}_{source}"
        rows.setdefault(source, set()).add(item["wording"])
        # who has no such person says so once
        first = f"mreii_e01_{source}"
        assert item.get("asked_if") == (None if i == first else {"any_of": [first], "at_least": 0})
    assert all(len(texts) == 1 for texts in rows.values()) and len(set.union(*rows.values())) == 5
    assert all(grade(text) <= 6 and not JARGON.search(text) and not GENDERED.search(text) for (text,) in rows.values())


def test_long_and_short_form_ask_for_the_same_five_sources():
    short = {i.rsplit("_", 1)[1]: item for i, item in SCORED.items() if scale_of(i) == "mreii_src"}
    assert tuple(short) == SOURCES
    for form, prefix in (("mreii_sources", "mreii_from_"), ("mreii_matrix", "mreii_matrix_")):
        *of_source, concentration = FILES[form]["scores"]
        assert [score["id"] for score in of_source] == [prefix + source for source in SOURCES]
        assert concentration["method"] == "max_share" and concentration["range"] == [0.2, 1]
        assert FILES[form]["answers"]["labels"][9] == "I had no such person"
    matrix = {score["id"]: score for score in FILES["mreii_matrix"]["scores"]}
    for source in SOURCES:
        assert matrix[f"mreii_matrix_{source}"]["items"] == [f"mreii_e{n:02}_{source}" for n in range(1, 13)]


def test_reasons_are_asked_of_those_who_did_one_of_the_eight_things():
    giving = FILES["mreii_giving"]
    did = [item["id"] for item in giving["items"] if re.match(r"mreii_g\d", item["id"])]
    reasons = [item for item in giving["items"] if scale_of(item["id"]) == "mreii_r"]
    assert len(did) == 8 and len(reasons) == 10
    assert all(item["asked_if"] == {"any_of": did, "at_least": 1} and item["row_of"] == "reasons" for item in reasons)
    indices = {s["id"]: {SCORED[i]["label"] for i in s["items"]} for s in giving["scores"]}
    assert indices["mreii_g_avoidance"] == {
        "avoid_conflict",
        "avoid_guilt",
        "overwhelmed",
        "no_words_for_it",
        "afraid_of_closeness",
    }
    assert indices["mreii_g_instrumental"] == {"keep_options_open", "punish_or_control"}
    assert indices["mreii_g_punish"] == {"punish_or_control"}  # compared with the reasons of avoidance


def test_the_ratings_of_an_event_are_asked_of_those_who_can_think_of_one():
    first, *others = FILES["mreii_events"]["items"]
    assert first["answers"]["labels"][9] == "I can think of no such event" and "asked_if" not in first
    assert len(others) == 12
    assert all(item["asked_if"] == {"any_of": ["mreii_a01"], "at_least": 1} for item in others)
    # the kinds are those that the platform draws between
    assert list(FILES["mreii_events"]["events"]) == list(ORDER["answers"]["labels"].values())
    (drawn,) = ORDER["items"]
    assert drawn["id"] == "event_first" and "wording" not in drawn and ORDER["scores"] == []


def test_healing_is_asked_from_the_second_wave_on_and_nothing_else_is():
    assert {name: FILES[name].get("from_wave", 1) for name in MODULES if FILES[name].get("from_wave")} == {
        "mreii_healing": 2
    }


def test_scales_named_positively_reverse_what_states_low_worth_doubt_or_distrust():
    low_worth = re.compile(r"\b(small|less than|doubt|too strong|let me down)\b")
    for scale in ("mreii_sw", "mreii_st", "mreii_to"):
        for item in (item for i, item in SCORED.items() if scale_of(i) == scale):
            assert bool(low_worth.search(item["wording"])) == item["reverse"], item["id"]


# --- the files as definitions ---


@pytest.mark.parametrize("name", MODULES)
def test_a_file_carries_status_line_key_and_all_its_anchors(name):
    content = FILES[name]
    instrument = instrument_from(content)
    assert content["status_line"] == STATUS_LINE
    assert content["key"]["status"] == "own"
    assert not content["licence"]["permission_required"]
    assert "GPL-3.0-or-later" in content["licence"]["terms"] and "CC BY 4.0" in content["licence"]["terms"]
    for item in instrument.items:
        assert set(item.labels) == {*range(int(item.low), int(item.high) + 1), *item.not_applicable}
        assert item.wording and item.wording == item.wording.strip()


def test_does_not_apply_can_be_said_of_what_others_did_of_reasons_and_of_events():
    coded = {i for i, item in EVERY.items() if 9 in answers_of(item, FILES[module_of(i)])["not_applicable"]}
    assert coded == {*EXPOSURE, *MATRIX, *(i for i in SCORED if scale_of(i) == "mreii_r"), "mreii_a01"}
    for i, item in EVERY.items():
        answers = answers_of(item, FILES[module_of(i)])
        assert answers["not_applicable"] == ([9] if i in coded else []) and (9 in answers["labels"]) == (i in coded)
    assert FILES["mreii_exposure"]["answers"]["labels"][9] == "I had no such person or setting"


def module_of(item_id):
    return next(name for name in SCORED_FILES if item_id in [item["id"] for item in FILES[name]["items"]])


def answers_of(item, content):
    return item.get("answers", content["answers"])


def test_what_happened_and_what_was_done_is_formative_and_states_are_reflective():
    models = {name: {score["model"] for score in FILES[name]["scores"]} for name in SCORED_FILES}
    assert models == {
        "mreii_exposure": {"formative", "single_item"}, "mreii_contact": {"formative", "single_item"}, "mreii_matrix": {"formative"},
        "mreii_sources": {"formative", "single_item"}, "mreii_coping": {"formative"},
        "mreii_giving": {"formative", "single_item"}, "mreii_impact": {"reflective"}, "mreii_impact_wide": {"reflective"},
        "mreii_climate": {"reflective"}, "mreii_healing": {"reflective"}, "mreii_perceived_change": {"single_item"},
        "mreii_events": {"reflective", "single_item"},
    }  # fmt: skip
    assert SCORES["mreii_e_weighted"]["weights"] == {0: 0, 1: 1.5, 2: 4, 3: 12, 4: 24}
    assert {s: score["change"] for s, score in SCORES.items() if score["change"]} == {"mreii_sw": "sw_change"}


def test_strategies_are_kept_apart():
    """There is no total of coping, and no score that mixes modules."""
    used = [i for score in FILES["mreii_coping"]["scores"] for i in score["items"]]
    assert sorted(used) == sorted(set(used)) == sorted(item["id"] for item in FILES["mreii_coping"]["items"])
    assert [len(score["items"]) for score in FILES["mreii_coping"]["scores"]] == [2, 2, 3] + [2] * 9
    assert not [s for s, score in SCORES.items() if score.get("of") and score["method"] != "max_share"]


def test_scores_need_every_applicable_formative_item_and_four_fifths_of_a_scale():
    for score in SCORES.values():
        content = FILES[file_of(score["id"])]
        n_items = len(content["items"] if score.get("items") == "all" else score.get("items", score.get("of")))
        needed = math.ceil(0.8 * n_items) if score["model"] == "reflective" and n_items > 3 else n_items
        assert score["min_answered"] == needed, score["id"]
        assert (n_items == 1) == (score["model"] == "single_item"), score["id"]


def test_expected_signs_follow_from_the_directions_of_the_scales():
    burdened = {"mreii_o_freq", "a_rsq", "gad7_sum", "ucla3", "brief_cope_self_blame", "mreii_hv", "mreii_sb",
                "mreii_in", "mreii_w", "ace_4", "mreii_e_freq", "mreii_e_variety", "mreii_e_turning", "mreii_e_withdrawn", "mreii_e_weighted", "mreii_oa",
                "mreii_ss", "mreii_vs", "mreii_id", "mreii_ex", "mreii_en", "rrq_rumination", "stss", "mreii_a_hurt",
                "mreii_a_ambiguity", "mreii_a_about_me", "mreii_a_thinking_back",
                *(f"mreii_from_{source}" for source in SOURCES)}  # fmt: skip
    healthy = {"rses_sum", "scs_sf", "mreii_sw", "mreii_st", "mreii_to", "mreii_h", "mreii_s_freq", "mreii_a_closure"}
    signs = [(s, other, sign) for s, score in SCORES.items() for other, sign in score["expects"].items()]
    assert {x for s, other, _ in signs for x in (s, other)} <= burdened | healthy
    for score, other, sign in signs:
        assert (sign == "positive") == ((score in burdened) == (other in burdened)), (score, other)


def test_a_hypothesis_is_never_a_keying_check():
    outcomes = {"rses_sum", "gad7_sum", "ucla3", "mreii_s_freq", "mreii_g_freq", *IMPACT}
    exposure = ["mreii_e_freq", "mreii_e_variety", "mreii_e_weighted", "mreii_o_freq", "mreii_w",
                *(s for s in SCORES if re.match(r"mreii_(from|matrix|g|c)_", s))]  # fmt: skip
    for score in exposure:
        assert not outcomes & set(SCORES[score]["expects"])
    # H12: exposure and safe contact; H30: silencing and invisibility; H39: giving and receiving
    for x, y in (("mreii_s_freq", "mreii_e_freq"), ("mreii_ss", "mreii_in"), ("mreii_g_freq", "mreii_e_freq")):
        assert y not in SCORES[x]["expects"] and x not in SCORES[y]["expects"]


def test_quality_items_bear_no_score_and_one_answer_throughout_fails_one_of_them():
    content = FILES["mreii_quality"]
    instructed = {item["id"]: item for item in content["items"] if "instructed" in item}
    assert content["scores"] == [] and not any("measures" in item for item in content["items"])
    assert len({item["instructed"] for item in instructed.values()}) == len(instructed) == 2
    for item in instructed.values():
        label = content["answers"]["labels"][item["instructed"]]
        assert re.findall(r'"([^"]+)"', item["wording"]) == [label]
        assert content["answers"]["labels"] == FILES["mreii_impact"]["answers"]["labels"]


def test_background_asks_four_questions_takes_the_time_and_scores_none():
    background = instrument_from(BACKGROUND)
    items = {item.id: item for item in background.items}
    boxes = [item for item in items.values() if item.choice_of]
    alone = ["age", "gender", "relationship_status", "duration_seconds"]
    assert [item for item in items if not items[item].choice_of] == alone and not BACKGROUND.get("scores")
    assert list(background.questions) == ["lives_with"] and {box.choice_of for box in boxes} == {"lives_with"}
    assert len(boxes) == 5 and all((box.type, sorted(box.labels)) == ("category", [0, 1]) for box in boxes)
    assert (items["duration_seconds"].type, items["duration_seconds"].low) == ("number", 0)
    assert (items["age"].type, items["age"].low, items["age"].high) == ("number", 18, 110)
    assert items["gender"].labels[4] == "prefers not to say" and not items["gender"].missing_codes
    assert list(items["relationship_status"].labels) == [0, 1, 2]
    asked = [items[item].wording for item in alone[:3]] + [*background.questions.values(), *(b.wording for b in boxes)]
    assert all(asked) and not any(GENDERED.search(wording) or JARGON.search(wording) for wording in asked)


# --- the worked examples, by the rules in words and without the library ---


def scored_by_hand(content, score, given):
    if score["method"] == "max_share":
        return share_by_hand(content, score, given)
    by_id = {item["id"]: item for item in content["items"]}
    ids = list(by_id) if score["items"] == "all" else score["items"]
    answers = {i: given.get("all", given.get(i)) for i in ids}
    applicable = {i: x for i, x in answers.items() if x not in answers_of(by_id[i], content)["not_applicable"]}
    answered = {i: x for i, x in applicable.items() if x is not None}
    may_miss = 0 if score["model"] == "formative" else len(ids) - score["min_answered"]
    if not answered or len(applicable) - len(answered) > may_miss:
        return None
    ends = {i: sum(answers_of(by_id[i], content)[end] for end in ("min", "max")) for i in answered}
    keyed = [ends[i] - x if by_id[i]["reverse"] else x for i, x in answered.items()]
    if score["method"] == "count":
        return sum(x >= score["at_least"] for x in keyed)
    if score["method"] == "weighted_sum":
        return sum(score["weights"][x] for x in keyed)
    assert score["method"] == "mean"
    return sum(keyed) / len(keyed)


def share_by_hand(content, score, given):
    """Amounts are answers, or the means of the sources; one that does not apply at all is left out."""
    amounts = {}
    for name in score.get("of") or score["items"]:
        items = SCORES[name]["items"] if score.get("of") else [name]
        if all(given.get("all", given.get(i)) == 9 for i in items):
            continue
        amounts[name] = (
            scored_by_hand(content, SCORES[name], given) if score.get("of") else given.get("all", given.get(name))
        )
    if not amounts or None in amounts.values() or sum(amounts.values()) == 0:
        return None
    return max(amounts.values()) / sum(amounts.values())


@pytest.mark.parametrize(("name", "number"), EXAMPLES)
def test_worked_examples_follow_from_the_rules(name, number):
    content = FILES[name]
    example = content["examples"][number]
    unknown = set(example["given"]) - {"all"} - {item["id"] for item in content["items"]}
    assert not unknown
    for score, expected in example["expect"].items():
        found = scored_by_hand(content, SCORES[score], example["given"])
        assert found == (None if expected is None else pytest.approx(expected, abs=1e-12)), score


@pytest.mark.parametrize("name", SCORED_FILES)
def test_a_scored_file_has_three_examples_and_one_that_is_missing_by_the_rule(name):
    examples = FILES[name]["examples"]
    every = {s["id"] for s in FILES[name]["scores"]}
    assert len([e for e in examples if "all" not in e["given"]]) >= 3
    assert {s for e in examples for s, x in e["expect"].items() if x is None} == every
    assert all(set(e["expect"]) == every for e in examples)


# --- the page ---


def rows_of_the_page():
    """id -> (wording, construct, reversed), from the wording tables of docs/mreii/blueprint.md."""
    rows = re.findall(r"^\| `(mreii_[a-z0-9_]+)` \| (.+?) \| (.*?) \| (.*?) \|$", PAGE, re.MULTILINE)
    assert len({row[0] for row in rows}) == len(rows)
    return {item: (wording, construct, mark) for item, wording, construct, mark in rows}


def test_the_page_carries_the_wording_of_the_files_item_by_item():
    def mark(item):
        return "R" if item.get("reverse") else f"answer {item['instructed']}" if "instructed" in item else ""

    files = {
        item["id"]: (item["wording"], (item.get("measures") or [""])[0], mark(item))
        for name in MODULES
        for item in FILES[name]["items"]
        if item["id"] not in MATRIX
    }
    assert rows_of_the_page() == files


def test_the_page_carries_the_rows_of_the_matrix():
    rows = re.findall(r"^\| `mreii_e01_(\w+)` to `mreii_e12_(\w+)` \| (.+?) \|$", PAGE, re.MULTILINE)
    assert [(a, text) for a, b, text in rows if a == b] == [(s, MATRIX[f"mreii_e01_{s}"]["wording"]) for s in SOURCES]


def test_the_page_says_which_item_reaches_which_construct():
    rows = re.findall(r"^\| (C\d+[a-i]?) (.+?) \| (.+?) \| (.+?) \|$", PAGE, re.MULTILINE)
    names = {claim["id"]: claim["construct"] for claim in CLAIMS}
    assert all(names[construct] == name for construct, name, _, _ in rows)
    found = {construct: (spelt_out(items), spelt_out(scores)) for construct, _, items, scores in rows}
    wanted = {}
    for item in EVERY.values():
        wanted.setdefault(item["measures"][0], (set(), set()))[0].add(item["id"])
    for score in SCORES.values():
        for construct in score["measures"]:
            wanted.setdefault(construct, (set(), set()))[1].add(score["id"])
    assert found == wanted


def spelt_out(cell):
    """Names in a cell; "`x01` to `x03`" are three of them, "`x_*`" is one for each source."""
    names = set()
    for first, last in re.findall(r"`([^`]+)`(?: to `([^`]+)`)?", cell):
        if last:
            names |= {f"{first[:-2]}{n:02}" for n in range(int(first[-2:]), int(last[-2:]) + 1)}
        else:
            names |= {first.replace("*", source) for source in SOURCES}
    return names


@pytest.mark.parametrize("name", MODULES)
def test_the_page_carries_stems_and_anchors(name):
    content = FILES[name]
    text = " ".join(PAGE.split())
    assert " ".join(content["stem"].split()) in text
    for lead in [*content.get("events", {}).values(), *content.get("questions", {}).values()]:
        assert lead in text
    for answers in [content["answers"], *(item["answers"] for item in content["items"] if "answers" in item)]:
        assert " · ".join(f"{code} {label}" for code, label in answers["labels"].items()) in text


def test_the_page_names_status_every_score_and_what_cannot_be_said():
    assert STATUS_LINE in PAGE
    for score in [*SCORES, "sw_change"]:
        assert f"`{score}`" in PAGE
    assert "Erosion is change." in PAGE and "Exposure is reported exposure." in PAGE
