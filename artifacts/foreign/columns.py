"""A fitted scikit-learn estimator in a joblib file: what it takes, and in which form."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import sklearn
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from artifacts.foreign.seen import Seen, plain_value, seen_by
from artifacts.frames import Frame, FrameColumn, Native
from guards.errors import CallError, Finding, GuardRefused, PartError, first_line
from guards.integrity.compression import decompressed
from guards.integrity.fingerprint import digest
from guards.integrity.unpickling import ForbiddenGlobal, load_with_versions
from guards.schema import MISSING, canonical_category

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from artifacts.tables import ColumnRoles

__all__ = ["ForeignColumns", "read_columns"]

_MOST_BYTES = 2 * 1024**3
_PICKLED = (b"\x80\x03", b"\x80\x04", b"\x80\x05")


@dataclass(frozen=True, slots=True)
class ForeignColumns:
    """A fitted estimator, the input that it takes, and the file that it came from.

    ``categories`` are the canonical categories that each categorical column's encoder knows, None
    where no encoder says. ``lookalikes`` are those that it was meant to encode unknown ones as;
    ``without_bucket`` are the columns whose encoder was to have infrequent ones for that, and has
    none.
    """

    path: str
    estimator: Any
    frame: Frame
    categories: dict[str, tuple[str, ...] | None]
    lookalikes: dict[str, frozenset[str]]
    without_bucket: tuple[str, ...]
    sha256: str
    fitted_under: tuple[str, ...]


def read_columns(
    path: Path, roles: ColumnRoles, trusted: Collection[str], accepted_versions: Collection[str]
) -> ForeignColumns:
    """Read a joblib file through the allowlist and find out what it takes.

    ``accepted_versions`` are versions of scikit-learn that the columns may have been fitted under
    though another is installed. Raises ``CallError`` for a file or roles that do not fit, and
    ``GuardRefused`` with findings for columns that would not do in service what they did in
    training.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        message = f"--columns {path}: cannot be read: {error.strerror}"
        raise CallError(message) from None
    estimator, versions = _unpickled(path, data, frozenset(trusted))
    _check_estimator(path, estimator)
    _check_versions(path, versions - {sklearn.__version__} - set(accepted_versions))
    names = _input_names(path, estimator, roles)
    seen = _seen(path, estimator, names)
    _check_roles(path, roles, seen)
    frame = _frame(path, estimator, roles, names, seen)
    by_name = {column.name: column for column in frame.columns}
    return ForeignColumns(
        path=str(path),
        estimator=estimator,
        frame=frame,
        categories={
            name: tuple(by_name[name].natives) if seen[name].known else None
            for name in roles.categorical
        },
        lookalikes={name: frozenset(seen[name].lookalikes) for name in roles.categorical},
        without_bucket=tuple(name for name in roles.categorical if seen[name].has_no_bucket),
        sha256=hashlib.sha256(data).hexdigest(),
        fitted_under=tuple(sorted(versions)),
    )


def _unpickled(path: Path, data: bytes, trusted: frozenset[str]) -> tuple[Any, frozenset[str]]:
    try:
        plain = decompressed(data, str(path), _MOST_BYTES)
        if not plain.startswith(_PICKLED):
            message = f"--columns {path}: is no joblib file, and no pickle of protocol 3 or later"
            raise CallError(message)
        return load_with_versions(plain, str(path), trusted)
    except ForbiddenGlobal as refusal:
        remedy = (
            "dump what encodes the columns, and neither data nor a classifier; only where you know "
            f"the source of {refusal.wanted}, add --trust {refusal.wanted}"
        )
        raise PartError(replace(refusal.findings[0], remedy=remedy)) from None
    except PartError as refusal:
        finding = refusal.findings[0]
        if finding.code != "part_unreadable":
            raise
        message = f"--columns {path}: expected {finding.expected}; {finding.observed}"
        raise CallError(message) from None


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
    raise GuardRefused(
        str(path),
        [
            Finding(
                code="fitted_under_another_version",
                subject=path.name,
                expected=f"columns fitted under scikit-learn {sklearn.__version__}",
                observed=f"scikit-learn {fitted}: what they gave in training cannot be seen here",
                remedy=f"seal where scikit-learn {fitted} is installed; where you know that both "
                f"give the same, add {accept}",
            )
        ],
    )


def _input_names(path: Path, estimator: Any, roles: ColumnRoles) -> list[str]:  # noqa: ANN401 (scikit-learn is untyped)
    """Name the estimator's inputs in its order; none for one that takes bare texts."""
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


def _seen(path: Path, estimator: Any, names: Sequence[str]) -> dict[str, Seen]:  # noqa: ANN401 (scikit-learn is untyped)
    try:
        return seen_by(estimator, names)
    except (AttributeError, IndexError, TypeError) as error:  # fitted by another version, perhaps
        message = (
            f"--columns {path}: holds no whole {type(estimator).__name__}: {first_line(error)}"
        )
        raise CallError(message) from None


def _check_roles(path: Path, roles: ColumnRoles, seen: dict[str, Seen]) -> None:
    texts = {name for name, one in seen.items() if one.is_text or name in roles.text}
    if texts - set(roles.text) or (texts and len(roles.text) > 1):
        held = " and ".join(roles.text) + (" joined" if len(roles.text) > 1 else "")
        message = (
            f"--columns {path}: a vectorizer reads {min(texts)!r}, and the one text that a request "
            f"holds is {held}; fit it on one text column, and name that"
        )
        raise CallError(message)
    undeclared = sorted(seen.keys() - texts - set(roles.features))
    if undeclared:
        message = (
            f"--columns {path}: takes {undeclared[0]!r}; say --numeric or --categorical for it"
        )
        raise CallError(message)
    unused = sorted(set(roles.features) - seen.keys())
    if unused:
        taken = ", ".join(seen) or "text alone"
        message = f"--columns {path}: does not take {unused[0]!r}; it takes {taken}"
        raise CallError(message)


def _frame(
    path: Path,
    estimator: Any,  # noqa: ANN401 (scikit-learn is untyped)
    roles: ColumnRoles,
    names: Sequence[str],
    seen: dict[str, Seen],
) -> Frame:
    if not names:
        return Frame("texts", ())
    columns = []
    for name in (one for one in names if one in seen):
        if name in roles.text:
            columns.append(FrameColumn(name, "text", {}, None, None, "object"))
        elif name in roles.numeric:
            columns.append(
                FrameColumn(name, "numeric", {}, _missing_number(seen[name]), None, "float64")
            )
        else:
            columns.append(_category(path, name, seen[name]))
    return Frame("frame" if hasattr(estimator, "feature_names_in_") else "array", tuple(columns))


def _missing_number(seen: Seen) -> float:
    numbers = [value for value in seen.imputed if isinstance(value, int | float)]
    return float(numbers[0]) if numbers else math.nan


def _category(path: Path, name: str, seen: Seen) -> FrameColumn:
    known = [plain_value(value) for values in seen.known for value in values]
    # Where no encoder says what it knows, a truth value may be what a number was.
    natives: dict[str, Native] = {} if known else {"false": False, "true": True}
    missing: list[Native] = []
    for value in (*known, *seen.imputed):
        canonical = canonical_category(value)
        if canonical is None:
            raise _collision(path, name, value, "no text, whole number or truth value")
        if canonical == MISSING:
            missing.append(value)
        elif natives.setdefault(canonical, value) != value:
            raise _collision(path, name, value, natives[canonical])
    is_number = bool(known) and all(values.dtype.kind in "iuf" for values in seen.known)
    return FrameColumn(
        name=name,
        kind="category",
        natives=natives,
        missing=_missing_category(path, name, seen, missing),
        unknown=max([float(v) for v in natives.values()], default=0.0) + 1.0 if is_number else None,  # type: ignore[arg-type]  # they are numbers
        dtype="float64" if is_number else "object",
    )


def _missing_category(path: Path, name: str, seen: Seen, forms: Sequence[Native]) -> Native:
    """Give what stood for a missing value: of two such values no request could tell which."""
    apart = {repr(form): form for form in forms if repr(form) not in seen.filled_in}
    found = [*apart.values(), *seen.imputed, math.nan]
    if len(apart) > 1:
        raise _collision(path, name, found[0], found[1])
    return found[0]


def _collision(path: Path, name: str, value: Native, other: object) -> GuardRefused:
    return GuardRefused(
        str(path),
        [
            Finding(
                code="categories_collide",
                subject=name,
                expected="values that stay apart in requests, where 1, 1.0 and ' 1' are one, and "
                "'', 'nan' and a missing value are another",
                observed=f"{value!r} and {other!r}",
                remedy="clean the column before it is encoded, and train again",
            )
        ],
    )
