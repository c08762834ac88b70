"""Read a fitted scikit-learn estimator from a joblib file, and find out which input it takes."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import sklearn
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from artifacts.bundle.column_inputs import ColumnInput, ColumnInputs, Native
from artifacts.imported.fitted_inputs import FittedInput, fitted_inputs_of, python_value
from artifacts.imported.serving_form import set_serving_form
from guards.bundle.directory import NotAPlainFile, read_plain_file
from guards.errors import CallError, Finding, GuardRefused, PartError, first_line
from guards.integrity.requirements import trust_options
from guards.integrity.state.fingerprint import digest
from guards.integrity.unpickling.decompression import decompressed
from guards.integrity.unpickling.unpickler import (
    ForbiddenGlobals,
    Unpickled,
    load_with_origins,
)
from guards.schema import MISSING, canonical_category

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path

    from artifacts.bundle.estimator import Estimator
    from artifacts.tables import ColumnRoles

__all__ = ["ImportedColumns", "read_columns"]

_MAX_EXACT = 2**53
_MAX_BYTES = 2 * 1024**3

_NEVER_SEALED = {
    "functools.partial": "use a function of a module, and `kw_args` for its arguments",
    "scipy.interpolate._bsplines.BSpline": "encode the column otherwise, as by KBinsDiscretizer",
}
"""What to use in the place of objects whose state cannot be compared."""

_PICKLED = (b"\x80\x03", b"\x80\x04", b"\x80\x05")


@dataclass(frozen=True, slots=True)
class ImportedColumns:
    """A fitted estimator, the input that it takes, and the file that it came from.

    ``categories`` are the canonical categories that the encoder of each categorical column knows,
    None if there is no encoder. ``lookalikes`` are those that it is meant to encode unknown ones
    as. ``without_bucket`` are the columns whose encoder is meant to count unknown categories as
    infrequent, but has no infrequent ones. ``trusted`` are the globals beyond the allowlist that
    the file loaded, and ``notes`` are to be read.
    """

    path: str
    estimator: Estimator
    column_inputs: ColumnInputs
    categories: dict[str, tuple[str, ...] | None]
    lookalikes: dict[str, frozenset[str]]
    without_bucket: tuple[str, ...]
    sha256: str
    fitted_under: tuple[str, ...]
    trusted: tuple[str, ...]
    notes: tuple[str, ...]


def read_columns(
    path: Path, roles: ColumnRoles, trusted: Collection[str], accepted_versions: Collection[str]
) -> ImportedColumns:
    """Read a joblib file through the allowlist and find out which input its estimator takes.

    ``accepted_versions`` are versions of scikit-learn that the columns may have been fitted under
    although another is installed. Raises ``CallError`` for a file or roles that do not fit, and
    ``GuardRefused`` with findings for columns that would not transform as they did in training.
    """
    try:
        _, data = read_plain_file(path.resolve(), _MAX_BYTES)
    except NotAPlainFile as other:
        message = f"--columns {path}: a {other}; give a file that joblib.dump wrote"
        raise CallError(message) from None
    except OSError as error:
        message = f"--columns {path}: cannot be read: {error.strerror}"
        raise CallError(message) from None
    unpickled = _unpickled(path, data, frozenset(trusted))
    estimator = unpickled.value
    notes = _serving_notes(path, estimator)
    _check_estimator(path, estimator)
    _check_versions(path, unpickled.versions - {sklearn.__version__} - set(accepted_versions))
    names = _input_names(path, estimator, roles)
    inputs = _fitted_inputs(path, estimator, names)
    _check_roles(path, roles, inputs)
    column_inputs = _column_inputs(path, estimator, roles, names, inputs)
    by_name = {column.name: column for column in column_inputs.columns}
    return ImportedColumns(
        path=str(path),
        estimator=estimator,
        column_inputs=column_inputs,
        categories={
            name: tuple(by_name[name].natives) if inputs[name].known else None
            for name in roles.categorical
        },
        lookalikes={name: frozenset(inputs[name].lookalikes) for name in roles.categorical},
        without_bucket=tuple(name for name in roles.categorical if inputs[name].has_no_bucket),
        sha256=hashlib.sha256(data).hexdigest(),
        fitted_under=tuple(sorted(unpickled.versions)),
        trusted=unpickled.trusted,
        notes=tuple(notes),
    )


def _unpickled(path: Path, data: bytes, trusted: frozenset[str]) -> Unpickled:
    try:
        pickled = decompressed(data, str(path), _MAX_BYTES)
        if not pickled.startswith(_PICKLED):
            message = f"--columns {path}: is no joblib file, and no pickle of protocol 3 or later"
            raise CallError(message)
        return load_with_origins(pickled, str(path), trusted)
    except ForbiddenGlobals as refusal:
        raise PartError(_unless_trusted(refusal)) from None
    except PartError as refusal:
        finding = refusal.findings[0]
        if finding.code != "part_unreadable":
            raise
        message = f"--columns {path}: expected {finding.expected}; {finding.observed}"
        raise CallError(message) from None


def _unless_trusted(refusal: ForbiddenGlobals) -> Finding:
    names = refusal.names
    remedy = _instead(names) or (
        "dump what encodes the columns, and neither data nor a classifier; only where you know the "
        f"source of everything named, add {trust_options(names)}"
    )
    observed = f"the file wants to load {', '.join(names)}"
    return replace(refusal.findings[0], observed=observed, remedy=remedy)


def _instead(names: Iterable[str]) -> str:
    """Return what to do where a name cannot be sealed even if it is trusted; empty without one."""
    for name in names:
        if name.startswith("__main__."):
            return f"{name} is known to the notebook or script alone: move it into a module"
        if name in _NEVER_SEALED:
            return f"{name} cannot be sealed: {_NEVER_SEALED[name]}"
    return ""


def _serving_notes(path: Path, estimator: object) -> list[str]:
    """Return the notes on setting the form in which the estimator serves."""
    try:
        return set_serving_form(estimator)
    except (AttributeError, TypeError, ValueError) as error:
        raise _not_whole(path, estimator, error) from None


def _not_whole(path: Path, estimator: object, error: Exception) -> CallError:
    kind = type(estimator).__name__
    return CallError(f"--columns {path}: holds no whole {kind}: {first_line(error)}")


def _check_estimator(path: Path, estimator: object) -> None:
    kind = type(estimator).__name__
    if not hasattr(estimator, "transform"):
        message = (
            f"--columns {path}: holds a {kind}, which cannot transform; give the fitted "
            "ColumnTransformer or Pipeline that encodes the columns, and nothing after it"
        )
        raise CallError(message)
    try:
        check_is_fitted(estimator)
        digest(estimator)
    except NotFittedError:
        message = f"--columns {path}: the {kind} is not fitted; give the one that training fitted"
        raise CallError(message) from None
    except (TypeError, RecursionError) as error:
        message = f"--columns {path}: the {kind} cannot be sealed: {first_line(error)}"
        raise CallError(message) from None


def _check_versions(path: Path, others: Collection[str]) -> None:
    if not others:
        return
    fitted = ", ".join(sorted(others))
    accept = " ".join(f"--accept-fitted-under {version}" for version in sorted(others))
    finding = Finding(
        code="fitted_under_another_version",
        subject=path.name,
        expected=f"columns fitted under scikit-learn {sklearn.__version__}",
        observed=f"scikit-learn {fitted}: what they gave in training cannot be seen here",
        remedy=f"seal where scikit-learn {fitted} is installed; where you know that both "
        f"give the same, add {accept}",
    )
    raise GuardRefused(str(path), [finding])


def _input_names(path: Path, estimator: Estimator, roles: ColumnRoles) -> list[str]:
    """Return the names of the estimator's inputs in its order; none if it takes bare texts."""
    names = getattr(estimator, "feature_names_in_", None)
    if names is not None:
        return [str(name) for name in names]
    count = getattr(estimator, "n_features_in_", None)
    if count is None:
        return []
    if roles.numeric and roles.categorical:
        message = (
            f"--columns {path}: was fitted on an array, so that nothing says which of its columns "
            "is which; fit it on a DataFrame"
        )
        raise CallError(message)
    if len(roles.features) != count:
        message = f"--columns {path}: takes {count} columns; {len(roles.features)} are named"
        raise CallError(message)
    return list(roles.features)


def _fitted_inputs(
    path: Path, estimator: Estimator, names: Sequence[str]
) -> dict[str, FittedInput]:
    try:
        return fitted_inputs_of(estimator, names)
    except (AttributeError, IndexError, TypeError) as error:  # fitted by another version, perhaps
        raise _not_whole(path, estimator, error) from None


def _check_roles(path: Path, roles: ColumnRoles, inputs: dict[str, FittedInput]) -> None:
    texts = {name for name, each in inputs.items() if each.is_text or name in roles.text}
    if texts - set(roles.text) or (texts and len(roles.text) > 1):
        text = " and ".join(roles.text) + (" joined" if len(roles.text) > 1 else "")
        message = (
            f"--columns {path}: a vectorizer reads {min(texts)!r}, and the one text that a request "
            f"holds is {text}; fit it on one text column, and name that"
        )
        raise CallError(message)
    undeclared = sorted(inputs.keys() - texts - set(roles.features))
    if undeclared:
        message = (
            f"--columns {path}: takes {undeclared[0]!r}; say --numeric or --categorical for it"
        )
        raise CallError(message)
    unused = sorted(set(roles.features) - inputs.keys())
    if unused:
        names = ", ".join(inputs) or "text only"
        message = f"--columns {path}: does not take {unused[0]!r}; it takes {names}"
        raise CallError(message)


def _column_inputs(
    path: Path,
    estimator: Estimator,
    roles: ColumnRoles,
    names: Sequence[str],
    inputs: dict[str, FittedInput],
) -> ColumnInputs:
    if not names:
        return ColumnInputs("texts", ())
    columns = []
    for name in names:
        if name not in inputs:
            continue
        if name in roles.text:
            columns.append(ColumnInput(name, "text", {}, None, None, "object"))
        elif name in roles.numeric:
            numbers = [value for value in inputs[name].imputed if isinstance(value, int | float)]
            missing = float(numbers[0]) if numbers else math.nan
            columns.append(ColumnInput(name, "numeric", {}, missing, None, "float64"))
        else:
            columns.append(_category(path, name, inputs[name]))
    return ColumnInputs(
        "frame" if hasattr(estimator, "feature_names_in_") else "array", tuple(columns)
    )


def _category(path: Path, name: str, fitted_input: FittedInput) -> ColumnInput:
    known = [python_value(value) for values in fitted_input.known for value in values]
    # Without an encoder that knows its categories, they may be truth values, written in words.
    natives: dict[str, Native] = {} if known else {"false": False, "true": True}
    missing: list[Native] = []
    for value in (*known, *fitted_input.imputed):
        canonical = canonical_category(value)
        if canonical is None:
            raise _collision(path, name, value, "no text, whole number or truth value")
        if canonical == MISSING:
            missing.append(value)
        elif natives.setdefault(canonical, value) != value:
            raise _collision(path, name, value, natives[canonical])
    is_number = bool(known) and all(values.dtype.kind in "iuf" for values in fitted_input.known)
    if any(isinstance(value, int) and abs(value) >= _MAX_EXACT for value in known):
        # As doubles, several 64-bit identifiers would be one.
        is_number = False
    return ColumnInput(
        name=name,
        kind="category",
        natives=natives,
        missing=_missing_category(path, name, fitted_input, missing),
        unknown=max([float(v) for v in natives.values()], default=0.0) + 1.0 if is_number else None,  # type: ignore[arg-type]  # they are numbers
        dtype="float64" if is_number else "object",
    )


def _missing_category(
    path: Path, name: str, fitted_input: FittedInput, forms: Sequence[Native]
) -> Native:
    """Return what stood for a missing value in training.

    ``forms`` are the values that a request can only give as missing. Two of them are refused, since
    no request could say which one is meant; those that an imputer filled in do not count.
    """
    distinct = {repr(form): form for form in forms if repr(form) not in fitted_input.filled_in}
    candidates = [*distinct.values(), *fitted_input.imputed, math.nan]
    if len(distinct) > 1:
        raise _collision(path, name, candidates[0], candidates[1])
    return candidates[0]


def _collision(path: Path, name: str, value: Native, other: object) -> GuardRefused:
    finding = Finding(
        code="categories_collide",
        subject=name,
        expected="values that stay apart in requests, where 1, 1.0 and ' 1' are one, and "
        "'', 'nan' and a missing value are another",
        observed=f"{value!r} and {other!r}",
        remedy="clean the column before it is encoded, and train again",
    )
    return GuardRefused(str(path), [finding])
