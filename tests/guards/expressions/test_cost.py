"""Expressions that tokenizers and vectorizers have are bounded; those that backtrack are not."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from tokenizers import Regex
from tokenizers.normalizers import Replace

from guards.expressions import costly_expression, matches_empty_text
from guards.expressions.characters import sample_for
from guards.expressions.parsing import parse
from guards.expressions.syntax import Alternatives, Characters, Dialect

_CASED = r"\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}", r"\p{Ll}\p{Lm}\p{Lo}\p{M}"
_SUFFIX = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?"

TOKENIZERS = {
    "GPT-2": r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    "cl100k, Llama 3": r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    "cl100k, possessive": r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+"
    r"| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s",
    "Qwen 2": r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    "o200k": rf"[^\r\n\p{{L}}\p{{N}}]?[{_CASED[0]}]*[{_CASED[1]}]+{_SUFFIX}"
    rf"|[^\r\n\p{{L}}\p{{N}}]?[{_CASED[0]}]+[{_CASED[1]}]*{_SUFFIX}"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    "DeepSeek": r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+"""
    r"|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    "DeepSeek, Chinese": "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+",
    "BLOOM": " ?[^(\\s|[.,!?\u2026\u3002\uff0c\u3001\u0964\u06d4\u060c])]+",
    "CLIP": r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+",
    "Falcon": "[0-9][0-9][0-9]",
    "spaces of a SentencePiece": " {2,}",
    "Han without others": r"[\p{Lo}&&[^\p{Han}]]+",
}

VECTORIZERS = [
    CountVectorizer().token_pattern,
    TfidfVectorizer().token_pattern,
    r"[a-z]+",
    r"\w+",
    r"(?u)\b\w+\b",
    r"\b[a-zA-Z]{3,}\b",
    r"(?:\w+[-'])*\w+",
    r"\w+(?:[-']\w+)*",
    r"(?u)\b\w{2,50}\b",
    r"\w+|\$[\d\.]+|\S+",
    r"\w+|[^\w\s]+",
    r"(?P<word>\w+)",
    r"\b([a-z]+)\b",
    r"\b[^\d\W]+\b",
    "(?x) \\w+  # words\n | \\d+",
    r"\d+(?:\.\d+)?",
    r"[({[]\w+",
    r"(?<!\d)\d{4}(?!\d)",
    r"(?m)^\S+",
    r"(?i)[^\W_]+",
    "",
]

EXPONENTIAL = {
    "nested": r"(a+)+b",
    "nested and lazy": r"(?:a+?)*?b",
    "nested over a property": r"(?:\p{L}+\p{M}*)*x",
    "nested behind a boundary": r"^(\w+\s?)*$",
    "alternatives": r"(a|a)*b",
    "alternatives that overlap": r"(?:\w|\d)*!",
    "alternatives of several characters": r"(?:ab|a|b)*x",
    "counted inside": r"(?:a{0,100})*b",
    "counted and repeated": r"(?:a{1,3}+)+b",
    "before a look ahead": r"(?:a+)+(?!x)$",
    "many optional ones": "a?" * 30 + "a" * 30,
    "of an address": r"^([a-zA-Z0-9])(([\-.]|[_]+)?([a-zA-Z0-9]+))*@[a-z]+$",
}

WITHOUT_A_LOOP = {
    "a choice that may be empty": "(?:a|b|)" * 30 + "!",
    "a choice of one or two": "(?:a|aa)" * 20 + "!",
    "words or nothing": "(?:ab|ac|)" * 20 + "!",
    "optional words": "(?:(?:ab)?)" * 20 + "!",
    "choices in choices": "(?:a(?:|b)|a)" * 20 + "!",
    "the end of no word": r"(?:\B){999}k",
    "several ends": r"(?:\B\B\B\B\B){199}k",
    "a look ahead": "(?:(?=a)){500}!",
}
"""What tries many ways, or does nothing many times, at each character."""


POLYNOMIAL = {
    "neighbours": r"\w+\w+\w+$",
    "neighbours behind a sign": r"#\w+\w+!",
    "neighbours of words": r"(?:ab)*(?:ab)*c",
    "a word that gives nothing back": r"\w++!",
    "anything twice": r".*.*=.*",
    "a word and a space": r"\w+\s",
    "neighbours after a sign": r"(?<=,)\w*\w*x",
    "neighbours after a sign that is read": r"#,(?<=,)\w*\w*x",
    "spaces at the end": r"\s+$",
    "a look ahead at every character": r"(?=.*x)\w",
    "lazy": r".*?x",
    "lazy, with nothing first": r"(?:\w+\s)*?",
    "brackets that do not close": r"<[^>]+>",
    "sets inside a set": r"[a[b]]+[ab]+c",
    "neighbours of a high number": r"#\w{0,400}\w{0,400}!",
    "each start of a word": r"\b[\w ]*!",
    "five hundred optional ones": r"(?:a?){500}a{500}b",
}

LINES = {
    "the start of each line": (r"(?m)^\s*\w", "Python"),
    "the start of each line, without words": (r"(?m)^\W*x", "Python"),
    "the start of each line, lazy": (r"(?m)^[\s\S]*?x", "Python"),
    "the end of each line": (r"(?m)$\s*x", "Python"),
    "any character of lines": (r"(?ms)^.*[xy]$", "Python"),
    "a flag of a group": (r"(?m:^)\s*x", "Python"),
    "after a line": (r"(?<=\n)\s*x", "Python"),
    "before no character of a line": (r"(?!.)\s*x", "Python"),
    "not between words": (r"\B\s*x", "Python"),
    "each start of a line": (r"^\s*x", "Oniguruma"),
    "each end of a line": (r"$\s*[xy]", "Oniguruma"),
    "lines of any character": (r"(?m)^.*$\n.*x", "Oniguruma"),
    "lines one after the other": (r"(?m)^.*\n.*\nx", "Oniguruma"),
}

OTHERWISE = {
    "a negated set of either case": (r"(?i)[^a]|a*x", "Python"),
    "characters by their octal numbers": (r"(?<![^\01])[^a]*b", "Python"),
    "characters by their numbers": (r"(?<![^\x01])[^a]*b", "Python"),
    "characters by their numbers in braces": (r"(?<![^\x{1}])[^a]*b", "Oniguruma"),
    "words of marks": ("(?<=\\W)[\u0301]+x", "Python"),
    "words of ASCII": ("(?a)(?<=\\W)[\xe9]+x", "Python"),
    "spaces that are none": ("(?<=\\S)[\x1c]+x", "Oniguruma"),
    "words that connect": ("(?<=\\w)[\u203f]+x", "Oniguruma"),
    "all symbols": (r"(?<=[[:punct:]])\$*x", "Oniguruma"),
    "one character that is two": ("(?i)(?<![s\xdf])\xdf*s*x", "Oniguruma"),
    "many optional ones": (r"a{1}?" * 30 + "a" * 30, "Oniguruma"),
    "where the last one ended": (r"\Ga*b|a", "Oniguruma"),
    "a number of eight digits": (r"\U00000041", "Oniguruma"),
    "a range to a set in brackets": (r"[+-[b]]", "Oniguruma"),
    "the longest of all": (r"(?L)a|aa", "Oniguruma"),
}

SETS = [
    r"\w", r"\W", r"\d", r"\s", r"\S", r"[^a]", r"(?i)[^a]", r"(?i)[^A-Z]", r"(?i)[a-z]", r"(?i)k",
    r".", r"(?m).", r"\040", r"[\0-\x1f]", r"[]a]", r"[\x41-\x5a]", r"\u0301",
]  # fmt: skip
ONIGURUMA_SETS = [
    r"\h", r"\H", r"\p{L}", r"\p{Lu}", r"\P{M}", r"\p{^N}", r"[[:punct:]]", r"[[:upper:]]",
    r"[[:^lower:]]", r"[[:alnum:]]", r"[[:alpha:]]", r"\p{Upper}", r"\p{Han}", r"[a-z&&[^k]]",
    r"[a[b]]",
]  # fmt: skip
PYTHON_SETS = [
    r"[\W\d]", r"(?a)\w", r"(?a)\W", r"(?a)\s", r"(?s).", r"(?a:\d)", r"[a[b]", r"[+-[b]",
    r"\U00000041",
]  # fmt: skip

UNBOUNDED = {
    "a large count": "a{1000000}",
    "a product of counts": "(a{1000}){1000}",
    "a count that is no number of a machine": "a{" + "9" * 3000 + "}",
    "a reference back": r"(a)\1",
    "a reference by name": r"(?P<a>\w)(?P=a)",
    "a call of a group": r"(?<n>a)\g<n>",
    "a condition": r"(a)?(?(1)b|c)",
    "deep groups": "(" * 500 + "a" + ")" * 500,
    "very long": "a" * 100_000,
    "malformed": "(a",
    "an end of no group": "a)(b+)+c",
    "a number of no character": r"\x{110000}",
    "a range to a set": r"[a-\dz]",
    "malformed set": "[a",
    "nothing to repeat": "*a",
    "a property that nobody has": r"\p{Unheard}",
}


@pytest.mark.parametrize("name", TOKENIZERS)
def test_expressions_of_tokenizers_are_bounded(name: str) -> None:
    """What the tokenizers of well-known models split by is never refused."""
    assert costly_expression(TOKENIZERS[name], "Oniguruma") is None


@pytest.mark.parametrize("pattern", VECTORIZERS)
def test_common_token_patterns_are_bounded(pattern: str) -> None:
    """What people give vectorizers is not refused, and is as fast as that says."""
    assert costly_expression(pattern, "Python") is None
    started = time.process_time()
    for text in ("a" * 20_000, "a-" * 10_000, " " * 20_000, "1" * 20_000 + "!"):
        re.findall(pattern, text)
    assert time.process_time() - started < 1


@pytest.mark.parametrize("name", EXPONENTIAL)
def test_exponential_expressions_are_refused(name: str) -> None:
    """An expression that can match a text in exponentially many ways is refused."""
    assert costly_expression(EXPONENTIAL[name], "Oniguruma")


@pytest.mark.parametrize("name", POLYNOMIAL)
def test_expressions_of_squared_time_are_refused(name: str) -> None:
    """An expression that takes minutes for the longest text of a request is refused."""
    assert "grows faster" in str(costly_expression(POLYNOMIAL[name], "Oniguruma"))


@pytest.mark.parametrize("dialect", ["Python", "Oniguruma"])
@pytest.mark.parametrize("name", WITHOUT_A_LOOP)
def test_expressions_of_many_ways_without_a_loop_are_refused(name: str, dialect: Dialect) -> None:
    """Some thirty choices, or a thousand empty things, at each character of a text."""
    assert costly_expression(WITHOUT_A_LOOP[name], dialect)


@pytest.mark.parametrize(
    "pattern", [r"(?!a)[ab]+(?!\w*c)", r"(?=b)[abx]+(?=\w*c)", r"[ab]+(?=b*c)"]
)
def test_what_a_look_around_keeps_out_is_told_apart(pattern: str) -> None:
    """The text on which it is slow has letters of the loop that may stand there."""
    assert "grows faster" in str(costly_expression(pattern, "Python"))


@pytest.mark.parametrize(("pattern", "dialect"), LINES.values(), ids=LINES)
def test_expressions_that_begin_at_each_line_are_refused(pattern: str, dialect: Dialect) -> None:
    """A text of empty lines has as many places to begin as characters."""
    assert "grows faster" in str(costly_expression(pattern, dialect))


@pytest.mark.parametrize(("pattern", "dialect"), OTHERWISE.values(), ids=OTHERWISE)
def test_what_a_dialect_means_otherwise_is_read_as_it_does(pattern: str, dialect: Dialect) -> None:
    """An expression that is costly in its own dialect is refused, whatever another makes of it."""
    assert costly_expression(pattern, dialect)


@pytest.mark.parametrize(
    ("pattern", "dialect"),
    [
        (r"^\s*x", "Python"),
        (r"\A\s*x", "Oniguruma"),
        (r"(?m)^.*!", "Python"),
        (r"(?<!\w)\w+x", "Python"),
    ],
)
def test_expressions_that_begin_at_few_places_are_bounded(pattern: str, dialect: Dialect) -> None:
    """At the start of the text, or on characters of one line alone, an end may fail."""
    assert costly_expression(pattern, dialect) is None


@pytest.mark.parametrize("pattern", [*SETS, *PYTHON_SETS])
def test_sets_are_those_of_python(pattern: str) -> None:
    """A set has the characters of the sample that ``re`` matches with it."""
    node = parse(pattern, "Python")
    assert isinstance(node, Characters)
    sample = sample_for(pattern)

    assert node.chars == {char for char in sample if re.fullmatch(pattern, char)}


@pytest.mark.parametrize("pattern", [*SETS, *ONIGURUMA_SETS])
def test_sets_are_those_of_oniguruma(pattern: str) -> None:
    """A set has the characters of the sample that the library of tokenizers matches with it."""
    node = parse(pattern, "Oniguruma")
    chars = node.items[0] if isinstance(node, Alternatives) else node
    assert isinstance(chars, Characters)
    replace = Replace(Regex(pattern), "")

    sample = sample_for(pattern)
    assert chars.chars == {char for char in sample if not replace.normalize_str(char)}


@pytest.mark.parametrize(
    ("pattern", "same"),
    [
        ("(?x) a b # c\n d", "abd"),
        ("a(?#b)c", "ac"),
        ("a(?#b", "a"),
        ("(?i:a)b", "[aA]b"),
        ("a(?i)b|c", "a(?:[bB]|[cC])"),
    ],
)
def test_comments_and_flags_hold_as_far_as_they_reach(pattern: str, same: str) -> None:
    """An expression is read as the one that is written without them."""
    assert parse(pattern, "Oniguruma") == parse(same, "Oniguruma")


@pytest.mark.parametrize("name", UNBOUNDED)
def test_expressions_that_cannot_be_judged_are_refused(name: str) -> None:
    """An expression that is huge, malformed, or refers to its groups is refused, and not tried."""
    started = time.process_time()

    assert costly_expression(UNBOUNDED[name], "Python")
    assert costly_expression(UNBOUNDED[name], "Oniguruma")
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize("pattern", [r"(?P=a)", r"(a)?(?(1)b|c)", r"(?~a)", r"(?<n>a)(?&n)"])
def test_a_group_of_an_unusual_kind_is_told(pattern: str) -> None:
    """The reason is not that a sign repeats nothing."""
    assert "a group of an unusual kind" in str(costly_expression(pattern, "Oniguruma"))


@given(
    st.text("ab.|*+?()[]{}\\wsd$^,0123-&:", max_size=24), st.sampled_from(["Python", "Oniguruma"])
)
def test_any_text_is_judged(pattern: str, dialect: Dialect) -> None:
    """A text that is no expression gives a verdict too, and never an error."""
    reason = costly_expression(pattern, dialect)

    assert reason is None or reason.isprintable()


@pytest.mark.parametrize("pattern", [r"a*", r"(?:a|b)*", r"(?:a?)*", r"\b\w*"])
def test_an_expression_that_may_match_nothing_is_bounded(pattern: str) -> None:
    """At each place the search goes on after it."""
    assert costly_expression(pattern, "Python") is None


def test_the_structure_is_told_where_it_is_the_reason() -> None:
    """It needs no text on which the expression is slow."""
    assert "many ways" in (costly_expression(r"(a+)+b", "Python") or "")


@pytest.mark.parametrize(
    ("pattern", "may_be_empty"),
    [(r"a*", True), (r"\b", True), (r"\b(?!a)", True), (r"(a)\1", True), (r"a+", False)],
)
def test_what_may_match_nothing(pattern: str, *, may_be_empty: bool) -> None:
    """An expression that cannot be judged is taken to be one."""
    assert matches_empty_text(pattern, "Python") is may_be_empty
