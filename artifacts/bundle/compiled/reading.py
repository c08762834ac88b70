"""Read from a fitted estimator, its class and parameters, what it does to each column.

An estimator is read only if its class is exactly one of those listed here, and all its parameters
are listed too: what a later version adds is not compiled until somebody has looked at it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

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

from artifacts.bundle.compiled.outputs import (
    Affine,
    CategoricalOutput,
    Fill,
    Flag,
    NotCompilable,
    NumericOutput,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from artifacts.bundle.column_inputs import ColumnInput, ColumnInputs
    from artifacts.bundle.compiled.outputs import Output
    from artifacts.bundle.estimator import Estimator

    Outputs = Sequence[Output]

__all__ = ["outputs_of"]


def outputs_of(estimator: Estimator, column_inputs: ColumnInputs) -> list[Output]:
    """Describe each column of the output; raises ``NotCompilable`` where that is not certain.

    May raise anything for an estimator that lacks a part.
    """
    if column_inputs.shape == "texts":
        message = "bare texts"
        raise NotCompilable(message)
    inputs = {column.name: _unchanged(column) for column in column_inputs.columns}
    names = (
        getattr(estimator, "feature_names_in_", None) if column_inputs.shape == "frame" else None
    )
    return _read(estimator, [inputs.get(name) for name in (inputs if names is None else names)])


def _unchanged(column: ColumnInput) -> Output | None:
    """Return the output that is the input column itself; None for a text."""
    if column.kind == "category":
        return CategoricalOutput(column.name)
    if column.kind == "text":
        return None
    missing = column.missing
    return NumericOutput(column.name, missing if isinstance(missing, int | float) else math.nan)


def _read(estimator: Estimator, inputs: Sequence[Output | None]) -> list[Output]:
    """Return the outputs of an estimator; only a ColumnTransformer may leave out one of None."""
    kind = type(estimator)
    if kind not in _PARAMETERS:
        message = f"a {kind.__name__}"
        raise NotCompilable(message)
    _check_as_fitted(estimator, _PARAMETERS[kind].split())
    if kind is ColumnTransformer:
        return _column_transformer(estimator, inputs)
    if kind is Pipeline:
        return _pipeline(estimator, inputs)
    return _READERS[kind](estimator, _present(inputs))


def _present(inputs: Sequence[Output | None]) -> list[Output]:
    present = [output for output in inputs if output is not None]
    if len(present) < len(inputs):
        message = "a text, or a column that is not there"
        raise NotCompilable(message)
    return present


def _check_as_fitted(estimator: Estimator, parameters: Sequence[str]) -> None:
    """Refuse unknown parameters, and attributes that neither they nor fitting set."""
    attributes = vars(estimator)
    fitted = {name for name in attributes if name.startswith("_") or name.endswith("_")}
    strange = {*estimator.get_params(deep=False), *(attributes.keys() - fitted)} - {*parameters}
    strange |= {name for name in fitted if callable(attributes[name])}
    containers = attributes.get("_sklearn_output_config", {}).values()
    if strange or {*containers} - {"default"}:
        message = f"a {type(estimator).__name__} with {sorted(strange) or 'an output of its own'}"
        raise NotCompilable(message)


def _require(condition: object, estimator: Estimator) -> None:
    if not condition:
        message = f"parameters of a {type(estimator).__name__}"
        raise NotCompilable(message)


def _column_transformer(estimator: Estimator, inputs: Sequence[Output | None]) -> list[Output]:
    _require(estimator.transformer_weights is None, estimator)
    indices_of = vars(estimator)["_transformer_to_input_indices"]
    used: set[int] = set()
    outputs: list[Output] = []
    for name, inner, columns in estimator.transformers_:
        if (isinstance(inner, str) and inner == "drop") or len(indices_of[name]) == 0:
            continue
        _require(not np.isscalar(columns), estimator)
        used.update(indices_of[name])
        outputs += _step(inner, [inputs[index] for index in indices_of[name]])
    # Scaling may have refused a number that is dropped here.
    dropped = (output for index, output in enumerate(inputs) if index not in used)
    _require(
        not any(isinstance(output, NumericOutput) and output.steps for output in dropped), estimator
    )
    return [output.made_sparse() for output in outputs] if estimator.sparse_output_ else outputs


def _pipeline(estimator: Estimator, inputs: Sequence[Output | None]) -> list[Output]:
    _require(vars(estimator).get("transform_input") is None, estimator)
    outputs = inputs
    for _, inner in estimator.steps:
        outputs = _step(inner, outputs)
    return _present(outputs)


def _step(inner: Estimator, inputs: Sequence[Output | None]) -> list[Output]:
    if inner is None or (isinstance(inner, str) and inner == "passthrough"):
        return _present(inputs)
    return _read(inner, inputs)


def _identity(estimator: Estimator, inputs: Outputs) -> list[Output]:
    _require(estimator.func is None and not estimator.validate and not estimator.kw_args, estimator)
    return list(inputs)


def _imputer(estimator: Estimator, inputs: Outputs) -> list[Output]:
    _require(estimator.copy is True, estimator)
    _require(estimator.strategy in ("mean", "median", "most_frequent", "constant"), estimator)
    missing, statistics = estimator.missing_values, estimator.statistics_
    _require(statistics.shape == (len(inputs),), estimator)
    dtype = vars(estimator).get("_fill_dtype", statistics.dtype)
    kept = [
        _filled(output, missing, statistics[index : index + 1].astype(dtype)[0])
        for index, output in enumerate(inputs)
        if estimator.keep_empty_features or statistics[index] == statistics[index]
    ]
    if not estimator.add_indicator:
        return kept
    indicator = estimator.indicator_
    _require(type(indicator) is MissingIndicator and not indicator.error_on_new, estimator)
    _require(indicator.sparse == "auto", estimator)
    return kept + [_flag(inputs[index], missing) for index in indicator.features_]


def _filled(output: Output, missing: object, fill: object) -> Output:
    if isinstance(output, CategoricalOutput):
        return output.knowing(frozenset({str(missing)} if isinstance(missing, str) else ()))
    return output.then(Fill(_number(missing), _number(fill)))


def _flag(output: Output, missing: object) -> Output:
    if isinstance(output, CategoricalOutput):
        return output.encoded(frozenset({str(missing)} if isinstance(missing, str) else ()))
    return output.then(Flag(_number(missing)))


def _number(value: object) -> float:
    if isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool):
        return float(value)
    message = "a constant that is no number"
    raise NotCompilable(message)


def _indicator(estimator: Estimator, inputs: Outputs) -> list[Output]:
    every = len(estimator.features_) == len(inputs)
    _require(every or estimator.features == "all" or not estimator.error_on_new, estimator)
    flags = [_flag(inputs[index], estimator.missing_values) for index in estimator.features_]
    return [flag.made_sparse() for flag in flags] if estimator.sparse is True else flags


def _onehot(estimator: Estimator, inputs: Outputs) -> list[Output]:
    widths = vars(estimator)["_n_features_outs"]
    encoded = _ordinal(estimator, inputs)
    return [output for output, width in zip(encoded, widths, strict=True) for _ in range(width)]


def _ordinal(estimator: Estimator, inputs: Outputs) -> list[Output]:
    encoded: list[Output] = []
    for output, categories in zip(inputs, estimator.categories_, strict=True):
        if not isinstance(output, CategoricalOutput):
            message = "an encoder of numbers"
            raise NotCompilable(message)
        known = (str(category) for category in categories if isinstance(category, str))
        encoded.append(output.encoded(frozenset(known)))
    return encoded


def _standard(estimator: Estimator, inputs: Outputs) -> list[Output]:
    constants = {
        "subtract": estimator.mean_ if estimator.with_mean else None,
        "divide": estimator.scale_ if estimator.with_std else None,
    }
    return _scaled(estimator, inputs, constants)


def _robust(estimator: Estimator, inputs: Outputs) -> list[Output]:
    constants = {
        "subtract": estimator.center_ if estimator.with_centering else None,
        "divide": estimator.scale_ if estimator.with_scaling else None,
    }
    return _scaled(estimator, inputs, constants)


def _min_max(estimator: Estimator, inputs: Outputs) -> list[Output]:
    constants = {"multiply": estimator.scale_, "add": estimator.min_}
    bounds = estimator.feature_range if estimator.clip else None
    return _scaled(estimator, inputs, constants, bounds)


def _max_abs(estimator: Estimator, inputs: Outputs) -> list[Output]:
    bounds = (-1.0, 1.0) if vars(estimator).get("clip", False) else None
    return _scaled(estimator, inputs, {"divide": estimator.scale_}, bounds)


def _scaled(
    estimator: Estimator,
    inputs: Outputs,
    constants: Mapping[str, NDArray[np.float64] | None],
    bounds: tuple[float, float] | None = None,
) -> list[Output]:
    """Return the outputs after arithmetic with these constants, float [inputs] by operation."""
    _require(estimator.copy is True, estimator)
    arrays = {name: values for name, values in constants.items() if values is not None}
    for values in arrays.values():
        _require(
            values.shape == (len(inputs),) and values.dtype in (np.float32, np.float64), estimator
        )
        _require(not np.isinf(values).any(), estimator)
    _require(0.0 not in arrays.get("divide", ()), estimator)
    limits = (
        {} if bounds is None else dict(zip(("lowest", "highest"), map(float, bounds), strict=True))
    )
    return [
        output.then(
            Affine(**{name: float(values[index]) for name, values in arrays.items()}, **limits)
        )
        for index, output in enumerate(inputs)
    ]


_READERS: dict[type, Callable[[Estimator, Outputs], list[Output]]] = {
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
