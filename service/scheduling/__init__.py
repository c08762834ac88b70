"""Who is admitted, what runs when, and what is never computed.

- ``scheduler``: the lanes: threads that run documents through the engine, one pass each at a time.
- ``queueing``: which document is next, and which is not worth starting any more.
- ``workload``: how much work is admitted, how long it takes, and whether more of it can be done.
"""

from service.scheduling.scheduler import Outcome, Scheduler, until

__all__ = ["Outcome", "Scheduler", "until"]
