"""What every queue of a challenger promises."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.shadow.queue import MemoryQueue
from tests.service.shadow.samples import encoding, pending

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.shadow.interface import PendingComparison
    from service.shadow.queue import Queue

QUEUES: list[Callable[[int], Queue]] = [MemoryQueue]
"""Each makes a queue of a capacity."""


@pytest.mark.parametrize("make", QUEUES)
@given(st.integers(0, 5), st.lists(st.booleans(), max_size=40))
def test_documents_come_out_in_the_order_in_which_they_went_in(
    make: Callable[[int], Queue], capacity: int, puts: list[bool]
) -> None:
    """Each accepted document comes out once; one beyond the capacity is not kept."""
    queue, expected = make(capacity), deque["PendingComparison"]()
    for number, put in enumerate(puts):
        if put:
            document = pending(str(number))
            accepted = queue.put(document)
            assert accepted == (len(expected) < capacity)
            if accepted:
                expected.append(document)
        else:
            assert queue.take() is (expected.popleft() if expected else None)
        assert len(queue) == len(expected)


def test_a_queue_is_bounded_by_memory_too() -> None:
    """Large documents fill it long before their number does, and their room comes back."""
    queue = MemoryQueue(1000, max_bytes=3_000_000)
    large = [pending(str(number), text="x" * 1_000_000) for number in range(3)]

    assert [queue.put(document) for document in large] == [True, True, False]
    assert queue.put(pending("small"))
    assert queue.take() is large[0]
    assert queue.put(large[2])
    assert len(queue) == 3


def test_an_empty_queue_takes_the_largest_document() -> None:
    """A challenger answers it, however large ``MAX_BODY_BYTES`` allows it to be."""
    queue = MemoryQueue(1000, max_bytes=1000)
    assert queue.put(pending(text="x" * 1_000_000))
    assert not queue.put(pending())


def test_an_encoding_counts_too() -> None:
    """A text that is split into many windows is large once it is encoded."""
    tokens = np.zeros((256, 512), dtype=np.int64)
    queue = MemoryQueue(1000, max_bytes=2 * tokens.nbytes)
    puts = [queue.put(pending(encoded=replace(encoding(), token_ids=tokens))) for _ in range(3)]
    assert puts == [True, False, False]
