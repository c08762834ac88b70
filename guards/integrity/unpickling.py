"""Read joblib files through an allowlist of exact globals.

A pickle can call anything that it can name, so it may name only what a fitted preprocessing needs.
Naming packages would not do: ``numpy`` and ``pandas`` both hold functions that run code.
"""

from __future__ import annotations

import io
import pickle
import warnings
from typing import Any

from joblib.numpy_pickle import NumpyUnpickler

from guards.errors import Finding, PartError

__all__ = ["ALLOWED_GLOBALS", "loads"]

_SKLEARN_CLASSES = (
    "sklearn.compose._column_transformer.ColumnTransformer",
    "sklearn.impute._base.MissingIndicator",
    "sklearn.impute._base.SimpleImputer",
    "sklearn.pipeline.FeatureUnion",
    "sklearn.pipeline.Pipeline",
    "sklearn.preprocessing._data.MinMaxScaler",
    "sklearn.preprocessing._data.RobustScaler",
    "sklearn.preprocessing._data.StandardScaler",
    "sklearn.preprocessing._encoders.OneHotEncoder",
    "sklearn.preprocessing._encoders.OrdinalEncoder",
)

ALLOWED_GLOBALS = frozenset(
    {
        *_SKLEARN_CLASSES,
        "builtins.slice",
        "joblib.numpy_pickle.NumpyArrayWrapper",
        "numpy._core.multiarray._reconstruct",
        "numpy._core.multiarray.scalar",
        "numpy.bool",
        "numpy.core.multiarray._reconstruct",
        "numpy.core.multiarray.scalar",
        "numpy.dtype",
        "numpy.float32",
        "numpy.float64",
        "numpy.int32",
        "numpy.int64",
        "numpy.ndarray",
        "numpy.object_",
        "numpy.str_",
    }
)
"""Every global that a sealed preprocessing may name, as ``module.qualified_name``."""


class _AllowlistUnpickler(NumpyUnpickler):  # type: ignore[misc]  # joblib is untyped
    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 (pickle's own signature)
        wanted = f"{module}.{name}"
        if wanted not in ALLOWED_GLOBALS:
            raise _ForbiddenGlobalError(wanted)
        return super().find_class(module, name)


class _ForbiddenGlobalError(pickle.UnpicklingError):
    pass


def loads(data: bytes, part: str) -> object:
    """Read an uncompressed joblib file from bytes, executing nothing outside the allowlist.

    ``part`` is the file's path inside the bundle, for the message. Raises ``PartError`` with code
    ``unpickling_refused`` when the file names another global, and ``part_unreadable`` when it is no
    uncompressed joblib file.
    """
    try:
        with warnings.catch_warnings():
            # A version difference is judged by the environment policy and the probes.
            warnings.simplefilter("ignore")
            return _AllowlistUnpickler("", io.BytesIO(data), True).load()  # noqa: FBT003 (joblib's own positional)
    except _ForbiddenGlobalError as error:
        raise PartError(_refused(part, str(error))) from None
    except Exception as error:  # noqa: BLE001 (a hostile file may raise anything)
        raise PartError(_unreadable(part, error)) from None


def _refused(part: str, name: str) -> Finding:
    return Finding(
        code="unpickling_refused",
        subject=part,
        expected="only the estimators and arrays that a sealed preprocessing needs",
        observed=f"the file wants to load {name}",
        remedy="do not open this file elsewhere; take the bundle from where it was sealed, or seal "
        "it again from estimators that are supported",
    )


def _unreadable(part: str, error: Exception) -> Finding:
    return Finding(
        code="part_unreadable",
        subject=part,
        expected="an uncompressed joblib file",
        observed=f"reading it fails with {type(error).__name__}",
        remedy="take the bundle from where it was sealed, or seal it again",
    )
