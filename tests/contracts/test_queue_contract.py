"""What every queue of a challenger promises."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.shadow.queue import MemoryQueue
from tests.service.shadow.samples import pending

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
