"""What the fitted estimators inside the columns tell of each raw input that they see."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import TargetEncoder

from guards.schema import canonical_category

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from artifacts.frames import Native

__all__ = ["Seen", "plain_value", "seen_by"]


@dataclass(slots=True)
class Seen:
    """What the estimators that see one raw input column tell of it.

    ``known`` are the categories of each encoder, ``imputed`` the values that stand for a missing
    one, ``filled_in`` what imputers put there (as Python writes it), ``lookalikes`` the canonical
    categories that an encoder means to encode unknown ones as. ``has_no_bucket`` says that one was
    to put unknown categories among its infrequent ones, and has none.
    """

    known: list[np.ndarray[Any, Any]] = field(default_factory=list)
    imputed: list[Native] = field(default_factory=list)
    filled_in: set[str] = field(default_factory=set)
    lookalikes: set[str] = field(default_factory=set)
    has_no_bucket: bool = False
    is_text: bool = False


def seen_by(estimator: Any, names: Sequence[str]) -> dict[str, Seen]:  # noqa: ANN401 (scikit-learn is untyped)
    """Collect what the fitted estimators say of each raw input that any of them takes.

    ``names`` are the inputs in the estimator's order, none where it takes bare texts. Raises
    ``AttributeError``, ``IndexError`` or ``TypeError`` for one that lacks what fitting leaves.
    """
    seen: defaultdict[str, Seen] = defaultdict(Seen)
    for leaf, taken in _leaves(estimator, names):
        for place, name in enumerate(taken):
            _note(leaf, place, seen[name])
    return dict(seen)


def _leaves(estimator: Any, names: Sequence[str]) -> Iterator[tuple[Any, Sequence[str]]]:  # noqa: ANN401
    """Yield each fitted estimator that sees raw columns, with their names in its order."""
    if isinstance(estimator, str) and estimator == "drop":
        return
    if hasattr(estimator, "transformers_"):
        places = estimator._transformer_to_input_indices  # noqa: SLF001 (the public list has many forms)
        for name, fitted, _ in estimator.transformers_:
            yield from _leaves(fitted, [names[place] for place in places.get(name, ())])
    elif hasattr(estimator, "transformer_list"):
        for _, fitted in estimator.transformer_list:
            yield from _leaves(fitted, names)
    elif hasattr(estimator, "steps"):
        for _, fitted in estimator.steps:
            yield from _leaves(fitted, names)
            if not _keeps_places(fitted, names):
                return
    else:
        yield estimator, names


def _keeps_places(fitted: object, names: Sequence[str]) -> bool:
    """Tell whether what follows in a pipeline still sees each column's own values in its place."""
    if isinstance(fitted, SimpleImputer):
        flags = len(fitted.indicator_.features_) if fitted.add_indicator else 0
        return len(fitted.get_feature_names_out()) - flags == len(names)
    return isinstance(fitted, str)


def _note(leaf: Any, place: int, seen: Seen) -> None:  # noqa: ANN401 (scikit-learn is untyped)
    if isinstance(leaf, CountVectorizer):
        seen.is_text = True
    if hasattr(leaf, "missing_values"):
        seen.imputed.append(plain_value(leaf.missing_values))
    if isinstance(leaf, SimpleImputer):
        seen.filled_in.add(repr(plain_value(leaf.statistics_[place])))
    known = getattr(leaf, "categories_", None)
    if known is None:
        return
    seen.known.append(known[place])
    if isinstance(leaf, TargetEncoder):
        # Unknown is the mean over all, and a category may just have that mean.
        seen.lookalikes |= {canonical_category(plain_value(value)) or "" for value in known[place]}
    rare = (getattr(leaf, "infrequent_categories_", None) or {place: None})[place]
    if rare is not None:
        seen.lookalikes |= {canonical_category(plain_value(value)) or "" for value in rare}
    elif getattr(leaf, "handle_unknown", None) in {"infrequent_if_exist", "warn"}:
        seen.has_no_bucket = True


def plain_value(value: Any) -> Native:  # noqa: ANN401 (what an encoder holds)
    """Give the plain value of what may be a numpy scalar."""
    plain: Native = value.item() if isinstance(value, np.generic) else value
    return plain
