"""Documents and answers arrive to the last bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from artifacts.bundle.preprocessing import Encoding
from guards.schema import CanonicalRow
from service.shadow.local import codec, wire
from service.shadow.local.wire import Message

ROW = CanonicalRow((), ())
TOKEN_IDS = hnp.arrays(np.int64, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9))
COLUMNS = hnp.arrays(np.float64, st.integers(0, 9))


def received(data: bytes) -> Message:
    """Take the one message of a frame."""
    (message,) = wire.take(bytearray(data))
    return message


def encoding(token_ids: np.ndarray, columns: np.ndarray) -> Encoding:
    """Make an encoding of a document."""
    return Encoding(token_ids, columns, ROW, unknown_tokens=0, truncated=False)


@given(TOKEN_IDS, COLUMNS)
def test_an_encoding_arrives_bit_by_bit(token_ids: np.ndarray, columns: np.ndarray) -> None:
    """Every float64 passes, NaN, infinities and negative zero included, and every window."""
    message = received(codec.as_encoding(7, encoding(token_ids, columns)))
    ids, values = codec.arrays_of(message)
    assert message.fields["id"] == 7
    assert ids.dtype == np.int64
    np.testing.assert_array_equal(ids, token_ids)
    assert values.tobytes() == columns.tobytes()


def test_arrays_in_another_order_arrive_by_value() -> None:
    """A column of a larger array, and ids from the end to the beginning, are no other numbers."""
    ids, columns = np.arange(6).reshape(2, 3)[:, ::-1], np.arange(8.0).reshape(4, 2)[:, 1]
    arrived = codec.arrays_of(received(codec.as_encoding(1, encoding(ids, columns))))
    np.testing.assert_array_equal(arrived[0], [[2, 1, 0], [5, 4, 3]])
    np.testing.assert_array_equal(arrived[1], [1, 3, 5, 7])


def test_arrays_that_arrived_may_be_written_to() -> None:
    """An engine may take them as they are; some refuse what is read-only."""
    arrived = codec.arrays_of(
        received(codec.as_encoding(1, encoding(np.zeros((1, 2), np.int64), np.zeros(2))))
    )
    assert all(array.flags.writeable for array in arrived)


@pytest.mark.parametrize(
    ("shape", "arrays"),
    [
        ([1, 3], b"x" * 16),
        ([1, 2], b"x" * 17),
        ([-1, 2], b"x" * 16),
        ([2], b"x" * 16),
        ("ab", b"x" * 16),
        (None, b""),
        ([1.5, 2], b"x" * 24),
        ([2**40, 2**40], b"x" * 16),
    ],
)
def test_bytes_of_another_shape_than_in_the_message_are_refused(
    shape: object, arrays: bytes
) -> None:
    """Malformed bytes are an error of one document, never an array of another shape."""
    with pytest.raises((TypeError, ValueError)):
        codec.arrays_of(Message({"id": 1, "token_ids": shape}, arrays))


@given(hnp.arrays(np.float32, st.integers(1, 9)))
def test_an_answer_arrives_bit_by_bit(probabilities: np.ndarray) -> None:
    """Probabilities are float32 on both sides, with the times of the pass beside them."""
    message = received(codec.answer(7, probabilities, infer_s=0.125, cpu_s=0.0625))
    assert message.fields == {"id": 7, "infer_s": 0.125, "cpu_s": 0.0625}
    assert codec.probabilities_of(message).tobytes() == probabilities.tobytes()
