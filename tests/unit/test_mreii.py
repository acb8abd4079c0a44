"""The writing principles of the project's own inventory (MREII), word by word, and its page against its files."""

import itertools
import math
import re
from pathlib import Path

import pytest

from rejsens.declarations import read_yaml
from rejsens.definitions import instrument_from

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "mreii.md").read_text(encoding="utf-8")
STATUS_LINE = "MREII is a new, unvalidated research inventory. No norms, no cut-offs, not diagnostic."
MODULES = ("mreii_exposure", "mreii_impact", "mreii_climate", "mreii_quality")
FILES = {name: read_yaml(ROOT / "schemas" / "instruments" / f"{name}.yaml", "instrument") for name in MODULES}
BACKGROUND = read_yaml(ROOT / "schemas" / "instruments" / "background.yaml", "instrument")

SCORED = {item["id"]: item for name in MODULES[:3] for item in FILES[name]["items"]}
EXPOSURE = {i: item for i, item in SCORED.items() if re.match(r"mreii_[eo]\d", i)}
REFLECTIVE = {i: item for i, item in SCORED.items() if i not in EXPOSURE}
REVERSED = {i: item for i, item in SCORED.items() if item["reverse"]}
SCORES = {score["id"]: score for name in MODULES for score in FILES[name]["scores"]}
ALL_WORDING = [item["wording"] for name in MODULES for item in FILES[name]["items"]]
STEMS = [FILES[name]["stem"] for name in MODULES]
EXAMPLES = [(name, number) for name in MODULES for number in range(len(FILES[name]["examples"]))]

# Positions reversed, by scale: the items that state the opposite of the scale's name.
KEY = {
    "mreii_e": (12, ()), "mreii_o": (4, ()), "mreii_hv": (6, (3, 6)), "mreii_sb": (6, (2, 5)), "mreii_sw": (6, (2, 4)),
    "mreii_st": (5, (2, 4)), "mreii_in": (5, (2, 5)), "mreii_w": (5, (1, 4)),
}  # fmt: skip
CONSTRUCT_OF_SCALE = {"mreii_hv": "C9", "mreii_sb": "C10", "mreii_sw": "C11", "mreii_st": "C12", "mreii_in": "C14",
                      "mreii_w": "C28", "mreii_o": "C7"}  # fmt: skip

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
TIME = re.compile(r"\b(weeks?|months?|years?|lately|recent(ly)?|nowadays|these days|today|past)\b", re.IGNORECASE)
FEELING = re.compile(r"\b(feel|feels|felt|hurt|hurts|sad|upset|lonely|afraid|angry|anxious|ashamed)\b", re.IGNORECASE)

# Vowel groups miscount these; every other word of the inventory follows the rule below.
IRREGULAR = {"something": 2, "someone": 2, "someone's": 2, "everyday": 3, "idea": 3, "seriously": 4,
             "serious": 3, "being": 2, "honesty": 3, "anyone": 3, "families": 3}  # fmt: skip
HAND_COUNTED = {
    "sent": 1, "someone": 2, "personal": 3, "message": 2, "answer": 2, "answered": 2, "everyday": 3, "told": 1,
    "people's": 2, "suited": 2, "joke": 1, "something": 2, "serious": 3, "feelings": 2, "changed": 1, "subject": 2,
    "nobody": 3, "idea": 3, "responded": 3, "voice": 1, "little": 2, "interest": 3, "distant": 2, "reason": 2,
    "openly": 3, "disliked": 2, "longer": 2, "wanted": 2, "search": 1, "studies": 2, "relaxed": 2, "replies": 2,
    "coldness": 2, "watchful": 2, "distance": 2, "silence": 2, "mistake": 2, "sorry": 2, "share": 1, "blame": 1,
    "worthy": 2, "rely": 2, "value": 2, "person": 2, "seriously": 4, "unseen": 2, "noticed": 2, "anyone": 3,
    "place": 1, "adult": 2, "comfort": 2, "question": 2, "disagree": 3, "people": 2, "friends": 1, "family": 3,
    "treated": 2, "happened": 2, "sentence": 2, "honest": 2, "happen": 2,
}  # fmt: skip


def words(text):
    return re.findall(r"[A-Za-z]+(?:['’-][A-Za-z]+)*|\d+", text)


def syllables(word):
    """Vowel groups; a silent -e, -ed and -es are not counted."""
    word = word.lower().replace("’", "'")
    if word in IRREGULAR:
        return IRREGULAR[word]
    word = word.removesuffix("'s")
    count = len(re.findall(r"[aeiouy]+", word))
    silent_e = re.search(r"[^aeiouyl]e$|[aeiouy]le$", word)
    silent_ed = re.search(r"[^aeiouytd]ed$", word)
    silent_es = re.search(r"[^aeiouyszxcgl]es$|[aeiouy]les$", word) and not re.search(r"(ch|sh)es$", word)
    return max(1, count - bool(silent_e or silent_ed or silent_es))


def grade(text):
    """Flesch-Kincaid grade: 0.39 words per sentence + 11.8 syllables per word - 15.59."""
    tokens = words(text)
    sentences = max(1, len(re.findall(r"[.?!](?=\s|$|\")", text)))
    return 0.39 * len(tokens) / sentences + 11.8 * sum(map(syllables, tokens)) / len(tokens) - 15.59


def scale_of(item_id):
    return re.fullmatch(r"(mreii_[a-z]+)\d\d", item_id).group(1)


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


def test_readability_of_a_sentence_worked_by_hand():
    # 6 words with 1 + 2 + 1 + 1 + 1 + 2 syllables.
    assert grade("The happy cat sat on tables.") == pytest.approx(0.39 * 6 + 11.8 * 8 / 6 - 15.59)
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


@cases(SCORED)
def test_items_are_one_short_sentence(item):
    wording = item["wording"]
    assert len(words(wording)) <= 16
    assert re.fullmatch(r"[A-Z][^.?!;:]*\.", wording)


@cases(SCORED)
def test_items_read_at_grade_six_or_lower(item):
    assert grade(item["wording"]) <= 6


@pytest.mark.parametrize("text", STEMS, ids=MODULES)
def test_stems_read_at_grade_six_or_lower(text):
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
    ],
)
def test_the_stem_says_the_recall_window_once(name, window):
    assert FILES[name]["stem"].count(window) == 1


@cases(EXPOSURE)
def test_exposure_items_say_what_happened_and_not_how_it_felt(item):
    assert not FEELING.search(item["wording"])


@cases(REFLECTIVE)
def test_reflective_items_hold_one_idea(item):
    assert not re.search(r"\b(and|or|but|and/or)\b", item["wording"])


def test_no_two_items_of_a_scale_say_the_same_thing():
    for a, b in itertools.combinations(SCORED.values(), 2):
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


def test_together_the_items_reach_every_construct_of_the_first_part():
    reached = {item["measures"][0] for item in SCORED.values()}
    assert {f"C1{letter}" for letter in "abcdefghi"} <= reached
    assert reached & {"C2a", "C2c"}
    assert {"C9", "C10", "C11", "C12", "C14", "C28"} <= reached


@pytest.mark.parametrize("name", MODULES[:3])
def test_a_file_measures_what_its_items_and_scores_measure(name):
    content = FILES[name]
    by_items = {c for item in content["items"] for c in item["measures"]}
    by_scores = {c for score in content["scores"] for c in score["measures"]}
    # C8, the dose, is what count and weighted sum add; C2c is counted by the item of C1f.
    assert set(content["measures"]) == by_items | by_scores
    assert by_scores - by_items <= {"C8", "C2c"}
    assert by_items <= by_scores


@pytest.mark.parametrize("scale", KEY)
def test_the_key_is_the_declared_one(scale):
    n_items, positions = KEY[scale]
    items = [item for i, item in SCORED.items() if scale_of(i) == scale]
    assert [item["id"] for item in items] == [f"{scale}{n:02d}" for n in range(1, n_items + 1)]
    assert tuple(n for n, item in enumerate(items, 1) if item["reverse"]) == positions
    if scale not in ("mreii_e", "mreii_o"):
        assert len(positions) / n_items == pytest.approx(1 / 3, abs=0.07)


def test_scales_named_positively_reverse_what_states_low_worth_or_doubt():
    low_worth = re.compile(r"\b(small|less than|doubt|too strong)\b")
    for scale in ("mreii_sw", "mreii_st"):
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


def test_not_applicable_exists_in_exposure_only():
    for name in MODULES:
        expected = (9.0,) if name == "mreii_exposure" else ()
        assert {item.not_applicable for item in instrument_from(FILES[name]).items} == {expected}
    assert FILES["mreii_exposure"]["answers"]["labels"][9] == "I had no such person or setting"


def test_exposure_is_formative_and_impact_reflective():
    for name, model in (
        ("mreii_exposure", "formative"),
        ("mreii_impact", "reflective"),
        ("mreii_climate", "reflective"),
    ):
        assert {score["model"] for score in FILES[name]["scores"]} == {model}
    assert SCORES["mreii_e_weighted"]["weights"] == {0: 0, 1: 1.5, 2: 4, 3: 12, 4: 24}
    assert {s: score["change"] for s, score in SCORES.items() if score["change"]} == {"mreii_sw": "sw_change"}


def test_scores_need_every_applicable_exposure_item_and_four_fifths_of_a_scale():
    for score in SCORES.values():
        n_items = len(FILES["mreii_climate"]["items"] if score["items"] == "all" else score["items"])
        needed = n_items if score["model"] == "formative" else math.ceil(0.8 * n_items)
        assert score["min_answered"] == needed, score["id"]


def test_expected_signs_follow_from_the_directions_of_the_scales():
    burdened = {"mreii_o_freq", "a_rsq", "gad7_sum", "ucla3", "brief_cope_self_blame", "mreii_hv", "mreii_sb",
                "mreii_in", "mreii_w", "ace_4", "mreii_e_freq", "mreii_e_variety", "mreii_e_weighted"}  # fmt: skip
    healthy = {"rses_sum", "scs_sf", "mreii_sw", "mreii_st"}
    signs = [(s, other, sign) for s, score in SCORES.items() for other, sign in score["expects"].items()]
    assert {x for s, other, _ in signs for x in (s, other)} <= burdened | healthy
    for score, other, sign in signs:
        assert (sign == "positive") == ((score in burdened) == (other in burdened)), (score, other)


def test_a_hypothesis_is_never_a_keying_check():
    outcomes = {"rses_sum", "mreii_hv", "mreii_sb", "mreii_sw", "mreii_st", "mreii_in", "gad7_sum", "ucla3"}
    for score in ("mreii_e_freq", "mreii_e_variety", "mreii_e_weighted", "mreii_o_freq", "mreii_w"):
        assert not outcomes & set(SCORES[score]["expects"])


def test_quality_items_bear_no_score_and_one_answer_throughout_fails_one_of_them():
    content = FILES["mreii_quality"]
    instructed = {item["id"]: item for item in content["items"] if "instructed" in item}
    assert content["scores"] == [] and not any("measures" in item for item in content["items"])
    assert len({item["instructed"] for item in instructed.values()}) == len(instructed) == 2
    for item in instructed.values():
        label = content["answers"]["labels"][item["instructed"]]
        assert re.findall(r'"([^"]+)"', item["wording"]) == [label]
        assert content["answers"]["labels"] == FILES["mreii_impact"]["answers"]["labels"]


def test_background_asks_three_questions_takes_the_time_and_scores_none():
    items = {item.id: item for item in instrument_from(BACKGROUND).items}
    assert list(items) == ["age", "gender", "relationship_status", "duration_seconds"] and not BACKGROUND.get("scores")
    assert (items["duration_seconds"].type, items["duration_seconds"].low) == ("number", 0)
    assert (items["age"].type, items["age"].low, items["age"].high) == ("number", 18, 110)
    assert items["gender"].labels[4] == "prefers not to say" and not items["gender"].missing_codes
    assert list(items["relationship_status"].labels) == [0, 1, 2]
    asked = [item.wording for item in items.values() if item.wording]
    assert len(asked) == 3 and not any(GENDERED.search(wording) or JARGON.search(wording) for wording in asked)


# --- the worked examples, by the rules in words and without the library ---


def scored_by_hand(content, score, given):
    ids = [item["id"] for item in content["items"]] if score["items"] == "all" else score["items"]
    answers = {i: given.get("all", given.get(i)) for i in ids}
    absent = set(content["answers"]["not_applicable"])
    applicable = {i: x for i, x in answers.items() if x not in absent}
    answered = {i: x for i, x in applicable.items() if x is not None}
    may_miss = 0 if score["model"] == "formative" else len(ids) - score["min_answered"]
    if not answered or len(applicable) - len(answered) > may_miss:
        return None
    ends = content["answers"]["min"] + content["answers"]["max"]
    keyed = [ends - x if SCORED[i]["reverse"] else x for i, x in answered.items()]
    if score["method"] == "count":
        return sum(x >= score["at_least"] for x in keyed)
    if score["method"] == "weighted_sum":
        return sum(score["weights"][x] for x in keyed)
    assert score["method"] == "mean"
    return sum(keyed) / len(keyed)


@pytest.mark.parametrize(("name", "number"), EXAMPLES)
def test_worked_examples_follow_from_the_rules(name, number):
    content = FILES[name]
    example = content["examples"][number]
    unknown = set(example["given"]) - {"all"} - {item["id"] for item in content["items"]}
    assert not unknown
    for score, expected in example["expect"].items():
        found = scored_by_hand(content, SCORES[score], example["given"])
        assert found == (None if expected is None else pytest.approx(expected, abs=1e-12)), score


@pytest.mark.parametrize("name", MODULES[:3])
def test_a_scored_file_has_three_examples_and_one_that_is_missing_by_the_rule(name):
    examples = FILES[name]["examples"]
    assert len(examples) >= 3
    assert {s for e in examples for s, x in e["expect"].items() if x is None} & {s["id"] for s in FILES[name]["scores"]}
    assert {s for e in examples for s in e["expect"]} == {s["id"] for s in FILES[name]["scores"]}


# --- the page ---


def rows_of_the_page():
    """id -> (wording, construct, reversed), from the wording tables of docs/mreii.md."""
    rows = re.findall(r"^\| `(mreii_[a-z]+\d\d)` \| (.+?) \| (.*?) \| (.*?) \|$", PAGE, re.MULTILINE)
    assert len({row[0] for row in rows}) == len(rows)
    return {item: (wording, construct, mark) for item, wording, construct, mark in rows}


def test_the_page_carries_the_wording_of_the_files_item_by_item():
    def mark(item):
        return "R" if item.get("reverse") else f"answer {item['instructed']}" if "instructed" in item else ""

    files = {
        item["id"]: (item["wording"], (item.get("measures") or [""])[0], mark(item))
        for name in MODULES
        for item in FILES[name]["items"]
    }
    assert rows_of_the_page() == files


@pytest.mark.parametrize("name", MODULES)
def test_the_page_carries_stems_and_anchors(name):
    content = FILES[name]
    text = " ".join(PAGE.split())
    assert " ".join(content["stem"].split()) in text
    for answers in [content["answers"], *(item["answers"] for item in content["items"] if "answers" in item)]:
        assert " · ".join(f"{code} {label}" for code, label in answers["labels"].items()) in text


def test_the_page_names_status_every_score_and_what_cannot_be_said():
    assert STATUS_LINE in PAGE
    for score in [*SCORES, "sw_change"]:
        assert f"`{score}`" in PAGE
    assert "Erosion is change." in PAGE and "Exposure is reported exposure." in PAGE
