"""Judges bundles and traffic; a pure library with no web framework, no torch and no BentoML.

- ``errors``: the exception tree, and the ``Finding`` that a refusal is made of.
- ``schema``: the inputs that a bundle takes, and the canonical form of a document's columns.
- ``integrity``: is this bundle exactly what the model was trained with?
- ``drift``: what the inputs and answers look like now, against how they looked in training.
"""

from guards.errors import (
    CallError,
    Finding,
    GuardRefused,
    PartError,
    TableError,
    UnderstudyError,
)
from guards.schema import CanonicalRow, CategoricalColumn, NumericColumn, Problem, Schema

__all__ = [
    "CallError",
    "CanonicalRow",
    "CategoricalColumn",
    "Finding",
    "GuardRefused",
    "NumericColumn",
    "PartError",
    "Problem",
    "Schema",
    "TableError",
    "UnderstudyError",
]
