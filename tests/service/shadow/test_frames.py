"""The wire to a challenger."""

from __future__ import annotations

import asyncio
import io
import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.shadow import frames

MESSAGES = st.dictionaries(
    st.text(max_size=5),
    st.one_of(st.text(), st.integers(), st.floats(allow_nan=False), st.none(), st.booleans()),
)


def frame(body: bytes) -> bytes:
    """Frame any bytes."""
    return struct.pack("<I", len(body)) + body


async def received(data: bytes, chunk: int) -> list[dict[str, object]]:
    """Read every message of a stream that arrives in chunks."""
    stream = asyncio.StreamReader(limit=16)
    messages = []

    async def feed() -> None:
        for start in range(0, len(data), chunk):
            stream.feed_data(data[start : start + chunk])
            await asyncio.sleep(0)
        stream.feed_eof()

    feeding = asyncio.create_task(feed())
    while (message := await frames.read_async(stream)) is not None:
        messages.append(message)
    await feeding
    return messages


@given(st.lists(MESSAGES, max_size=4), st.integers(1, 50))
def test_messages_come_back_as_they_were(messages: list[dict[str, object]], chunk: int) -> None:
    """Any text, any number, half a surrogate pair included, in whatever pieces it arrives."""
    data = b"".join(map(frames.encode, messages))
    stream = io.BytesIO(data)
    read = [frames.read(stream) for _ in messages]
    assert read == messages
    assert frames.read(stream) is None
    assert asyncio.run(received(data, chunk)) == messages


def test_half_a_surrogate_pair_passes() -> None:
    """A category that no encoding can write still reaches the challenger."""
    message = {"court": "\ud800"}
    assert frames.read(io.BytesIO(frames.encode(message))) == message


@pytest.mark.parametrize("cut", [1, 3, 4, 6, 11])
def test_a_torn_last_frame_is_the_end(cut: int) -> None:
    """Whoever dies in the middle of a message has said nothing."""
    whole = frames.encode({"id": 1})
    data = whole + whole[:cut]
    stream = io.BytesIO(data)
    assert [frames.read(stream), frames.read(stream)] == [{"id": 1}, None]
    assert asyncio.run(received(data, 5)) == [{"id": 1}]


@pytest.mark.parametrize("body", [b"not json", b"[1]", b"null", b"\xff"])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    """A frame that holds anything else is a value error, on either side."""
    with pytest.raises(ValueError, match=r".") as caught:
        frames.read(io.BytesIO(frame(body)))
    with pytest.raises(type(caught.value)):
        asyncio.run(received(frame(body), 50))


def test_a_length_beyond_reason_is_refused_before_it_is_read() -> None:
    """Four bytes of noise do not make the reader wait for gigabytes."""
    with pytest.raises(ValueError, match="announces"):
        frames.read(io.BytesIO(b"\xff\xff\xff\xff"))


def test_a_message_too_large_to_be_read_is_not_sent() -> None:
    """The sender finds out, not the reader."""
    with pytest.raises(ValueError, match="announces"):
        frames.encode({"text": "x" * (64 * 1024 * 1024)})


def test_a_frame_is_length_and_json() -> None:
    """Any language can speak it."""
    data = frames.encode({"id": 7, "text": "né"})
    assert struct.unpack("<I", data[:4]) == (len(data) - 4,)
    assert json.loads(data[4:]) == {"id": 7, "text": "né"}
