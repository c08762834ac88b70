"""What the estimator makes of each category, asked from it once instead of at every request."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from artifacts.compiled.asking import ask_each, same_bits
from artifacts.compiled.lanes import CategoryLane, Declined
from artifacts.compiled.steps import Table
from guards.schema import MISSING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from artifacts.compiled.asking import Ask, Floats
    from artifacts.compiled.lanes import NumberLane
    from artifacts.frames import Frame, FrameColumn
    from guards.schema import CanonicalRow, Schema

    Lanes = Sequence[NumberLane | CategoryLane]

__all__ = ["tables_of", "with_category"]

_UNSEEN = "\x00unseen"
"""Stands for a category that no table and no request can hold (it has a control character)."""

_MOST_CATEGORIES = 20_000
_MOST_BYTES = 2**26


def tables_of(
    lanes: Lanes, frame: Frame, schema: Schema, base: CanonicalRow, ask: Ask
) -> list[tuple[Table, list[int]]]:
    """Give each categorical column's table, and the places of the output that it fills.

    Every category is put into ``base`` and asked for. A column without lanes has a table too: an
    encoder whose output is dropped can still refuse a category. Raises ``Declined`` where a
    category changes another column's lanes, since then they are not what they were taken for.
    """
    places = {column.name: place for place, column in enumerate(schema.categorical)}
    columns = [column for column in frame.columns if column.kind == "category"]
    asked = [
        _told_apart(column, schema.categorical[places[column.name]].categories, lanes)
        for column in columns
    ]
    _check_size(asked, columns, lanes)
    answers = ask_each(
        ask,
        [
            with_category(base, places[column.name], category)
            for column, categories in zip(columns, asked, strict=True)
            for category in categories
        ],
    )
    usual = ask([base])[0]
    return [
        _table(
            column,
            places[column.name],
            lanes,
            dict(zip(categories, islice(answers, len(categories)), strict=True)),
            usual,
        )
        for column, categories in zip(columns, asked, strict=True)
    ]


def with_category(row: CanonicalRow, place: int, category: str) -> CanonicalRow:
    """Give the row with another category at this place."""
    categories = (*row.categories[:place], category, *row.categories[place + 1 :])
    return replace(row, categories=categories)


def _told_apart(column: FrameColumn, categories: Sequence[str], lanes: Lanes) -> list[str]:
    """Give every category that may be encoded in a way of its own, and one that is unknown."""
    known = {MISSING, *categories, *column.natives}
    known.update(*(lane.known for lane in _own(column, lanes).values()))
    if _UNSEEN in known:
        message = "a category that stands for an unknown one"
        raise Declined(message)
    return [*sorted(known), _UNSEEN]


def _own(column: FrameColumn, lanes: Lanes) -> dict[int, CategoryLane]:
    return {
        place: lane
        for place, lane in enumerate(lanes)
        if isinstance(lane, CategoryLane) and lane.name == column.name
    }


def _check_size(
    asked: Sequence[Sequence[str]], columns: Sequence[FrameColumn], lanes: Lanes
) -> None:
    cells = [
        len(categories) * len(_own(column, lanes))
        for column, categories in zip(columns, asked, strict=True)
    ]
    too_many = sum(map(len, asked)) > _MOST_CATEGORIES
    if too_many or sum(cells) * np.dtype(np.float64).itemsize > _MOST_BYTES:
        message = "more categories than a start can try"
        raise Declined(message)


def _table(
    column: FrameColumn,
    place: int,
    lanes: Lanes,
    answers: Mapping[str, Floats | None],
    usual: Floats,
) -> tuple[Table, list[int]]:
    own = _own(column, lanes)
    others = np.delete(np.arange(len(lanes)), [*own])
    for answer in answers.values():
        if answer is not None and not same_bits(answer[others], usual[others]):
            message = "a category that changes more than its own column's lanes"
            raise Declined(message)
    cells = {
        category: None if answer is None else answer[[*own]].tobytes()
        for category, answer in answers.items()
    }
    unknown = cells.pop(_UNSEEN)
    # Texts that stand for a number can be written in many ways, and an encoder may know it.
    alike = column.dtype == "object" and all(lane.closed for lane in own.values())
    return Table(place, MappingProxyType(cells), unknown if alike else None), [*own]
