"""Values that readers of files and requests trip over, for damages to draw from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from load_tests.fuzz.chance import happens

if TYPE_CHECKING:
    from random import Random

    from guards.json_types import JsonValue

__all__ = ["CANARY", "NUMBERS", "TEXTS", "nested", "some_text", "some_value"]

CANARY = "canary-of-the-fuzz"
"""The file that payloads make in the current directory, where anything runs them."""

NUMBERS = (
    *(0, -1, 1, 2, 3, 255, 256, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32, 2**53 + 1, 2**63 - 1),
    *(2**63, 2**64, -(2**31), -(2**63), 10**7, 10**9, 10**12, 10**400, -(10**30), 10**4200),
    *(0.5, -0.0, 1e-320, 1e30, 1e308, -1e308, float("nan"), float("inf"), float("-inf")),
)

TEXTS = (
    "", " ", "a", ".", "..", "../a", "/", "/etc/passwd", "//", "a/../b", "a" * 300, "x" * 100_000,
    "a\x00b", "\x1b[2J\x1b]0;x\x07", "a\nb", "\r\n", "\u2028", "\u0085", "\u009b31m", "\u202etxt",
    "\ud800", "\U0001f600" * 20, "e\u0301" * 400, "\u0130\u0131\u017f", "9" * 5000, "1e999", "NaN",
    "(a+)+$", "(?:a|aa)+b", "[", "(?P<x>", "\\", "%s%n", "{0}", "${x}", "__class__", "__import__",
    "-rf", "C:\\x", "file:///etc/passwd", "http://127.0.0.1:1/x", "null", "true", "[PAD]", "##a",
)  # fmt: skip


def nested(depth: int, *, of_lists: bool = True) -> JsonValue:
    """Return an empty list or object inside so many others."""
    value: JsonValue = [] if of_lists else {}
    for _ in range(depth):
        value = [value] if of_lists else {"a": value}
    return value


def some_text(rng: Random) -> str:
    """Draw one of the texts, or a few random characters."""
    if happens(rng, 0.7):
        return rng.choice(TEXTS)
    return "".join(
        chr(rng.choice((rng.randrange(32, 127), rng.randrange(0x3000)))) for _ in "123456"
    )


def some_value(rng: Random) -> JsonValue:
    """Draw a JSON value of any type."""
    containers: tuple[JsonValue, ...] = (
        *([], {}, [[]], {"": ""}, {"a": {}}, [None], ["a", "a"], [0] * 5000),
        *({str(i): i for i in range(2000)}, nested(60), nested(400, of_lists=happens(rng, 0.5))),
    )
    simple: tuple[JsonValue, ...] = (None, True, False)
    return rng.choice(
        (rng.choice(simple), rng.choice(NUMBERS), some_text(rng), rng.choice(containers))
    )
