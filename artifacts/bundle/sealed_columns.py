"""The fitted columns of a bundle, sealed: they transform documents, and cannot be changed."""

from __future__ import annotations

import warnings
from threading import Lock
from typing import TYPE_CHECKING

import joblib
import numpy as np

from artifacts.bundle.compiled import compile_columns
from artifacts.bundle.immutable import Immutable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from artifacts.bundle.column_inputs import ColumnInputs
    from artifacts.bundle.compiled import CompiledColumns
    from artifacts.bundle.estimator import Estimator
    from guards.schema import CanonicalRow, Schema

__all__ = ["SealedColumns", "compiled_of", "estimator_of"]


class SealedColumns(Immutable):
    """Transforms documents, and refuses to be fitted or changed; safe to share between threads.

    The arrays that fitting left behind are made read-only, so that a change in place raises too.
    Some estimators write to themselves while they transform and restore what they wrote. Therefore
    one thread transforms at a time, and who holds ``estimator_lock`` sees the estimator at rest.
    Whatever its ``n_jobs``, it transforms in that thread: starting others takes longer than a few
    documents do.

    Compiled columns transform without the estimator and without a lock, for documents of the very
    ``Schema`` object that they were compiled for. All others go through the estimator.
    """

    __slots__ = ("_compiled", "_estimator", "column_inputs", "estimator_lock")

    column_inputs: ColumnInputs
    estimator_lock: Lock

    def __init__(self, estimator: Estimator, column_inputs: ColumnInputs) -> None:
        """Seal a fitted estimator, which takes what ``column_inputs`` fills in."""
        # OneHotEncoder(handle_unknown="warn") warns at every such request, by position. Answers and
        # counters name the column already.
        warnings.filterwarnings("ignore", "Found unknown categories", UserWarning)
        _make_read_only(estimator, set())
        object.__setattr__(self, "_compiled", None)
        object.__setattr__(self, "_estimator", estimator)
        object.__setattr__(self, "estimator_lock", Lock())
        object.__setattr__(self, "column_inputs", column_inputs)

    def compiled_for(self, schema: Schema, rows: Iterable[CanonicalRow]) -> SealedColumns:
        """Return the same columns, compiled if that gives the same bits.

        ``rows`` are some rows of ``schema``. Compiled columns and estimator are compared on them,
        and on rows at the edges of what can arrive.
        """

        def transform(rows: Sequence[CanonicalRow]) -> NDArray[np.float64]:
            return self._transform_with_estimator(schema, rows, [""] * len(rows))

        columns = SealedColumns(estimator_of(self), self.column_inputs)
        compiled = compile_columns(estimator_of(self), self.column_inputs, schema, rows, transform)
        object.__setattr__(columns, "_compiled", compiled)
        return columns

    @property
    def compiled(self) -> bool:
        """Whether documents are transformed without the estimator."""
        return compiled_of(self) is not None

    def transform(
        self, schema: Schema, rows: Sequence[CanonicalRow], texts: Sequence[str]
    ) -> NDArray[np.float64]:
        """Return documents transformed, float64 [documents, width]."""
        compiled = compiled_of(self)
        if compiled is not None and compiled.schema is schema and len(rows) > 0:
            columns = compiled.transform(rows)
            if columns is not None:
                return columns
        return self._transform_with_estimator(schema, rows, texts)

    def _transform_with_estimator(
        self, schema: Schema, rows: Sequence[CanonicalRow], texts: Sequence[str]
    ) -> NDArray[np.float64]:
        filled = self.column_inputs.fill(schema, rows, texts)
        with self.estimator_lock, joblib.parallel_config(backend="sequential"):
            columns = estimator_of(self).transform(filled)
        if hasattr(columns, "toarray"):
            columns = columns.toarray()
        return np.asarray(columns, dtype=np.float64)


def estimator_of(columns: SealedColumns | None) -> Estimator:
    """Return the estimator inside, to be fingerprinted, described or written; None for None."""
    return None if columns is None else object.__getattribute__(columns, "_estimator")


def compiled_of(columns: SealedColumns | None) -> CompiledColumns | None:
    """Return the compiled columns inside, to be fingerprinted; None if there are none."""
    return None if columns is None else object.__getattribute__(columns, "_compiled")


def _make_read_only(value: object, visited: set[int]) -> None:
    if id(value) in visited or isinstance(value, type):
        return
    visited.add(id(value))
    for item in _inner(value):
        _make_read_only(item, visited)
    if isinstance(value, np.ndarray):
        value.flags.writeable = False


def _inner(value: object) -> list[object]:
    """Return what a value holds; for an array, also the array that it is a view of."""
    if isinstance(value, np.ndarray):
        return [value.base, *(value.ravel().tolist() if value.dtype.hasobject else ())]
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, list | tuple):
        return list(value)
    return list(getattr(value, "__dict__", {}).values())
