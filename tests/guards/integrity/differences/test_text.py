"""What a person reads when two values differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from guards.integrity.differences.state_diff import same
from guards.integrity.differences.text import difference_in_words
from guards.integrity.state.jsonable import jsonable

if TYPE_CHECKING:
    from collections.abc import Callable

LABELS = [f"label {number}" for number in range(12)]
WORDS = [f"word{number}" for number in range(50)]
SUMMARY = {"length": 3, "sha256": "sha256:0123456789abcdef0123"}

any_json = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=10,
)
names = st.sampled_from(
    ["a.b", "labels", "tokenizer.vocabulary", "t.vocabulary_", "c.categories_", "x.sha256", "takes"]
)


@pytest.mark.parametrize(
    ("name", "expected", "observed", "sentence"),
    [
        ("age.mean_", 40.1, 45.1, "age.mean_ 40.1 → 45.1"),
        ("age.mean_", 40.123456789, 45.1, "age.mean_ 40.1235 → 45.1"),
        ("age.mean_", 40.1, 40.1000000001, "age.mean_ 40.1 → 40.1000000001"),
        ("age.statistics_", "NaN", 3.5, "age.statistics_ NaN → 3.5"),
        ("tokenizer.normalizer.lowercase", True, False, "normalizer.lowercase true → false"),
        ("numeric.impute.strategy", "mean", "median", 'numeric.impute.strategy "mean" → "median"'),
        ("numeric.scale.with_mean", True, 1, "numeric.scale.with_mean true → 1"),
        ("numeric.mean_.dtype", "float64", "float32", 'numeric.mean_.dtype "float64" → "float32"'),
        ("numeric.weights", None, {}, "numeric.weights none → {}"),
        ("zone.class", None, "StandardScaler", 'zone.class none → "StandardScaler"'),
    ],
)
def test_single_values(name: str, expected: object, observed: object, sentence: str) -> None:
    """A value is said on both sides, with as many digits as the difference needs."""
    assert difference_in_words(name, expected, observed).sentence == sentence


@pytest.mark.parametrize(
    ("expected", "observed", "words"),
    [
        (
            ["HR", "IT", "Trend"],
            ["HR", "IT"],
            ('3 categories, with "Trend"', '2 categories, without "Trend"', '"Trend" removed'),
        ),
        (
            ["HR"],
            ["HR", "IT"],
            ("1 category", '2 categories, with "IT"', '"IT" added'),
        ),
        (
            ["HR", "IT"],
            ["HR", "Law"],
            ('2 categories, with "IT"', '2 categories, with "Law", without "IT"',
             '"IT" removed, "Law" added'),
        ),
        (
            ["HR", "IT", "Law"],
            ["HR", "Law", "IT"],
            ('order "IT", "Law"', 'order "Law", "IT"', 'order "IT", "Law" → "Law", "IT"'),
        ),
        (
            list("abcdefgh"),
            ["a"],
            ('8 categories, with "b", "c", "d", "e", "f" and 2 more',
             '1 category, without "b", "c", "d", "e", "f" and 2 more',
             '"b", "c", "d", "e", "f" and 2 more removed'),
        ),
        (["a", "NaN"], ["a"], ("2 categories, with NaN", "1 category, without NaN", "NaN removed")),
        ([1.0, 2.0], [1.0], ("2 categories, with 2.0", "1 category, without 2.0", "2.0 removed")),
    ],
)  # fmt: skip
def test_categories(expected: list[object], observed: list[object], words: tuple[str, ...]) -> None:
    """Of categories the words say which came and went, or else their order."""
    said = difference_in_words("department.categories_", expected, observed)

    assert (said.expected, said.observed) == words[:2]
    assert said.sentence == f"department categories: {words[2]}"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({9: "word2", 2: "word9"}, 'vocabulary row 2 "word2" ↔ "word9"'),
        ({9: "new"}, 'vocabulary row 9 "word9" → "new"'),
        (
            {1: "word2", 2: "word3", 3: "word1"},
            'vocabulary row 1 "word1" → "word2", row 2 "word2" → "word3", row 3 "word3" → "word1"',
        ),
        (
            {9: "word2", 2: "word9", 20: "new"},
            'vocabulary row 2 "word2" ↔ "word9", row 20 "word20" → "new"',
        ),
    ],
)
def test_vocabulary_rows(change: dict[int, str], sentence: str) -> None:
    """Rows that were swapped or filled anew are named with both tokens."""
    observed = [change.get(row, word) for row, word in enumerate(WORDS)]

    said = difference_in_words("tokenizer.vocabulary", WORDS, observed)

    assert said.sentence == sentence
    rows = sorted(change)
    assert said.expected == ", ".join(f'row {row} "{WORDS[row]}"' for row in rows)
    assert said.observed == ", ".join(f'row {row} "{change[row]}"' for row in rows)


def test_vocabulary_of_another_length() -> None:
    """Rows that came or went at the end are counted, and a few are named."""
    longer = [*WORDS, *(f"new{number}" for number in range(7))]

    added = difference_in_words("tokenizer.vocabulary", WORDS, longer)
    removed = difference_in_words("tokenizer.vocabulary", longer, WORDS)

    named = '"new0", "new1", "new2", "new3", "new4" and 2 more'
    assert added.sentence == f"vocabulary 7 rows added: {named}"
    assert removed.sentence == f"vocabulary 7 rows removed: {named}"
    assert added.expected == "50 rows"
    assert added.observed.startswith('57 rows, row 50 "new0", row 51 "new1"')


def test_vocabulary_that_is_another_altogether() -> None:
    """Of many rows the numbers come first, and the first row that differs stands for the others."""
    observed = [WORDS[0], "new", *WORDS[1:]]

    assert difference_in_words("tokenizer.vocabulary", WORDS, observed).sentence == (
        'vocabulary 50 → 51 rows, 1 row added: "new", 49 rows with another token: '
        'row 1 "word1" → "new" …'
    )


def test_vocabulary_known_by_its_digest() -> None:
    """A bundle that kept no tokens is told by length and digest."""
    other = {**SUMMARY, "length": 4, "sha256": "sha256:fedcba98765432100123"}

    said = difference_in_words("tokenizer.vocabulary", SUMMARY, other)

    assert said.expected == "3 values, sha256:0123456789abcdef…"
    assert said.observed == "4 values, sha256:fedcba9876543210…"


@pytest.mark.parametrize(
    ("expected", "observed", "sentence"),
    [
        (["a", "b", "c"], ["c", "b", "a"], "id2label 0 ↔ 2"),
        (["a", "b", "c", "d"], ["b", "a", "d", "c"], "id2label 0 ↔ 1, 2 ↔ 3"),
        (["a", "b", "c"], ["b", "c", "a"], 'id2label "b" 1 → 0, "c" 2 → 1, "a" 0 → 2'),
        (["a", "b"], ["a", "B"], 'id2label 1 "b" → "B"'),
        (["a", "b"], ["a", "b", "c"], 'id2label "c" added'),
        (["a", "b", "c"], ["a", "b"], 'id2label "c" removed'),
        (["a", "b"], ["a", None], 'id2label 1 "b" → none'),
        (
            LABELS,
            [LABELS[number] for number in (0, 1, 10, 11, 2, 3, 4, 5, 6, 7, 8, 9)],
            "id2label sorted as strings: 0, 1, 10, 11, 2 …",
        ),
        (
            LABELS,
            [*LABELS[1:], LABELS[0]],
            "id2label " + ", ".join(f'"label {row + 1}" {row + 1} → {row}' for row in range(10))
            + " and 2 more",
        ),
    ],
)  # fmt: skip
def test_labels(expected: list[object], observed: list[object], sentence: str) -> None:
    """Of labels the words say which places were exchanged, and both orders stand beside them."""
    said = difference_in_words("labels", expected, observed)

    assert said.sentence == sentence
    assert sentence in said.observed
    assert all(f'"{label}"' in said.expected for label in expected)


def test_no_labels_at_all() -> None:
    """A network without labels is said to have none."""
    assert difference_in_words("labels", ["a", "b"], []).observed == "none"


def test_settings_of_truncation() -> None:
    """Of two sets of settings only those that differ are said, and all where there were none."""
    short = {"direction": "Right", "max_length": 16}

    assert difference_in_words("tokenizer.truncation", None, short).sentence == (
        'truncation none → direction "Right", max_length 16'
    )
    assert difference_in_words(
        "tokenizer.truncation", short, {**short, "direction": "Left"}
    ).sentence == 'truncation direction "Right" → direction "Left"'  # fmt: skip


def test_lists_of_numbers() -> None:
    """Short ones are shown, of long ones the first place that differs."""
    edges = [float(number) for number in range(10)]
    other = [*edges[:8], 8.5, 9.5]

    said = difference_in_words("age.bin_edges_", edges, other)
    short = difference_in_words("age.bin_edges_", edges[:3], [0.0, 1.5, 2.0])

    assert said.sentence == "age.bin_edges_ 8 → 8.5 at place 8; 2 of 10 differ"
    assert (said.expected, said.observed) == ("8.0 at place 8 of 10", "8.5; 2 of 10 differ")
    assert short.sentence == "age.bin_edges_ [0.0, 1.0, 2.0] → [0.0, 1.5, 2.0]"


def test_long_lists_of_numbers() -> None:
    """What is kept as a digest is said with the span of its values."""
    before = {**SUMMARY, "length": 900, "lowest": 0.5, "highest": 30.0}
    after = {**before, "highest": 45.0, "sha256": "sha256:fedcba98765432100123"}

    assert difference_in_words("age.quantiles_", before, after).sentence == (
        "age.quantiles_ 900 values from 0.5 to 30.0, sha256:0123456789abcdef… → "
        "900 values from 0.5 to 45.0, sha256:fedcba9876543210…"
    )


def test_a_digest_alone() -> None:
    """Where only a digest tells of a difference, the words admit it."""
    said = difference_in_words("numeric.scale.sha256", f"sha256:{'1' * 64}", f"sha256:{'2' * 64}")

    assert said.sentence == (
        "numeric.scale differs in its digest alone, "
        "sha256:1111111111111111… → sha256:2222222222222222…"
    )


def test_private_values_are_never_said() -> None:
    """Of a private column the words say that it differs, and digests tell values apart."""
    said = difference_in_words("court.categories_", ["Secret"], ["Other"], private=True)

    assert said.sentence == "court.categories_ differs (private)"
    assert said.expected.startswith("private, sha256:")
    assert said.expected != said.observed
    assert not any("Secret" in text for text in (said.expected, said.observed, said.sentence))


def test_values_beyond_those_of_a_preprocessing(hold_values: Callable[[int], None]) -> None:
    """Private or not: what a file holds can be said."""
    hold_values(1000)
    many: list[object] = [0] * 1001

    assert difference_in_words("a.b", many, None, private=True).observed.startswith("private, ")
    assert difference_in_words("a.b", jsonable(many), None).sentence.startswith("a.b 1001 values")


def test_nothing_for_a_terminal_to_act_upon() -> None:
    """Control characters and what cannot be encoded appear as escapes."""
    said = difference_in_words("a\x1b.b", "x\x1b[31m\n", "\ud800\u200b")

    assert said.sentence == r'a\x1b.b "x\x1b[31m\n" → "\ud800\u200b"'


def test_values_without_end() -> None:
    """A list of lists of lists is cut where nobody would read on."""
    deep: list[object] = []
    for _ in range(900):
        deep = [deep]

    assert difference_in_words("a.b", deep, 1).sentence == "a.b [[[[…]]]] → 1"


@settings(max_examples=60)
@given(names, any_json, any_json)
@example("a.b", 10**400, 1)
def test_any_json_can_be_said(name: str, expected: object, observed: object) -> None:
    """Whatever a manifest holds, two values that differ are said, and shortly."""
    assume(not same(expected, observed))

    said = difference_in_words(name, expected, observed)

    assert all(len(text) < 5_000 for text in (said.expected, said.observed, said.sentence))
    assert said.sentence.encode()
