"""An explanation as text for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.text import aligned, counted, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from guards.json_types import JsonMapping

__all__ = ["WITHOUT_CAPTUM", "explanation_lines"]

WITHOUT_CAPTUM = (
    "captum is not installed, so every document is explained by leaving out one word after the "
    "other; pip install 'understudy[explain]' adds integrated gradients"
)

_MAX_WORDS = 10
_MAX_CLASSES = 20
_METHODS = {
    "integrated_gradients": "integrated gradients",
    "leave_one_word_out": "leaving out one word",
    "no_words": "nothing, for want of words",
}
_TEXT_ONLY = "  columns do not affect the answers: the model uses text only"


def explanation_lines(explanation: JsonMapping) -> Iterator[str]:
    """Yield the lines of what ``artifacts.explanation.explain`` returned.

    Of each class the ten first words are shown, and the twenty classes with most documents.
    """
    for period in explanation["periods"]:
        yield from _period(period)
    comparison = explanation["comparison"]
    if comparison is not None:
        first, second = (printable(period["table"]) for period in explanation["periods"])
        yield from _comparison(comparison, first, second)


def _period(period: JsonMapping) -> Iterator[str]:
    documents, rows = period["documents"], period["rows"]
    drawn = f" of {rows}, drawn with a fixed seed" if documents < rows else ""
    yield f"{period['table']}: {counted(documents, 'document')}{drawn}"
    yield f"  explained by {_methods(period)}"
    if period["truncated"]:
        truncated = counted(period["truncated"], "document")
        yield f"  {truncated} truncated: words that are left out have no effect"
    yield (
        "  words of 5 documents or more that raise the answer's logit: mean, 95 % interval, "
        "documents"
    )
    classes = sorted(period["classes"].items(), key=lambda each: -each[1]["documents"])
    for label, found in classes[:_MAX_CLASSES]:
        yield f"  {printable(label)}, {counted(found['documents'], 'document')}"
        words = [
            (f"    {each['word']}", _figure(each["attribution"], 2), str(each["documents"]))
            for each in found["words"][:_MAX_WORDS]
        ]
        yield from aligned(words) if words else ["    none"]
    if len(classes) > _MAX_CLASSES:
        yield f"  {len(classes) - _MAX_CLASSES} more classes; --json has all"
    if not period["columns"]:
        yield _TEXT_ONLY
        return
    yield (
        "  columns, by how far the answer's probability falls where their values are permuted: "
        "mean, 95 % interval"
    )
    columns = sorted(period["columns"], key=lambda each: -each["importance"]["value"])
    yield from aligned(
        [(f"    {each['column']}", _figure(each["importance"], 4)) for each in columns]
    )


def _methods(period: JsonMapping) -> str:
    used = [(name, number) for name, number in period["methods"].items() if number]
    return ", ".join(
        f"{_METHODS[name]} {number} ({number / period['documents']:.0%})" for name, number in used
    )


def _comparison(comparison: JsonMapping, first: str, second: str) -> Iterator[str]:
    yield f"side by side: {first}, {second}"
    tested = [*comparison["words"], *comparison["columns"]]
    found = [each for each in tested if each["differs"]]
    yield (
        f"  effects that differ: {len(found)} of {len(tested)} tested, at a false discovery rate "
        f"of {comparison['rate']:.0%}"
    )
    if found:
        yield from aligned([("    ", "before", "after", "p"), *map(_effect, found)])
    yield (
        f"  words that came or went: {comparison['differing_words']} of "
        f"{comparison['compared_words']}, at the same rate"
    )
    for what in ("came", "went"):
        yield from _shifts(what, comparison[what])


def _effect(each: JsonMapping) -> tuple[str, ...]:
    digits = 2 if "word" in each else 4
    name = f"{each['word']} ({each['class']})" if "word" in each else f"column {each['column']}"
    before, after = (f"{mean:+.{digits}f}" for mean in each["means"])
    return f"    {name}", before, after, f"{each['p_value']:.2g}"


def _shifts(what: str, shifts: Sequence[JsonMapping]) -> Iterator[str]:
    differing = [each for each in shifts if each["differs"]][:_MAX_WORDS]
    if differing:
        rows = [
            (f"    {each['word']}", *map(str, each["documents"]), f"{each['z']:+.1f}")
            for each in differing
        ]
        yield from aligned([(f"    {what}", "before", "after", "z"), *rows])


def _figure(figure: Mapping[str, float], digits: int) -> str:
    value, low, high = (f"{figure[end]:+.{digits}f}" for end in ("value", "low", "high"))
    return f"{value}  ({low} to {high})"
