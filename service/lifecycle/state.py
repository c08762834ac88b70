"""The states of a worker."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["State"]


class State(StrEnum):
    """Whether the champion answers, and if not, why."""

    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"
    REFUSED = "refused"
    """The guard refused the champion's bundle, at the start or while it served."""
    FAILED = "failed"
    """The champion could not be started."""
