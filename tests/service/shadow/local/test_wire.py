"""The wire to a challenger."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.shadow.local import wire

if TYPE_CHECKING:
    from service.shadow.local.wire import Message

MESSAGES = st.tuples(
    st.dictionaries(
        st.text(max_size=5),
        st.one_of(st.text(), st.integers(), st.floats(allow_nan=False), st.none(), st.booleans()),
    ),
    st.binary(max_size=40),
)


def frame(body: bytes, arrays: bytes = b"") -> bytes:
    """Frame any bytes."""
    return struct.pack("<II", len(body), len(arrays)) + body + arrays


def received(data: bytes, chunk: int) -> list[Message]:
    """Take every message of a stream that arrives in chunks."""
    buffer = bytearray()
    messages: list[Message] = []
    for start in range(0, len(data), chunk):
        buffer += data[start : start + chunk]
        messages += wire.take(buffer)
    return messages


@given(st.lists(MESSAGES, max_size=4), st.integers(1, 50))
def test_messages_come_back_as_they_were(
    messages: list[tuple[dict[str, object], bytes]], chunk: int
) -> None:
    """Any text, any number, any bytes, half a surrogate pair included, in whatever pieces."""
    data = b"".join(wire.encode(*message) for message in messages)
    assert received(data, chunk) == messages


def test_half_a_surrogate_pair_passes() -> None:
    """A category that no encoding can write still reaches the challenger."""
    message = {"court": "\ud800"}
    assert received(wire.encode(message), 100) == [(message, b"")]


@pytest.mark.parametrize("cut", [1, 7, 8, 9, 16, 18])
def test_a_torn_last_frame_waits_for_its_rest(cut: int) -> None:
    """What is whole is given, and what is not stays in the buffer."""
    whole = wire.encode({"id": 1}, b"abc")
    buffer = bytearray(whole + whole[:cut])
    assert list(wire.take(buffer)) == [({"id": 1}, b"abc")]
    assert buffer == whole[:cut]
    buffer += whole[cut:]
    assert list(wire.take(buffer)) == [({"id": 1}, b"abc")]


@pytest.mark.parametrize("body", [b"not json", b"[1]", b"null", b"\xff", b""])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    """A frame that holds anything else is a value error."""
    with pytest.raises(ValueError, match=r"."):
        received(frame(body), 50)


@pytest.mark.parametrize("sizes", [(2**32 - 1, 0), (0, 2**32 - 1), (2**25, 2**25 + 1)])
def test_a_length_beyond_reason_is_refused_before_it_is_read(sizes: tuple[int, int]) -> None:
    """Eight bytes of noise do not make the reader wait for gigabytes."""
    with pytest.raises(ValueError, match="announces"):
        received(struct.pack("<II", *sizes), 50)


@pytest.mark.parametrize(
    ("text", "arrays"), [("x" * 2**26, b""), ("", b"x" * 2**26)], ids=["json", "arrays"]
)
def test_a_message_too_large_to_be_read_is_not_sent(text: str, arrays: bytes) -> None:
    """The sender finds out, not the reader."""
    with pytest.raises(ValueError, match="announces"):
        wire.encode({"text": text}, arrays)


def test_a_frame_is_two_lengths_json_and_bytes() -> None:
    """A program in any language can write it."""
    data = wire.encode({"id": 7, "text": "né"}, b"\x01\x02")
    body_bytes, array_bytes = struct.unpack("<II", data[:8])
    assert json.loads(data[8 : 8 + body_bytes]) == {"id": 7, "text": "né"}
    assert (array_bytes, data[8 + body_bytes :]) == (2, b"\x01\x02")
