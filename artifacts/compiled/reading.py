"""What a fitted estimator does to each column, read from its class and parameters.

An estimator is read only where its class is exactly one that is known here, and so is every one of
its parameters: whatever a later version adds is declined until somebody has looked at it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
)

from artifacts.compiled.lanes import Affine, CategoryLane, Declined, Flag, Gap, NumberLane

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from artifacts.frames import Frame, FrameColumn

    Estimator = Any  # scikit-learn is untyped
    Lane = NumberLane | CategoryLane
    Lanes = Sequence[Lane]

__all__ = ["lanes_of"]


def lanes_of(estimator: Estimator, frame: Frame) -> list[Lane]:
    """Give where each place of the output comes from; raises ``Declined`` where that is not sure.

    May raise anything for an estimator that is not whole.
    """
    if frame.shape == "texts":
        message = "bare texts"
        raise Declined(message)
    arriving = {column.name: _arriving(column) for column in frame.columns}
    names = getattr(estimator, "feature_names_in_", None) if frame.shape == "frame" else None
    return _read(estimator, [arriving.get(name) for name in (arriving if names is None else names)])


def _arriving(column: FrameColumn) -> Lane | None:
    if column.kind == "category":
        return CategoryLane(column.name)
    if column.kind == "text":
        return None
    missing = column.missing
    return NumberLane(column.name, missing if isinstance(missing, int | float) else math.nan)


def _read(estimator: Estimator, lanes: Sequence[Lane | None]) -> list[Lane]:
    """Take lanes through an estimator; only a ColumnTransformer may leave out one that is None."""
    kind = type(estimator)
    if kind not in _PARAMETERS:
        message = f"a {kind.__name__}"
        raise Declined(message)
    _check_as_fitted(estimator, _PARAMETERS[kind].split())
    if kind is ColumnTransformer:
        return _transformers(estimator, lanes)
    if kind is Pipeline:
        return _pipeline(estimator, lanes)
    return _LEAVES[kind](estimator, _present(lanes))


def _present(lanes: Sequence[Lane | None]) -> list[Lane]:
    present = [lane for lane in lanes if lane is not None]
    if len(present) < len(lanes):
        message = "a text, or a column that is not there"
        raise Declined(message)
    return present


def _check_as_fitted(estimator: Estimator, parameters: Sequence[str]) -> None:
    """Decline parameters that are not known, and attributes that neither they nor fitting set."""
    attributes = vars(estimator)
    fitted = {name for name in attributes if name.startswith("_") or name.endswith("_")}
    strange = {*estimator.get_params(deep=False), *(attributes.keys() - fitted)} - {*parameters}
    strange |= {name for name in fitted if callable(attributes[name])}
    outputs = attributes.get("_sklearn_output_config", {}).values()
    if strange or {*outputs} - {"default"}:
        message = f"a {type(estimator).__name__} with {sorted(strange) or 'an output of its own'}"
        raise Declined(message)


def _require(truth: object, estimator: Estimator) -> None:
    if not truth:
        message = f"parameters of a {type(estimator).__name__}"
        raise Declined(message)


def _transformers(estimator: Estimator, lanes: Sequence[Lane | None]) -> list[Lane]:
    _require(estimator.transformer_weights is None, estimator)
    places = vars(estimator)["_transformer_to_input_indices"]
    used: set[int] = set()
    found: list[Lane] = []
    for name, inner, columns in estimator.transformers_:
        if (isinstance(inner, str) and inner == "drop") or len(places[name]) == 0:
            continue
        _require(not np.isscalar(columns), estimator)
        used.update(places[name])
        found += _step(inner, [lanes[place] for place in places[name]])
    # A number that was scaled before it is dropped may have been refused on the way.
    dropped = (lane for place, lane in enumerate(lanes) if place not in used)
    _require(not any(isinstance(lane, NumberLane) and lane.steps for lane in dropped), estimator)
    return [lane.made_sparse() for lane in found] if estimator.sparse_output_ else found


def _pipeline(estimator: Estimator, lanes: Sequence[Lane | None]) -> list[Lane]:
    _require(vars(estimator).get("transform_input") is None, estimator)
    found = lanes
    for _, inner in estimator.steps:
        found = _step(inner, found)
    return _present(found)


def _step(inner: Estimator, lanes: Sequence[Lane | None]) -> list[Lane]:
    if inner is None or (isinstance(inner, str) and inner == "passthrough"):
        return _present(lanes)
    return _read(inner, lanes)


def _identity(estimator: Estimator, lanes: Lanes) -> list[Lane]:
    _require(estimator.func is None and not estimator.validate and not estimator.kw_args, estimator)
    return list(lanes)


def _imputer(estimator: Estimator, lanes: Lanes) -> list[Lane]:
    _require(estimator.copy is True, estimator)
    _require(estimator.strategy in ("mean", "median", "most_frequent", "constant"), estimator)
    missing, statistics = estimator.missing_values, estimator.statistics_
    _require(statistics.shape == (len(lanes),), estimator)
    dtype = vars(estimator).get("_fill_dtype", statistics.dtype)
    kept = [
        _filled(lane, missing, statistics[place : place + 1].astype(dtype)[0])
        for place, lane in enumerate(lanes)
        if estimator.keep_empty_features or statistics[place] == statistics[place]
    ]
    if not estimator.add_indicator:
        return kept
    indicator = estimator.indicator_
    _require(type(indicator) is MissingIndicator and not indicator.error_on_new, estimator)
    _require(indicator.sparse == "auto", estimator)
    return kept + [_flag(lanes[place], missing) for place in indicator.features_]


def _filled(lane: Lane, missing: object, fill: object) -> Lane:
    if isinstance(lane, CategoryLane):
        return lane.knowing(frozenset({str(missing)} if isinstance(missing, str) else ()))
    return lane.then(Gap(_number(missing), _number(fill)))


def _flag(lane: Lane, missing: object) -> Lane:
    if isinstance(lane, CategoryLane):
        return lane.encoded(frozenset({str(missing)} if isinstance(missing, str) else ()))
    return lane.then(Flag(_number(missing)))


def _number(value: object) -> float:
    if isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool):
        return float(value)
    message = "what is no number in the place of one"
    raise Declined(message)


def _indicator(estimator: Estimator, lanes: Lanes) -> list[Lane]:
    every = len(estimator.features_) == len(lanes)
    _require(every or estimator.features == "all" or not estimator.error_on_new, estimator)
    flags = [_flag(lanes[place], estimator.missing_values) for place in estimator.features_]
    return [flag.made_sparse() for flag in flags] if estimator.sparse is True else flags


def _onehot(estimator: Estimator, lanes: Lanes) -> list[Lane]:
    widths = vars(estimator)["_n_features_outs"]
    encoded = _ordinal(estimator, lanes)
    return [lane for lane, width in zip(encoded, widths, strict=True) for _ in range(width)]


def _ordinal(estimator: Estimator, lanes: Lanes) -> list[Lane]:
    encoded: list[Lane] = []
    for lane, categories in zip(lanes, estimator.categories_, strict=True):
        if not isinstance(lane, CategoryLane):
            message = "an encoder of numbers"
            raise Declined(message)
        known = (str(category) for category in categories if isinstance(category, str))
        encoded.append(lane.encoded(frozenset(known)))
    return encoded


def _standard(estimator: Estimator, lanes: Lanes) -> list[Lane]:
    constants = {
        "subtract": estimator.mean_ if estimator.with_mean else None,
        "divide": estimator.scale_ if estimator.with_std else None,
    }
    return _scaled(estimator, lanes, constants)


def _robust(estimator: Estimator, lanes: Lanes) -> list[Lane]:
    constants = {
        "subtract": estimator.center_ if estimator.with_centering else None,
        "divide": estimator.scale_ if estimator.with_scaling else None,
    }
    return _scaled(estimator, lanes, constants)


def _min_max(estimator: Estimator, lanes: Lanes) -> list[Lane]:
    constants = {"multiply": estimator.scale_, "add": estimator.min_}
    bounds = estimator.feature_range if estimator.clip else None
    return _scaled(estimator, lanes, constants, bounds)


def _max_abs(estimator: Estimator, lanes: Lanes) -> list[Lane]:
    bounds = (-1.0, 1.0) if vars(estimator).get("clip", False) else None
    return _scaled(estimator, lanes, {"divide": estimator.scale_}, bounds)


def _scaled(
    estimator: Estimator,
    lanes: Lanes,
    constants: Mapping[str, NDArray[Any] | None],
    bounds: tuple[float, float] | None = None,
) -> list[Lane]:
    """Give each lane after the arithmetic that these constants, one a lane, are for."""
    _require(estimator.copy is True, estimator)
    given = {name: values for name, values in constants.items() if values is not None}
    for values in given.values():
        _require(
            values.shape == (len(lanes),) and values.dtype in (np.float32, np.float64), estimator
        )
        _require(not np.isinf(values).any(), estimator)
    _require(0.0 not in given.get("divide", ()), estimator)
    limits = (
        {} if bounds is None else dict(zip(("lowest", "highest"), map(float, bounds), strict=True))
    )
    return [
        lane.then(Affine(**{name: float(values[at]) for name, values in given.items()}, **limits))
        for at, lane in enumerate(lanes)
    ]


_LEAVES: dict[type, Callable[[Estimator, Lanes], list[Lane]]] = {
    FunctionTransformer: _identity,
    SimpleImputer: _imputer,
    MissingIndicator: _indicator,
    OneHotEncoder: _onehot,
    OrdinalEncoder: _ordinal,
    StandardScaler: _standard,
    RobustScaler: _robust,
    MinMaxScaler: _min_max,
    MaxAbsScaler: _max_abs,
}

_PARAMETERS = {
    ColumnTransformer: """transformers remainder sparse_threshold n_jobs transformer_weights verbose
        verbose_feature_names_out force_int_remainder_cols""",
    Pipeline: "steps transform_input memory verbose",
    FunctionTransformer: """func inverse_func validate accept_sparse check_inverse
        feature_names_out kw_args inv_kw_args""",
    SimpleImputer: """missing_values strategy fill_value copy add_indicator
        keep_empty_features""",
    MissingIndicator: "missing_values features sparse error_on_new",
    OneHotEncoder: """categories drop sparse_output dtype handle_unknown min_frequency
        max_categories feature_name_combiner""",
    OrdinalEncoder: """categories dtype handle_unknown unknown_value encoded_missing_value
        min_frequency max_categories""",
    StandardScaler: "copy with_mean with_std",
    RobustScaler: "with_centering with_scaling quantile_range copy unit_variance",
    MinMaxScaler: "feature_range copy clip",
    MaxAbsScaler: "copy clip",
}
"""The classes that are read, and the parameters that they may have."""
