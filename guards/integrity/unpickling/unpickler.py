"""Read joblib files through an allowlist of exact globals.

A pickle can call anything that it can name, so it may name only what a fitted preprocessing needs.
Naming packages would not do: ``numpy`` and ``pandas`` both hold functions that run code. And since
a pickle can also change whatever it has named, it may do only what pickling a fitted preprocessing
needs: make an estimator, give it a state, rebuild an array or a list of columns.

A global that is not allowed does not end the reading: it is noted, an inert placeholder stands for
it and for all that would be made with it, and the file is refused at its end. So one refusal names
all of them. From the first one on nothing is imported, and no trusted code runs.
"""

from __future__ import annotations

import io
import pickletools
import struct
import warnings
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from joblib.numpy_pickle import NumpyArrayWrapper, NumpyUnpickler

from guards.errors import Finding, PartError, first_line
from guards.integrity.unpickling import numpy_state, pandas_state
from guards.integrity.unpickling.allowlist import (
    ARRAY_RECORD,
    CONTAINERS,
    ESTIMATORS,
    REBUILT,
    VALUES,
)
from guards.integrity.unpickling.soundness import unsound
from guards.integrity.unpickling.totals import excessive
from guards.integrity.unpickling.unpickled_file import UnpickledFile, refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from guards.json_types import JsonMapping

__all__ = ["ForbiddenGlobals", "Unpickled", "load_with_origins", "loads"]

T = TypeVar("T")

_INSTRUCTIONS = {
    "ADDITEMS", "APPEND", "APPENDS", "BINBYTES", "BINBYTES8", "BINFLOAT", "BINGET", "BININT",
    "BININT1", "BININT2", "BINPUT", "BINUNICODE", "BINUNICODE8", "BUILD", "BYTEARRAY8",
    "EMPTY_DICT", "EMPTY_LIST", "EMPTY_SET", "EMPTY_TUPLE", "FRAME", "GLOBAL",
    "LONG1", "LONG4", "LONG_BINGET", "LONG_BINPUT", "MARK", "MEMOIZE", "NEWFALSE", "NEWOBJ",
    "NEWTRUE", "NONE", "PROTO", "REDUCE", "SETITEM", "SETITEMS",
    "SHORT_BINBYTES", "SHORT_BINUNICODE", "STACK_GLOBAL", "STOP", "TUPLE", "TUPLE1", "TUPLE2",
    "TUPLE3",
}  # fmt: skip
"""What pickling a fitted preprocessing writes, in protocols 3 to 5."""

_COSTS = {
    "EMPTY_DICT": 64, "EMPTY_LIST": 56, "EMPTY_SET": 216, "MARK": 120, "MEMOIZE": 100,
    "NEWOBJ": 200, "REDUCE": 200, "TUPLE": 56, "TUPLE1": 48, "TUPLE2": 56, "TUPLE3": 64,
}  # fmt: skip
"""The bytes of memory that instructions of one byte take, at least."""

_MAX_NAME = 200
"""Of a longer name only the beginning is shown."""

_FIT_AGAIN = "set it to what fitting leaves, or fit again, and seal the bundle again"

_MAX_FORBIDDEN = 100
"""After so many forbidden globals a file is not read further."""


class ForbiddenGlobals(PartError):
    """A file names globals that it may not load: ``names``, with one finding for each, in order."""

    def __init__(self, part: str, names: Iterable[str]) -> None:
        """Refuse ``part`` for naming ``names``."""
        self.names = tuple(names)
        super().__init__(
            *(refused(part, f"wants to load {name[:_MAX_NAME]}") for name in self.names)
        )


def loads(data: bytes, part: str, trusted: frozenset[str] = frozenset()) -> object:
    """Read an uncompressed joblib file from bytes, executing nothing outside the allowlist.

    ``part`` is the file's path inside the bundle, for the message; ``trusted`` are further exact
    globals (``module.Class``) that may be loaded and called. Raises ``ForbiddenGlobals``, with code
    ``unpickling_refused``, when the file names other globals: all of them, or the first 100.
    Raises ``PartError`` with the same code when it does anything else that no fitted preprocessing
    needs; and ``PartError`` with code ``part_unreadable`` when it is not an uncompressed joblib
    file, or needs what is not installed.
    """
    return load_with_origins(data, part, trusted).value


@dataclass(frozen=True, slots=True)
class Unpickled:
    """A value, the scikit-learn versions of its estimators, and the trusted globals it loaded."""

    value: Any
    versions: frozenset[str]
    trusted: tuple[str, ...]


def load_with_origins(data: bytes, part: str, trusted: frozenset[str] = frozenset()) -> Unpickled:
    """Read as ``loads`` does, and say where the value came from."""
    file = UnpickledFile(io.BytesIO(data), len(data), part, trusted)
    failure: PartError | None = None
    value: object = None
    try:
        value = _load(file)
    except PartError as error:
        failure = error
    except Exception as error:  # noqa: BLE001 (a hostile file may raise anything)
        failure = PartError(_unreadable(part, error))
    if file.forbidden:  # a placeholder may be the cause of any other failure
        raise ForbiddenGlobals(part, file.forbidden)
    if failure is not None:
        raise failure
    return Unpickled(value, frozenset(file.versions), tuple(sorted(file.confirmed)))


def _load(file: UnpickledFile) -> object:
    with warnings.catch_warnings():
        # A version difference is judged by the environment policy and the probes.
        warnings.simplefilter("ignore")
        value: object = _Unpickler(file).load()
    confirmed = [*file.confirmed.values()]
    for problem in filter(None, (unsound(one, confirmed) for one in file.estimators)):
        file.refuse(f"holds {problem}", _FIT_AGAIN)
    if not file.forbidden and (excess := excessive(value, file.size)):
        file.refuse(excess)
    return value


class _Placeholder:
    """Stands for a forbidden global, and for whatever would be made with it."""

    __slots__ = ()


_PLACEHOLDER = _Placeholder()

_KEY_TYPES = (bool, bytes, float, int, np.generic, str, type(None), _Placeholder)


class _Named:
    """A global that the file names: an instance can be made of it, and nothing else."""

    __slots__ = ("make", "wanted")

    def __init__(self, wanted: str, make: Callable[..., object]) -> None:
        self.wanted = wanted
        self.make = make


class _ArrayRecord:
    """The record that joblib writes before the bytes of an array."""


_REBUILT = {**REBUILT, ARRAY_RECORD: _ArrayRecord}


class _Unpickler(NumpyUnpickler):  # type: ignore[misc]  # joblib is untyped
    """Makes and fills what the allowlist names, and refuses everything else."""

    def __init__(self, file: UnpickledFile) -> None:
        super().__init__("", file.stream, ensure_native_byte_order=True)
        self.file = file

    def find_class(self, module: str, name: str) -> object:
        wanted = f"{module}.{name}"
        refused = bool(self.file.forbidden)
        # What is rebuilt here is not called, whoever trusts it.
        make = self.file.container if wanted in CONTAINERS else _REBUILT.get(wanted)
        if make is not None:
            return _Named(wanted, make)
        if wanted in self.file.trusted:
            return _PLACEHOLDER if refused else self._trusted(module, name)
        if wanted in VALUES:
            return self._imported(module, name)
        if wanted in ESTIMATORS:
            return _PLACEHOLDER if refused else self._estimator(module, name)
        return self._forbidden(wanted)

    def _trusted(self, module: str, name: str) -> object:
        trusted: object = self._imported(module, name)
        self.file.confirmed[f"{module}.{name}"] = trusted
        return trusted

    def _estimator(self, module: str, name: str) -> _Named:
        return _Named(f"{module}.{name}", partial(self.file.empty, self._imported(module, name)))

    def _forbidden(self, wanted: str) -> _Placeholder:
        self.file.forbidden[wanted] = None
        if len(self.file.forbidden) == _MAX_FORBIDDEN:
            raise ForbiddenGlobals(self.file.part, self.file.forbidden)
        return _PLACEHOLDER

    def _imported(self, module: str, name: str) -> Any:  # noqa: ANN401 (any global)
        try:
            return super().find_class(module, name)
        except Exception as error:  # noqa: BLE001 (a module may raise anything when it is imported)
            finding = _not_importable(self.file.part, f"{module}.{name}", error)
            raise PartError(finding) from None

    def load_reduce(self) -> None:
        arguments, named = self.stack.pop(), self.stack.pop()
        if self._is_only_scanned(named, arguments):
            self.append(_PLACEHOLDER)
            return
        function = named.make if isinstance(named, _Named) else self._confirmed(named)
        made = function(*arguments)
        self.file.count(made)
        self.append(made)

    def load_newobj(self) -> None:
        arguments, named = self.stack.pop(), self.stack.pop()
        if self._is_only_scanned(named, arguments):
            self.append(_PLACEHOLDER)
        elif isinstance(named, _Named):
            self.append(named.make(*arguments))
        else:
            self.append(self._confirmed(named).__new__(named, *arguments))

    def _is_only_scanned(self, named: object, arguments: Iterable[object]) -> bool:
        """Tell whether a call must not, or cannot, be made in a file that is refused already."""
        return bool(self.file.forbidden) and (
            not isinstance(named, _Named) or any(argument is _PLACEHOLDER for argument in arguments)
        )

    def _confirmed(self, named: Any) -> Any:  # noqa: ANN401 (any global that is trusted)
        if not any(named is confirmed for confirmed in self.file.confirmed.values()):
            self.file.refuse(f"wants to call {_name_of(named)}")
        return named

    def load_build(self) -> None:
        state, target = self.stack.pop(), self.stack[-1]
        if isinstance(state, dict) and isinstance(version := state.get("_sklearn_version"), str):
            self.file.versions.add(version)
        if isinstance(target, _ArrayRecord):
            self.stack[-1] = self._array(state)
        elif type(target) in self.file.kinds:
            self._fill_estimator(target, state)
        elif id(target) in self.file.containers:
            pandas_state.fill(target, state)
            self.file.count(target)
        elif any(type(target) is kind for kind in self.file.confirmed.values()):
            if not self.file.forbidden:
                self.append(state)
                super().load_build()
        elif numpy_state.fill(target, state):
            self.file.count(target)
        elif target is not _PLACEHOLDER:
            self.file.refuse(f"wants to change {_name_of(target)}")

    def _fill_estimator(self, estimator: object, state: JsonMapping) -> None:
        """Set attributes as they are: an estimator's own ``__setstate__`` may warn of versions."""
        if not all(isinstance(name, str) for name in state):
            message = "an attribute without a name"
            raise ValueError(message)
        for named in state.values():
            if isinstance(named, _Named) and not self.file.forbidden:
                self.file.refuse(f"holds {named.wanted} itself")
        vars(estimator).update(state)
        vars(estimator).pop("_sklearn_version", None)

    def _array(self, state: JsonMapping) -> np.ndarray | _Placeholder:
        """Read the bytes that follow the record of an array, or the nested pickle of objects."""
        dtype, shape = state["dtype"], state["shape"]
        size_bytes = numpy_state.check_shape(shape, dtype) * dtype.itemsize
        array: object = None
        if dtype.hasobject:
            array = _Unpickler(self.file).load()
        elif size_bytes <= self.file.size - self.file.stream.tell():
            alignment = state.get("numpy_array_alignment_bytes")
            record = NumpyArrayWrapper(
                np.ndarray, shape, state["order"], dtype, numpy_array_alignment_bytes=alignment
            )
            array = record.read(self, ensure_native_byte_order=True)
        kind = state["subclass"]
        if isinstance(array, _Placeholder) or isinstance(kind, _Placeholder):
            return _PLACEHOLDER
        if type(array) is np.ndarray and kind is np.ndarray:
            return array
        message = "an array as joblib does not write it"
        raise ValueError(message)

    def load_bytearray8(self) -> None:
        # Pickle itself would allocate whatever length the file claims.
        (length,) = struct.unpack("<Q", self.read(8))
        self.append(bytearray(self.read(min(length, self.file.size))))

    def load_additems(self) -> None:
        items = _hashable(self.pop_mark())
        self._top(set).update(items)

    def load_setitem(self) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self._top(dict)[_hashable([key])[0]] = value

    def load_setitems(self) -> None:
        items = self.pop_mark()
        self._top(dict).update(zip(_hashable(items[::2]), items[1::2], strict=True))

    def load_append(self) -> None:
        item = self.stack.pop()
        self._top(list).append(item)

    def load_appends(self) -> None:
        items = self.pop_mark()
        self._top(list).extend(items)

    def _top(self, kind: type[T]) -> T:
        top = self.stack[-1]
        if self.file.forbidden and type(top) is not kind:
            return kind()  # thrown away
        if not isinstance(top, kind):
            self.file.refuse(f"wants to change {_name_of(top)}")
        return top


def _refusing(instruction: str) -> Callable[[_Unpickler], None]:
    def refuse(unpickler: _Unpickler) -> None:
        unpickler.file.refuse(f"wants the pickle instruction {instruction}")

    return refuse


def _handler(instruction: pickletools.OpcodeInfo) -> Callable[[_Unpickler], None]:
    if instruction.name not in _INSTRUCTIONS:
        return _refusing(instruction.name)
    inherited = NumpyUnpickler.dispatch[ord(instruction.code)]
    handler: Callable[[_Unpickler], None] = getattr(_Unpickler, inherited.__name__)
    cost = _COSTS.get(instruction.name)
    return handler if cost is None else _counting(handler, cost)


def _counting(
    handler: Callable[[_Unpickler], None], size_bytes: int
) -> Callable[[_Unpickler], None]:
    def counted(unpickler: _Unpickler) -> None:
        unpickler.file.take(size_bytes)
        handler(unpickler)

    return counted


_Unpickler.dispatch = {
    ord(instruction.code): _handler(instruction) for instruction in pickletools.opcodes
}


def _hashable(keys: Sequence[object]) -> Sequence[object]:
    """Return the keys if each is hashed at once: tuples within tuples can take for ever."""
    if not all(isinstance(key, _KEY_TYPES) for key in keys):
        message = "a key that is neither a text nor a number"
        raise ValueError(message)
    return keys


def _name_of(value: object) -> str:
    """Return the name of a global, or of the class of anything else."""
    if isinstance(value, _Named):
        return value.wanted
    kind = value if isinstance(value, type) else type(value)
    return f"{kind.__module__}.{kind.__qualname__}"


def _unreadable(part: str, error: Exception) -> Finding:
    return Finding(
        code="part_unreadable",
        subject=part,
        expected="an uncompressed joblib file",
        observed=f"reading it fails with {type(error).__name__}",
    )


def _not_importable(part: str, wanted: str, error: Exception) -> Finding:
    return Finding(
        code="part_unreadable",
        subject=part,
        expected=f"{wanted}, which the file holds, to be installed",
        observed=f"importing it fails with {type(error).__name__}: {first_line(error)}",
        remedy=f"install what {wanted.partition('.')[0]} was when the file was made",
    )
