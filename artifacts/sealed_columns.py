"""The fitted columns behind a face that can transform, and nothing else."""

from __future__ import annotations

import warnings
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from artifacts.compiled import compile_columns
from artifacts.immutable import Immutable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from artifacts.compiled import CompiledColumns
    from artifacts.frames import Frame
    from guards.schema import CanonicalRow, Schema

__all__ = ["SealedColumns", "compiled_of", "estimator_of"]

# OneHotEncoder(handle_unknown="warn") says so at every such request, by position and in a form that
# nobody collects; the answer's own warnings and the counters say it by column.
warnings.filterwarnings("ignore", "Found unknown categories", UserWarning)


class SealedColumns(Immutable):
    """Transforms, and refuses to be fitted or changed; safe to share by threads.

    The arrays that fitting left behind are made read-only, so that a change in place raises too.
    One thread at a time transforms: some estimators write to themselves meanwhile, and put it back.
    Who holds ``at_rest`` sees none of that.

    Columns that are compiled answer at once, without the estimator and side by side, for documents
    of the very ``Schema`` that they were compiled for; and for all others as they would anyway.
    """

    __slots__ = ("_compiled", "_estimator", "at_rest", "frame")

    frame: Frame
    at_rest: Lock

    def __init__(self, estimator: object, frame: Frame) -> None:
        """Seal a fitted estimator, which takes what ``frame`` gives."""
        _make_read_only(estimator, set())
        object.__setattr__(self, "_compiled", None)
        object.__setattr__(self, "_estimator", estimator)
        object.__setattr__(self, "at_rest", Lock())
        object.__setattr__(self, "frame", frame)

    def compiled_for(self, schema: Schema, rows: Iterable[CanonicalRow]) -> SealedColumns:
        """Give the same columns, compiled where that gives the same bits; as they are elsewhere.

        ``rows`` are some of that schema. Both ways of answering are compared on them, and on rows
        at the edges of what can arrive.
        """

        def ask(rows: Sequence[CanonicalRow]) -> NDArray[np.float64]:
            return self._sealed(schema, rows, [""] * len(rows))

        columns = SealedColumns(estimator_of(self), self.frame)
        compiled = compile_columns(estimator_of(self), self.frame, schema, rows, ask)
        object.__setattr__(columns, "_compiled", compiled)
        return columns

    @property
    def compiled(self) -> bool:
        """Tell whether documents are transformed without the estimator."""
        return compiled_of(self) is not None

    def transform(
        self, schema: Schema, rows: Sequence[CanonicalRow], texts: Sequence[str]
    ) -> NDArray[np.float64]:
        """Transform documents; gives float64 [documents, width]."""
        compiled = compiled_of(self)
        if compiled is not None and compiled.schema is schema and len(rows) > 0:
            columns = compiled.transform(rows)
            if columns is not None:
                return columns
        return self._sealed(schema, rows, texts)

    def _sealed(
        self, schema: Schema, rows: Sequence[CanonicalRow], texts: Sequence[str]
    ) -> NDArray[np.float64]:
        """Transform documents with the estimator itself."""
        filled = self.frame.fill(schema, rows, texts)
        with self.at_rest:
            columns = estimator_of(self).transform(filled)
        if hasattr(columns, "toarray"):
            columns = columns.toarray()
        return np.asarray(columns, dtype=np.float64)


def estimator_of(columns: SealedColumns | None) -> Any:  # noqa: ANN401 (scikit-learn is untyped)
    """Give the estimator inside, to be fingerprinted, described or written; None for None."""
    return None if columns is None else object.__getattribute__(columns, "_estimator")


def compiled_of(columns: SealedColumns | None) -> CompiledColumns | None:
    """Give the compiled steps inside, to be fingerprinted; None where the estimator answers."""
    return None if columns is None else object.__getattribute__(columns, "_compiled")


def _make_read_only(value: object, seen: set[int]) -> None:
    if id(value) in seen or isinstance(value, type):
        return
    seen.add(id(value))
    for item in _inner(value):
        _make_read_only(item, seen)
    if isinstance(value, np.ndarray):
        value.flags.writeable = False


def _inner(value: object) -> list[object]:
    """Give what a value holds; of an array also the one that it is a view of."""
    if isinstance(value, np.ndarray):
        return [value.base, *(value.ravel().tolist() if value.dtype.hasobject else ())]
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, list | tuple):
        return list(value)
    return list(getattr(value, "__dict__", {}).values())
