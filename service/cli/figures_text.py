"""The figures of one bundle, or of two on the same rows, as text for a terminal."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from guards.text import aligned, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from guards.bundle.identity import BundleIdentity
    from guards.json_types import JsonMapping

__all__ = ["comparison_lines", "figures_lines", "names_of"]

_MAX_CLASSES = 20
_SHOWN_OF_MANY = 10
_OVERALL = ("accuracy", "macro_f1", "calibration_error")
_OF_A_CLASS = ("precision", "recall", "f1")


def figures_lines(figures: JsonMapping, rows: str) -> Iterator[str]:
    """Yield the lines of the figures of a bundle; ``rows`` says of which rows.

    Of more than 20 classes, only the ten with the lowest F1 are shown.
    """
    yield f"{figures['rows']} {rows}, figures with 95 % intervals{_left_out(figures)}"
    for name in _OVERALL:
        yield f"  {name:<18}{_overall(figures, name)}"
    if len(figures["classes"]) > _MAX_CLASSES:
        yield from _many_classes(figures["classes"])
    else:
        yield from _few_classes(figures["classes"])


def names_of(identities: Sequence[BundleIdentity], paths: Sequence[Path]) -> list[str]:
    """Return what bundles are called: name and version, or their paths where these are alike."""
    names = [f"{identity.name}/{identity.version}" for identity in identities]
    return [*map(str, paths)] if len({*names}) < len(names) else names


def comparison_lines(comparison: JsonMapping, names: Sequence[str], rows: str) -> Iterator[str]:
    """Yield the lines of a comparison of two bundles called ``names``; ``rows`` says which rows."""
    before, after = comparison["bundles"]
    first, second = map(printable, names)
    yield (
        f"{comparison['rows']} {rows}, answered by both, figures with 95 % intervals"
        f"{_left_out(comparison)}"
    )
    overall = [(f"  {name}", _overall(before, name), _overall(after, name)) for name in _OVERALL]
    yield from aligned([("", first, second), *overall])
    yield f"  both give the same label: {_figure(comparison['agreement'])}"
    yield f"  accuracy of {second} minus that of {first}: {_difference(comparison)}"
    yield (
        f"  {second} alone is right on {comparison['won']} rows, {first} alone on "
        f"{comparison['lost']}; McNemar's exact p = {comparison['p_value']:.2g}"
    )
    yield from _gains(comparison["classes"], (first, second))


def _few_classes(classes: Mapping[str, JsonMapping]) -> Iterator[str]:
    for label, ranks in classes.items():
        yield f"  {printable(label)}  ({ranks['support']} rows)"
        # Without a row, nothing is known of the class, unless it was answered.
        answered = ranks["support"] or ranks["precision"]["high"] < 1
        for name in _OF_A_CLASS if answered else ():
            yield f"    {name:<16}{_figure(ranks[name])}"


def _many_classes(classes: Mapping[str, JsonMapping]) -> Iterator[str]:
    with_rows = {label: ranks for label, ranks in classes.items() if ranks["support"]}
    yield f"  {len(with_rows)} of {len(classes)} classes have rows; the median of them"
    for name in _OF_A_CLASS:
        yield f"    {name:<16}{median(ranks[name]['value'] for ranks in with_rows.values()):.3f}"
    worst = sorted(with_rows.items(), key=lambda each: each[1]["f1"]["value"])[:_SHOWN_OF_MANY]
    yield f"  F1 of the {len(worst)} with the lowest; --json has all"
    for label, ranks in worst:
        yield f"    {printable(label)}  ({ranks['support']} rows)  {_figure(ranks['f1'])}"


def _gains(classes: Mapping[str, JsonMapping], names: Sequence[str]) -> Iterator[str]:
    shown = list(classes.items())
    if len(shown) > _MAX_CLASSES:
        yield f"  the {_SHOWN_OF_MANY} of {len(shown)} classes that differ most; --json has all"
        shown.sort(key=lambda each: -abs(each[1]["won"] - each[1]["lost"]))
        del shown[_SHOWN_OF_MANY:]
    for label, gain in shown:
        yield (
            f"  {printable(label)}  ({gain['rows']} rows): {_difference(gain)}, "
            f"{names[1]} alone right {gain['won']}, {names[0]} alone {gain['lost']}"
        )


def _left_out(figures: JsonMapping) -> str:
    count = figures.get("left_out", 0)
    return f"; {count} rows with an unknown label are left out" if count else ""


def _overall(figures: JsonMapping, name: str) -> str:
    figure = figures[name]
    if name != "macro_f1":
        return _figure(figure)
    return f"{_figure(figure)}  over {figure['classes']} of {len(figures['classes'])} classes"


def _figure(figure: Mapping[str, float]) -> str:
    return f"{figure['value']:.3f}  ({figure['low']:.3f} to {figure['high']:.3f})"


def _difference(gain: JsonMapping) -> str:
    figure = gain["difference"]
    return f"{figure['value']:+.3f}  ({figure['low']:+.3f} to {figure['high']:+.3f})"
