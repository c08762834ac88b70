"""Collect what the fitted estimators inside the columns reveal about each raw input."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import TargetEncoder

from guards.schema import canonical_category

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from artifacts.bundle.column_inputs import Native
    from artifacts.bundle.estimator import Estimator

__all__ = ["FittedInput", "fitted_inputs_of", "python_value"]


@dataclass(slots=True)
class FittedInput:
    """What the estimators that take one raw input column reveal about it.

    ``known`` are the categories of each encoder, ``imputed`` the values that stand for a missing
    one, ``filled_in`` the ``repr`` of what imputers put in their place, ``lookalikes`` the
    canonical categories that an encoder is meant to encode unknown ones as. ``has_no_bucket`` says
    that an encoder was meant to count unknown categories as infrequent, but has no infrequent ones.
    """

    known: list[NDArray[np.generic]] = field(default_factory=list)
    imputed: list[Native] = field(default_factory=list)
    filled_in: set[str] = field(default_factory=set)
    lookalikes: set[str] = field(default_factory=set)
    has_no_bucket: bool = False
    is_text: bool = False


def fitted_inputs_of(estimator: Estimator, names: Sequence[str]) -> dict[str, FittedInput]:
    """Return every raw input that ``estimator`` takes, by name.

    ``names`` are the inputs in the estimator's order, none if it takes bare texts. Raises
    ``AttributeError``, ``IndexError`` or ``TypeError`` for an estimator that lacks what fitting
    sets.
    """
    fitted_inputs: defaultdict[str, FittedInput] = defaultdict(FittedInput)
    for leaf, inputs in _leaves(estimator, names):
        for index, name in enumerate(inputs):
            _collect(leaf, index, fitted_inputs[name])
    return dict(fitted_inputs)


def _leaves(
    estimator: Estimator, names: Sequence[str]
) -> Iterator[tuple[Estimator, Sequence[str]]]:
    """Yield each fitted estimator that takes raw columns, with their names in its order."""
    if isinstance(estimator, str) and estimator == "drop":
        return
    if hasattr(estimator, "transformers_"):
        indices_of = estimator._transformer_to_input_indices  # noqa: SLF001 (the public list has many forms)
        for name, fitted, _ in estimator.transformers_:
            yield from _leaves(fitted, [names[index] for index in indices_of.get(name, ())])
    elif hasattr(estimator, "transformer_list"):
        for _, fitted in estimator.transformer_list:
            yield from _leaves(fitted, names)
    elif hasattr(estimator, "steps"):
        for _, fitted in estimator.steps:
            yield from _leaves(fitted, names)
            if not _keeps_columns(fitted, names):
                return
    else:
        yield estimator, names


def _keeps_columns(fitted: object, names: Sequence[str]) -> bool:
    """Return whether the next step of a pipeline still gets the raw values, in the same columns."""
    if isinstance(fitted, SimpleImputer):
        flags = len(fitted.indicator_.features_) if fitted.add_indicator else 0
        return len(fitted.get_feature_names_out()) - flags == len(names)
    return isinstance(fitted, str)


def _collect(leaf: Estimator, index: int, fitted_input: FittedInput) -> None:
    """Add what one estimator reveals about its input at ``index``."""
    if isinstance(leaf, CountVectorizer | HashingVectorizer):
        fitted_input.is_text = True
    if hasattr(leaf, "missing_values"):
        fitted_input.imputed.append(python_value(leaf.missing_values))
    if isinstance(leaf, SimpleImputer):
        fitted_input.filled_in.add(repr(python_value(leaf.statistics_[index])))
    known = getattr(leaf, "categories_", None)
    if known is None:
        return
    fitted_input.known.append(known[index])
    if isinstance(leaf, TargetEncoder):
        # Unknown is encoded as the mean over all rows, which may be that of a category.
        fitted_input.lookalikes |= _canonical(known[index])
    infrequent = (getattr(leaf, "infrequent_categories_", None) or {index: None})[index]
    if infrequent is not None:
        fitted_input.lookalikes |= _canonical(infrequent)
    elif getattr(leaf, "handle_unknown", None) in {"infrequent_if_exist", "warn"}:
        fitted_input.has_no_bucket = True


def _canonical(categories: NDArray[np.generic]) -> set[str]:
    return {canonical_category(python_value(category)) or "" for category in categories}


def python_value(value: Native | np.generic) -> Native:
    """Return the Python value of what may be a numpy scalar."""
    python: Native = value.item() if isinstance(value, np.generic) else value
    return python
