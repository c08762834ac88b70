"""Check the numbers of a network's configuration against the weights that there are.

This bounds what is built at all. Whether every weight has its name and shape is compared when the
network has been laid out without memory for its weights.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from guards.bundle.layout import CONFIG
from guards.errors import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from guards.bundle.tensors import Tensor

__all__ = ["check_configuration"]

_COUNTS = re.compile(
    r"layer|block|group|expert|head|label|stage|depth|kernel|stride|branch|hash|bucket|chunk|rank"
)
"""What counts things that are built one by one."""

_MAX_COUNT = 1024
_MAX_NUMBER = 2**24
"""More positions than any network takes."""


def check_configuration(config: object, tensors: Mapping[str, Tensor]) -> Iterator[Finding]:
    """Yield a finding for the first number that is larger than these weights allow.

    A count of layers, heads and the like may be as large as the largest dimension of a weight or
    the number of weights; any other number is at most 2^24, but for ids of tokens.
    """
    dimensions = (dimension for tensor in tensors.values() for dimension in tensor.shape)
    counts = max(_MAX_COUNT, len(tensors), *dimensions)
    for name, number in _numbers(config):
        limit = counts if _COUNTS.search(name) else _MAX_NUMBER
        if abs(number) > limit:
            yield Finding(
                code="network_mismatch",
                subject=CONFIG,
                expected=f"{name} of at most {limit}, as the weights are",
                observed=str(number) if abs(number) < 10**20 else "a number of over 20 digits",
            )
            return


def _numbers(config: object, name: str = "") -> Iterator[tuple[str, int]]:
    """Yield the integers of a configuration at every depth, each with its name."""
    if isinstance(config, dict):
        for key, value in config.items():
            if not key.endswith(("_id", "_ids")):
                yield from _numbers(value, key if not key.isdecimal() else name)
    elif isinstance(config, list):
        for value in config:
            yield from _numbers(value, name)
    elif isinstance(config, int):
        yield name, config
