"""Set the parameters of fitted columns that serving has no use for.

None of them changes a number: jobs, output containers, caches of what was fitted, messages, and the
functions that chose columns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import FunctionTransformer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from artifacts.bundle.estimator import Estimator

__all__ = ["set_serving_form"]

_OUTPUT = "_sklearn_output_config"
"""Where scikit-learn keeps what ``set_output`` set."""

_OFF = {"memory": None, "verbose": False}


def set_serving_form(estimator: Estimator) -> list[str]:
    """Change a fitted estimator, in place, to what is sealed of it; return notes to read.

    It transforms with one job, caches nothing and is silent, returns arrays, and lists the columns
    that a function chose. A step of a pipeline goes on returning a frame if the next step takes its
    columns by name.
    """
    jobs = set()
    for each in _estimators(estimator):
        state = each.__dict__
        if state.get("n_jobs") not in (None, 1):
            jobs.add(f"{type(each).__name__}(n_jobs={state['n_jobs']})")
            state["n_jobs"] = None
        if _is_of_sklearn(each):
            state.update({name: off for name, off in _OFF.items() if name in state})
        if isinstance(each, ColumnTransformer) and "_columns" in state:
            state["transformers"] = [
                (name, transformer, columns)
                for (name, transformer, _), columns in zip(
                    each.transformers, state["_columns"], strict=True
                )
            ]
    _set_outputs(estimator, named=True, successor=None)
    return [f"{', '.join(sorted(jobs))}: served with one job"] if jobs else []


def _estimators(value: object) -> Iterator[Estimator]:
    """Yield every estimator in a value."""
    visited: set[int] = set()
    waiting: list[Any] = [value]
    while waiting:
        each = waiting.pop()
        if id(each) in visited:
            continue
        visited.add(id(each))
        if isinstance(each, list | tuple):
            waiting += each
        elif isinstance(each, dict):
            waiting += each.values()
        elif isinstance(each, BaseEstimator):
            waiting += each.__dict__.values()
            yield each


def _set_outputs(estimator: Estimator, *, named: bool, successor: Estimator | None) -> None:
    """Set what an estimator returns to the step ``successor``, or as output where that is None.

    ``named`` says that its own input has names.
    """
    if not isinstance(estimator, BaseEstimator):
        return
    state = estimator.__dict__
    if not named:
        state.pop("feature_names_in_", None)
    if successor is not None and _takes_names(successor):
        if _OUTPUT not in state and hasattr(estimator, "set_output"):
            estimator.set_output(transform="pandas")
        return
    state.pop(_OUTPUT, None)
    if isinstance(estimator, Pipeline):
        _set_outputs_of_steps(estimator, named=named)
    elif isinstance(estimator, ColumnTransformer | FeatureUnion):
        inner = state.get("transformers_", state.get("transformer_list", ()))
        for _, each, *_ in inner:
            _set_outputs(each, named=named, successor=None)


def _set_outputs_of_steps(pipeline: Pipeline, *, named: bool) -> None:
    steps = [step for _, step in pipeline.steps if isinstance(step, BaseEstimator)]
    for step, successor in zip(steps, [*steps[1:], None], strict=True):
        _set_outputs(step, named=named, successor=successor)
        may_return_frames = isinstance(step, FunctionTransformer) or not _is_of_sklearn(step)
        named = may_return_frames or (successor is not None and _takes_names(successor))


def _is_of_sklearn(estimator: Estimator) -> bool:
    return type(estimator).__module__.startswith("sklearn.")


def _takes_names(estimator: Estimator) -> bool:
    """Return whether an estimator may look at the names of the columns that it is given."""
    if isinstance(estimator, Pipeline):
        return any(_takes_names(step) for _, step in estimator.steps[:1])
    if isinstance(estimator, FeatureUnion):
        return any(_takes_names(each) for _, each in estimator.transformer_list)
    looks = (
        isinstance(estimator, ColumnTransformer)
        or (isinstance(estimator, FunctionTransformer) and estimator.func is not None)
        or (isinstance(estimator, BaseEstimator) and not _is_of_sklearn(estimator))
    )
    return looks and hasattr(estimator, "feature_names_in_")
