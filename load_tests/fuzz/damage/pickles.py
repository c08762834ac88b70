"""Damage pickles instruction by instruction, and plant calls into them."""

from __future__ import annotations

import pickle
import pickletools
import struct
from typing import TYPE_CHECKING

from guards.integrity.unpickling.allowlist import ALLOWED_GLOBALS
from load_tests.fuzz.damage.hostile import CANARY

if TYPE_CHECKING:
    from random import Random

__all__ = ["damaged_pickle"]

_ARGUMENT = b"\x8c" + bytes([len(CANARY) + 6]) + b"touch " + CANARY.encode()
_PLANTED = {
    "os.system": b"cos\nsystem\n" + _ARGUMENT + b"\x85R",
    "posix.system": b"cposix\nsystem\n" + _ARGUMENT + b"\x85R",
    "subprocess.Popen": b"csubprocess\ncall\n((\x8c\x05touch\x8c" + bytes([len(CANARY)])
    + CANARY.encode() + b"ltR",
    "eval": b"cbuiltins\neval\n\x8c\x0b__import__\x85R",
    "open": b"cio\nopen\n\x8c" + bytes([len(CANARY)]) + CANARY.encode() + b"\x8c\x01w\x86R",
    "numpy.save": b"cnumpy\nsave\n\x8c" + bytes([len(CANARY)]) + CANARY.encode() + b"K\x01\x86R",
    "numpy.memmap": b"cnumpy\nmemmap\n\x8c" + bytes([len(CANARY)]) + CANARY.encode()
    + b"\x8c\x05uint8\x8c\x02w+K\x00K\x09tR",
    "joblib.load": b"cjoblib.numpy_pickle\nload\n\x8c\x0b/etc/passwd\x85R",
    "import": b"cantigravity\nx\n",
    "getattr": b"cbuiltins\ngetattr\ncos\nsystem\n\x8c\x08__call__\x86R",
    "dotted": b"\x8c\x07builtins\x8c\x0fobject.__init__\x93",
    "persistent id": b"K\x01Q",
    "extension": b"\x82\x01",
    "next buffer": b"\x97",
}  # fmt: skip
_PIECES = (
    *(b"K\x00\x85R", b"K\x00\x85b", b")R", b")\x81", b"}b", b"}\x92", b"h\x00b", b"h\x01R", b"N"),
    *(b"(K\x00K\x01t", b"\x94h\x00", b"C\x03abc", b"]h\x00a", b"G" + b"\xff" * 8, b"2", b"0", b"("),
    *(b"\x8a\x08" + struct.pack("<q", 2**62), b"\x8e" + struct.pack("<Q", 2**62), b"a", b"u", b"s"),
)


def damaged_pickle(rng: Random, estimator: object) -> tuple[bytes, str]:
    """Return the pickle of an estimator with one to three instructions damaged, and how."""
    data, words = pickle.dumps(estimator, protocol=rng.choice((3, 4, 5))), []
    for _ in range(rng.randint(1, 3)):
        places = _places(data)
        at, end, name = rng.choice(places)
        how = rng.choice(
            ("planted", "name", "piece", "dropped", "twice", "number", "memo", "length")
        )
        data = _damaged(rng, data, how, at, end)
        words.append(f"{how} at {name} {at}")
    return data, ", ".join(words)


def _places(data: bytes) -> list[tuple[int, int, str]]:
    """List the instructions as start, end and name, as far as the pickle can be read."""
    starts: list[tuple[int, str]] = []
    try:
        starts += [(at or 0, code.name) for code, _, at in pickletools.genops(data)]
    except Exception:  # noqa: BLE001 (an earlier damage may leave anything)
        starts = starts or [(0, "unreadable")]
    ends = [at for at, _ in starts[1:]] + [len(data)]
    return [(at, end, name) for (at, name), end in zip(starts, ends, strict=True)]


def _damaged(rng: Random, data: bytes, how: str, at: int, end: int) -> bytes:  # noqa: PLR0911
    if how == "planted":
        planted = rng.choice([*_PLANTED.values()])
        after = rng.choice((b"0", b"", b"b", b"R"))
        return data[:at] + planted + after + data[at:]
    if how == "name":
        module, _, name = rng.choice(sorted(ALLOWED_GLOBALS)).rpartition(".")
        call = rng.choice((b"", b")R", b")\x81", b"K\x05\x85R", b"}\x92"))
        return (
            data[:at] + b"c" + module.encode() + b"\n" + name.encode() + b"\n" + call + data[end:]
        )
    if how == "piece":
        return data[:at] + rng.choice(_PIECES) + data[rng.choice((at, end)) :]
    if how == "dropped":
        return data[:at] + data[end:]
    if how == "twice":
        return data[:end] + data[at:end] * rng.choice((1, 1, 50)) + data[end:]
    if how == "number":
        return (
            data[:at] + b"\x8a\x08" + struct.pack("<q", rng.choice((-1, 2**31, 2**62))) + data[end:]
        )
    if how == "memo":
        return data[:at] + b"j" + struct.pack("<I", rng.choice((0, 1, 2**20))) + data[end:]
    written = struct.pack("<Q", rng.choice((0, 2**31, 2**40, 2**63)))
    return data[: at + 1] + written[: max(end - at - 1, 1)] + data[at + 1 + len(written) :]
