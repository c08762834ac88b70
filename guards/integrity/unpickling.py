"""Read joblib files through an allowlist of exact globals.

A pickle can call anything that it can name, so it may name only what a fitted preprocessing needs.
Naming packages would not do: ``numpy`` and ``pandas`` both hold functions that run code. And since
a pickle can also change whatever it has named, it may do only what pickling a fitted preprocessing
needs: make an estimator, give it a state, rebuild an array.
"""

from __future__ import annotations

import io
import pickletools
import struct
import warnings
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Never, TypeVar

import numpy as np
from joblib.numpy_pickle import NumpyArrayWrapper, NumpyUnpickler

from guards.errors import Finding, PartError, first_line
from guards.integrity import rebuilding
from guards.integrity.allowlist import ARRAY_RECORD, ESTIMATORS, REBUILT, VALUES
from guards.integrity.soundness import unsound
from guards.integrity.wording import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["ForbiddenGlobal", "load_with_versions", "loads"]

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

_LONGEST_NAME = 200

_PLAIN_KEYS = (bool, bytes, float, int, np.generic, str, type(None))


class ForbiddenGlobal(PartError):
    """A file names a global, ``wanted``, that it may not load."""

    def __init__(self, part: str, wanted: str) -> None:
        """Refuse ``part`` for naming ``wanted``."""
        self.wanted = wanted
        super().__init__(_refused(part, f"wants to load {printable(wanted[:_LONGEST_NAME])}"))


def loads(data: bytes, part: str, trusted: frozenset[str] = frozenset()) -> object:
    """Read an uncompressed joblib file from bytes, executing nothing outside the allowlist.

    ``part`` is the file's path inside the bundle, for the message; ``trusted`` are further exact
    globals (``module.Class``) that may be loaded and called. Raises ``ForbiddenGlobal``, with code
    ``unpickling_refused``, when the file names another global; ``PartError`` with the same code
    when it does anything else that no fitted preprocessing needs; and ``PartError`` with code
    ``part_unreadable`` when it is no uncompressed joblib file, or needs what is not installed.
    """
    return load_with_versions(data, part, trusted)[0]


def load_with_versions(
    data: bytes, part: str, trusted: frozenset[str] = frozenset()
) -> tuple[Any, frozenset[str]]:
    """Read as ``loads`` does, and name the scikit-learn versions that the estimators came from."""
    file = _File(io.BytesIO(data), len(data), part, trusted)
    try:
        with warnings.catch_warnings():
            # A version difference is judged by the environment policy and the probes.
            warnings.simplefilter("ignore")
            value = _Unpickler(file).load()
        for problem in filter(None, map(unsound, file.estimators)):
            file.refuse(f"holds {problem}")
    except PartError:
        raise
    except Exception as error:  # noqa: BLE001 (a hostile file may raise anything)
        raise PartError(_unreadable(part, error)) from None
    return value, frozenset(file.versions)


@dataclass(slots=True)
class _File:
    """A file that is read, by one unpickler or by several nested ones, and what came out of it."""

    stream: io.BytesIO
    size: int
    part: str
    trusted: frozenset[str]
    confirmed: list[object] = field(default_factory=list)
    kinds: set[type] = field(default_factory=set)
    estimators: list[object] = field(default_factory=list)
    versions: set[str] = field(default_factory=set)

    def refuse(self, what: str) -> Never:
        raise PartError(_refused(self.part, what))

    def empty(self, kind: type) -> object:
        estimator: object = object.__new__(kind)
        self.kinds.add(kind)
        self.estimators.append(estimator)
        return estimator


class _Named:
    """A global that the file names: it can be made, and is of no other use to anybody."""

    __slots__ = ("make", "wanted")

    def __init__(self, wanted: str, make: Callable[..., object]) -> None:
        self.wanted = wanted
        self.make = make


class _ArrayRecord:
    """What joblib writes before the bytes of an array."""


class _Unpickler(NumpyUnpickler):  # type: ignore[misc]  # joblib is untyped
    """Makes and fills what the allowlist names, and refuses whatever else a pickle can do."""

    def __init__(self, file: _File) -> None:
        super().__init__("", file.stream, ensure_native_byte_order=True)
        self.file = file

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 (pickle's own signature)
        wanted = f"{module}.{name}"
        if wanted in self.file.trusted:
            self.file.confirmed.append(self._imported(module, name))
            return self.file.confirmed[-1]
        if wanted in VALUES:
            return self._imported(module, name)
        if wanted in REBUILT:
            return _Named(wanted, REBUILT[wanted])
        if wanted in ESTIMATORS:
            return _Named(wanted, partial(self.file.empty, self._imported(module, name)))
        if wanted == ARRAY_RECORD:
            return _Named(wanted, _ArrayRecord)
        raise ForbiddenGlobal(self.file.part, wanted)

    def _imported(self, module: str, name: str) -> Any:  # noqa: ANN401 (any global)
        try:
            return super().find_class(module, name)
        except Exception as error:  # noqa: BLE001 (a module may raise anything when it is imported)
            finding = _not_importable(self.file.part, f"{module}.{name}", error)
            raise PartError(finding) from None

    def load_reduce(self) -> None:
        arguments, named = self.stack.pop(), self.stack.pop()
        function = named.make if isinstance(named, _Named) else self._confirmed(named)
        self.append(function(*arguments))

    def load_newobj(self) -> None:
        arguments, named = self.stack.pop(), self.stack.pop()
        if isinstance(named, _Named):
            self.append(named.make(*arguments))
        else:
            self.append(self._confirmed(named).__new__(named, *arguments))

    def _confirmed(self, named: Any) -> Any:  # noqa: ANN401 (any global)
        if not any(named is one for one in self.file.confirmed):
            self.file.refuse(f"wants to call {_said(named)}")
        return named

    def load_build(self) -> None:
        state, target = self.stack.pop(), self.stack[-1]
        if isinstance(state, dict) and isinstance(version := state.get("_sklearn_version"), str):
            self.file.versions.add(version)
        if isinstance(target, _ArrayRecord):
            self.stack[-1] = self._array(state)
        elif type(target) in self.file.kinds:
            _fill_estimator(target, state)
        elif any(type(target) is one for one in self.file.confirmed):
            self.append(state)
            super().load_build()
        elif not rebuilding.fill(target, state):
            self.file.refuse(f"wants to change {_said(target)}")

    def _array(self, state: Any) -> np.ndarray[Any, Any]:  # noqa: ANN401 (a pickle's)
        """Read the bytes that follow the record of an array, of objects the nested pickle."""
        dtype, shape = state["dtype"], state["shape"]
        size_bytes = rebuilding.check_shape(shape, dtype) * dtype.itemsize
        if dtype.hasobject:
            array = _Unpickler(self.file).load()
        elif size_bytes <= self.file.size - self.file.stream.tell():
            alignment = state.get("numpy_array_alignment_bytes")
            record = NumpyArrayWrapper(
                np.ndarray, shape, state["order"], dtype, numpy_array_alignment_bytes=alignment
            )
            array = record.read(self, ensure_native_byte_order=True)
        else:
            array = None
        if type(array) is not np.ndarray or state["subclass"] is not np.ndarray:
            message = "an array as joblib does not write it"
            raise ValueError(message)
        return array

    def load_bytearray8(self) -> None:
        # Pickle itself would allocate whatever length the file claims.
        (length,) = struct.unpack("<Q", self.read(8))
        self.append(bytearray(self.read(min(length, self.file.size))))

    def load_additems(self) -> None:
        items = _plain(self.pop_mark())
        self._top(set).update(items)

    def load_setitem(self) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self._top(dict)[_plain([key])[0]] = value

    def load_setitems(self) -> None:
        items = self.pop_mark()
        self._top(dict).update(zip(_plain(items[::2]), items[1::2], strict=True))

    def load_append(self) -> None:
        item = self.stack.pop()
        self._top(list).append(item)

    def load_appends(self) -> None:
        items = self.pop_mark()
        self._top(list).extend(items)

    def _top(self, kind: type[T]) -> T:
        top = self.stack[-1]
        if not isinstance(top, kind):
            self.file.refuse(f"wants to change {_said(top)}")
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
    return handler


_Unpickler.dispatch = {ord(one.code): _handler(one) for one in pickletools.opcodes}


def _fill_estimator(estimator: object, state: Any) -> None:  # noqa: ANN401 (a pickle's)
    """Set the attributes: the estimators' own way to do so would only warn of versions."""
    if not all(isinstance(name, str) for name in state):
        message = "an attribute without a name"
        raise ValueError(message)
    vars(estimator).update(state)
    vars(estimator).pop("_sklearn_version", None)


def _plain(keys: Sequence[object]) -> Sequence[object]:
    """Give the keys, where each is hashed at once: tuples within tuples can take for ever."""
    if not all(isinstance(key, _PLAIN_KEYS) for key in keys):
        message = "a key that is no text or number"
        raise ValueError(message)
    return keys


def _said(value: object) -> str:
    """Name a global by itself and anything else by its class."""
    if isinstance(value, _Named):
        return value.wanted
    kind = value if isinstance(value, type) else type(value)
    return f"{kind.__module__}.{kind.__qualname__}"


def _refused(part: str, what: str) -> Finding:
    return Finding(
        code="unpickling_refused",
        subject=part,
        expected="only the estimators and arrays that a sealed preprocessing needs",
        observed=f"the file {what}",
        remedy="do not open this file elsewhere; take the bundle from where it was sealed, or seal "
        "it again from estimators that are supported",
    )


def _unreadable(part: str, error: Exception) -> Finding:
    return Finding(
        code="part_unreadable",
        subject=part,
        expected="an uncompressed joblib file",
        observed=f"reading it fails with {type(error).__name__}",
        remedy="take the bundle from where it was sealed, or seal it again",
    )


def _not_importable(part: str, wanted: str, error: Exception) -> Finding:
    return Finding(
        code="part_unreadable",
        subject=part,
        expected=f"{wanted}, which the file holds, to be installed",
        observed=f"importing it fails with {type(error).__name__}: {first_line(error)}",
        remedy=f"install what {wanted.partition('.')[0]} was when the file was made",
    )
