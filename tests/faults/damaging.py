"""Ways to damage a pickle or a JSON document, for hypothesis to choose among."""

from __future__ import annotations

import copy
import pickletools
import struct
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from guards.integrity.unpickling.allowlist import ALLOWED_GLOBALS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from guards.json_types import JsonObject

    Damage = Callable[[bytes], bytes]
    Edit = Callable[[Any], None]

__all__ = ["damaged", "edited"]

_PLACES = st.integers(0, 2**24)
_HUGE = st.sampled_from([0, 255, 2**16, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**63 - 1, 2**64 - 1])
_LENGTHS = {"BINBYTES": "<I", "BINUNICODE": "<I", "LONG4": "<I", "LONG_BINPUT": "<I",
            "LONG_BINGET": "<I", "FRAME": "<Q", "BINBYTES8": "<Q", "BINUNICODE8": "<Q",
            "BYTEARRAY8": "<Q"}  # fmt: skip
_CODES = {one.name: one.code.encode("latin-1") for one in pickletools.opcodes}
_WORDS = (
    "os system",
    "builtins eval",
    "builtins getattr",
    "numpy save",
    "joblib.numpy_pickle load",
)


def _global(name: str) -> bytes:
    module, _, name = name.replace(" ", ".").rpartition(".")
    return b"c" + module.encode() + b"\n" + name.encode() + b"\n"


_SNIPPETS = [
    *_CODES.values(),
    *map(_global, sorted(ALLOWED_GLOBALS)),
    *map(_global, _WORDS),
    b"K\x00\x85R", b"K\x00\x85b", b")R", b")\x81", b"}b", b"}\x92", b"h\x00b", b"h\x01R",
    b"(K\x00K\x01t", b"\x94h\x00", b"C\x03abc", b"\x8c\x05_dict", b"]h\x00a", b"G" + b"\xff" * 8,
]  # fmt: skip


def _flip(place: int, bit: int) -> Damage:
    def damage(data: bytes) -> bytes:
        at = place % len(data)
        return data[:at] + bytes([data[at] ^ (1 << bit)]) + data[at + 1 :]

    return damage


def _put(place: int, piece: bytes, over: int) -> Damage:
    def damage(data: bytes) -> bytes:
        at = place % len(data)
        return data[:at] + piece + data[at + over :]

    return damage


def _splice(place: int, source: int, length: int) -> Damage:
    def damage(data: bytes) -> bytes:
        at, start = place % len(data), source % len(data)
        return data[:at] + data[start : start + length] + data[at:]

    return damage


def _claim(name: str, which: int, value: int) -> Damage:
    """Make the length that follows an instruction another."""
    form = _LENGTHS[name]
    written = struct.pack(form, value % 2 ** (8 * struct.calcsize(form)))

    def damage(data: bytes) -> bytes:
        count = data.count(_CODES[name])
        at = -1
        for _ in range(which % count + 1 if count else 0):
            at = data.index(_CODES[name], at + 1)
        return data[: at + 1] + written + data[at + 1 + len(written) :] if count else data

    return damage


def _number(which: int, value: int) -> Damage:
    """Make a small whole number, such as a length in a shape, a large one."""

    def damage(data: bytes) -> bytes:
        places = [at for at, code in enumerate(data[:-1]) if code == _CODES["BININT1"][0]]
        if not places:
            return data
        at = places[which % len(places)]
        return data[:at] + b"\x8a\x08" + struct.pack("<q", value // 2) + data[at + 2 :]

    return damage


_DAMAGES: st.SearchStrategy[Damage] = st.one_of(
    st.builds(_flip, _PLACES, st.integers(0, 7)),
    st.builds(_put, _PLACES, st.sampled_from(_SNIPPETS), st.integers(0, 3)),
    st.builds(_put, _PLACES, st.binary(max_size=4), st.integers(0, 20)),
    st.builds(_put, _PLACES, st.just(b""), st.just(2**30)),
    st.builds(_splice, _PLACES, _PLACES, st.integers(1, 200)),
    st.builds(_claim, st.sampled_from(sorted(_LENGTHS)), _PLACES, _HUGE),
    st.builds(_number, _PLACES, _HUGE),
)


@st.composite
def damaged(draw: st.DrawFn, files: Sequence[bytes]) -> bytes:
    """Draw one of the files, damaged in one to five ways."""
    data = draw(st.sampled_from(files))
    for damage in draw(st.lists(_DAMAGES, min_size=1, max_size=5)):
        data = damage(data or b"\x80")
    return data


_DEEP: list[Any] = []
for _ in range(400):
    _DEEP = [_DEEP]

_VALUES = st.sampled_from([
    None, True, 0, -1, 1, 2**31, 2**63, 10**4000, 1e308, float("nan"), float("inf"), "", "a", "..",
    "../a", "/etc/passwd", "a\x00b", "\ud800", "\x1b[2J", "9" * 5000, [], {}, [[]], {"a": {}},
    [None], ["a", "a"], {"": ""}, _DEEP, {"columns": None}, {"shape": "frame", "columns": []},
])  # fmt: skip


def _nodes(value: Any) -> list[tuple[Any, Any]]:  # noqa: ANN401 (JSON)
    """List each place in a document, as what holds it and its key or index there."""
    keys = (
        value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    )
    here = [(value, key) for key in keys]
    return here + [node for key in keys for node in _nodes(value[key])]


def _node(document: JsonObject, place: int) -> tuple[Any, Any]:
    """Choose among the fields at the top first, so that a long one is not chosen alone."""
    names = list(document)
    name = names[place % len(names)]
    nodes = [(document, name), *_nodes(document[name])]
    return nodes[place // len(names) % len(nodes)]


def _replace(place: int, value: object) -> Edit:
    def edit(document: Any) -> None:  # noqa: ANN401 (JSON)
        holder, key = _node(document, place)
        holder[key] = copy.deepcopy(value)

    return edit


def _remove(place: int) -> Edit:
    def edit(document: Any) -> None:  # noqa: ANN401 (JSON)
        holder, key = _node(document, place)
        del holder[key]

    return edit


def _add(place: int, name: str, value: object) -> Edit:
    def edit(document: Any) -> None:  # noqa: ANN401 (JSON)
        holder, _ = _node(document, place)
        if isinstance(holder, dict):
            holder[name] = copy.deepcopy(value)
        else:
            holder.append(copy.deepcopy(value))

    return edit


def _move(place: int, source: int) -> Edit:
    def edit(document: Any) -> None:  # noqa: ANN401 (JSON)
        (holder, key), (other, there) = _node(document, place), _node(document, source)
        holder[key] = copy.deepcopy(other[there])

    return edit


_NAMES = st.sampled_from(["", "a", "..", "name", "manifest.json", "\ud800", "a/../b", "columns"])
_EDITS: st.SearchStrategy[Edit] = st.one_of(
    st.builds(_replace, _PLACES, _VALUES),
    st.builds(_remove, _PLACES),
    st.builds(_add, _PLACES, _NAMES, _VALUES),
    st.builds(_move, _PLACES, _PLACES),
)


@st.composite
def edited(draw: st.DrawFn, document: JsonObject) -> JsonObject:
    """Draw the document with one to three of its places replaced, removed, moved or added."""
    changed = copy.deepcopy(document)
    for edit in draw(st.lists(_EDITS, min_size=1, max_size=3)):
        edit(changed or {"a": 1})
    return changed
