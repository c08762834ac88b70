"""Text from elsewhere, made safe to print."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guards.text import aligned, json_printable, listed, printable, printable_lines

JOINERS = "\u200c\u200d"
ANY_TEXT = st.text(st.characters(codec=None))
"""Lone surrogates too."""

HIDDEN = {
    "bell": "\x07",
    "delete": "\x7f",
    "escape": "\x1b",
    "control sequence of one character": "\x9b",
    "next line": "\x85",
    "line separator": "\u2028",
    "paragraph separator": "\u2029",
    "vertical tab": "\x0b",
    "file separator": "\x1c",
    "right-to-left override": "\u202e",
    "isolate": "\u2066",
    "end of isolates": "\u2069",
    "right-to-left mark": "\u200f",
    "Arabic letter mark": "\u061c",
    "zero-width space": "\u200b",
    "zero-width joiner in Latin text": "\u200d",
    "soft hyphen": "\xad",
    "byte order mark": "\ufeff",
    "tag": "\U000e0041",
    "variation selector that carries a byte": "\U000e0130",
    "filler that is a letter": "\u3164",
    "joiner of graphemes": "\u034f",
    "blank of Braille": "\u2800",
    "half of a surrogate pair": "\ud800",
    "private use": "\ue000",
}

READABLE = (
    *("caf\u00e9", "\u4e2d\u6587", "\u65e5\u672c\u8a9e", "\ud55c\uad6d\uc5b4", "na\u0308ive"),
    *("\u0645\u062d\u0645\u062f", "\u05d3\u05d5\u05d3", "\u0939\u093f\u0928\u094d\u0926\u0940"),
    *("\U0001f600", "\u2764\ufe0f", "\U0001f44d\U0001f3fd"),
    # A family, and a Persian and a Sinhalese word that are spelt with joiners.
    *(
        "\U0001f468\u200d\U0001f469\u200d\U0001f467",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    ),
    "\u0dc1\u0dca\u200d\u0dbb\u0dd3",
)


@given(ANY_TEXT)
def test_printable_text_is_printable(text: str) -> None:
    """Whatever comes in, what comes out can be printed, and is not escaped a second time."""
    escaped = printable(text)

    assert all(c.isprintable() or c in JOINERS for c in escaped)
    assert len(escaped.splitlines()) <= 1
    assert escaped.encode().decode() == escaped
    assert printable(escaped) == escaped


@pytest.mark.parametrize("kind", HIDDEN)
def test_what_is_not_seen_is_escaped(kind: str) -> None:
    """Two names never look alike because of a character that nobody sees."""
    escaped = printable(f"bank{HIDDEN[kind]}statement")

    assert escaped == f"bank{ascii(HIDDEN[kind])[1:-1]}statement"


@pytest.mark.parametrize("word", READABLE)
def test_words_of_any_script_stay_as_they_are(word: str) -> None:
    """Letters, accents, emoji, and the joiners that they are spelt with."""
    assert printable(word) == word


def test_a_joiner_at_the_edge_of_a_word_is_escaped() -> None:
    """It joins nothing there."""
    assert printable("\u0645\u200d") == "\u0645\\u200d"
    assert printable("\U0001f468\u200dx") == "\U0001f468\\u200dx"


def test_a_long_text_is_cut_and_counted() -> None:
    """The beginning is shown, and how much there was."""
    assert printable("x" * 12, 10) == "xxxxxxxxxx… (12 characters)"
    assert printable("x" * 10, 10) == "x" * 10


def test_later_lines_are_indented() -> None:
    """A line that a name begins does not look like a message of its own."""
    message = "cannot load evil\nERROR all is lost\x85\x1b[2J\n"

    assert printable_lines(message) == "cannot load evil\n  ERROR all is lost\\x85\\x1b[2J"


@given(ANY_TEXT)
def test_escaped_json_means_the_same(text: str) -> None:
    """It is one line of printable characters, and the text that is read is the one written."""
    document = json_printable(json.dumps({text: text}, ensure_ascii=False))

    assert document.isprintable()
    assert json.loads(document) == {text: text}


def test_json_of_ordinary_text_stays_readable() -> None:
    """Letters of other scripts are not escaped."""
    document = json.dumps("Vertr\u00e4ge \u5951\u7d04 \U0001f600", ensure_ascii=False)

    assert json_printable(document) == document


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "none"),
        (2, "'n0', 'n1'"),
        (21, ", ".join(f"'n{number}'" for number in range(20)) + " and 1 more"),
    ],
)
def test_listed_names_are_quoted(count: int, text: str) -> None:
    """Up to twenty names stand in quotes, and the rest is counted."""
    assert listed([f"n{number}" for number in range(count)]) == text


def test_listed_names_are_bounded_and_printable() -> None:
    """A name of a megabyte does not fill the terminal, and hidden letters are escaped."""
    assert listed(["x" * 10**6]) == f"'{'x' * 200}'… (1000000 characters)"
    assert listed(["a\u3164\n"]) == "'a\\u3164\\n'"


def test_a_cell_stays_within_its_row() -> None:
    """Columns stay aligned, whatever a cell holds."""
    assert aligned([("a\x1b[2J\nb", "1"), ("", "2")]) == ["a\\x1b[2J\\nb  1", "             2"]
    assert len(aligned([("x" * 10**6,)])[0]) < 500
