"""A name for the type of fitted scikit-learn estimators."""

from __future__ import annotations

from typing import Any, TypeAlias

__all__ = ["Estimator"]

Estimator: TypeAlias = Any
"""A scikit-learn estimator: the library has no type annotations."""
