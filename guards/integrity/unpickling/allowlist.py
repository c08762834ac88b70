"""The exact globals that a fitted preprocessing may name, and what stands in for each.

Three kinds. Estimators are made empty and then given a state, and never called. Values are types
that settings name (``dtype=np.float32``), and never called either. What numpy calls to rebuild an
array, and pandas a list of columns, is replaced by a function of ours that checks what it is given.

Before a name is added: could it, whatever it is given, run code, open a file, import a module or
allocate without bound? As a setting of a vectorizer a class is called with the text of a document:
``numpy.memmap`` would open the file of that name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.integrity.unpickling import numpy_state, pandas_state
from guards.integrity.unpickling.estimators.catalogue import DESCRIPTIONS
from guards.integrity.unpickling.pandas_state import CONTAINERS

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ALLOWED_GLOBALS", "ARRAY_RECORD", "CONTAINERS", "ESTIMATORS", "REBUILT", "VALUES"]

ESTIMATORS = frozenset(DESCRIPTIONS)
"""The classes whose fitted state is described, each in a file of its own."""

VALUES = frozenset(
    {
        "builtins.bool",
        "builtins.float",
        "builtins.int",
        "builtins.object",
        "numpy.bool",
        "numpy.bool_",
        "numpy.float16",
        "numpy.float32",
        "numpy.float64",
        "numpy.int16",
        "numpy.int32",
        "numpy.int64",
        "numpy.int8",
        "numpy.ndarray",
        "numpy.number",
        "numpy.object_",
        "numpy.str_",
        "numpy.uint16",
        "numpy.uint32",
        "numpy.uint64",
        "numpy.uint8",
    }
)

REBUILT: dict[str, Callable[..., object]] = {
    "builtins.bytearray": pandas_state.buffer_of,
    "builtins.slice": numpy_state.slice_of,
    "guards.integrity.rebuilding.remainder_columns": numpy_state.remainder_columns,
    "guards.integrity.unpickling.numpy_state.remainder_columns": numpy_state.remainder_columns,
    # Where a Pipeline kept what it fitted; transforming does not look there.
    "joblib._store_backends.FileSystemStoreBackend": numpy_state.inert,
    "joblib.memory.Memory": numpy_state.inert,
    "numpy._core.multiarray._reconstruct": numpy_state.empty_array,
    "numpy._core.multiarray.scalar": numpy_state.scalar_of,
    "numpy._core.numeric._frombuffer": numpy_state.array_from_buffer,
    "numpy.core.multiarray._reconstruct": numpy_state.empty_array,
    "numpy.core.multiarray.scalar": numpy_state.scalar_of,
    "numpy.core.numeric._frombuffer": numpy_state.array_from_buffer,
    "numpy.dtype": numpy_state.simple_dtype,
    "numpy.random._mt19937.MT19937": numpy_state.inert,
    "numpy.random._pickle.__bit_generator_ctor": numpy_state.inert,
    "numpy.random._pickle.__randomstate_ctor": numpy_state.random_state,
    "numpy.random.bit_generator.SeedSequence": numpy_state.inert,
    "numpy.random.bit_generator.__pyx_unpickle_SeedSequence": numpy_state.inert,
    "pandas.BooleanDtype": numpy_state.inert,
    "pandas.Index": numpy_state.inert,
    "pandas.NA": numpy_state.inert,
    "pandas.RangeIndex": numpy_state.inert,
    "pandas.StringDtype": numpy_state.inert,
    "pandas.core.arrays.boolean.BooleanDtype": numpy_state.inert,
    "pandas.core.arrays.string_.StringDtype": numpy_state.inert,
    "pandas.core.indexes.base.Index": numpy_state.inert,
    "pandas.core.indexes.base._new_Index": pandas_state.index_of,
    "pandas.core.indexes.range.RangeIndex": numpy_state.inert,
    "pyarrow.lib._restore_array": pandas_state.arrow_texts,
    "pyarrow.lib.chunked_array": pandas_state.arrow_chunks,
    "pyarrow.lib.py_buffer": pandas_state.same,
    "pyarrow.lib.type_for_alias": pandas_state.same,
    "sklearn.compose._column_transformer._RemainderColsList": numpy_state.remainder_columns,
}

ARRAY_RECORD = "joblib.numpy_pickle.NumpyArrayWrapper"
"""What joblib writes before the bytes of an array."""

ALLOWED_GLOBALS = frozenset({*ESTIMATORS, *VALUES, *REBUILT, *CONTAINERS, ARRAY_RECORD})
"""Every global that a sealed preprocessing may name, as ``module.qualified_name``."""
