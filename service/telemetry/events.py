"""The events that the log can hold, one constant and one docstring each."""

from enum import StrEnum

__all__ = ["SCHEMA", "Event"]

SCHEMA = 1
"""The schema number that every line carries; renaming or dropping a field raises it."""


class Event(StrEnum):
    """What happened; the value is the `event` field of the line."""

    SERVICE_STARTED = "service.started"
    """Champion and challengers (name, version, fingerprint, engine), which engine the champion has
    and why, environment (library versions, CPU capabilities), git commit, and the settings without
    secrets. A challenger's engine is what was asked for; `/v1/status` says which it has."""

    GUARD_REFUSED = "guard.refused"
    """`findings`: code, subject, expected, observed, remedy."""

    REQUEST_OBSERVED = "request.observed"
    """One document: the champion's observation and, for each challenger, its observation and how
    it compares or why it is missing. Written when the last challenger has answered or is given
    up."""

    DRIFT_WINDOW = "drift.window"
    """One flushed window: its bounds and documents, the mergeable counts, and the scores per
    feature against the reference."""

    DRIFT_ALARM = "drift.alarm"
    """A feature that drifted: segment, score, evidence, top contributions in words."""

    DRIFT_CLEARED = "drift.cleared"
    """The end of an alarm; it carries what the alarm carried."""

    FEEDBACK_RECEIVED = "feedback.received"
    """One true label: `request_id`, `label`, and the observation where it is still in memory."""

    VERDICT_CHANGED = "verdict.changed"
    """A challenger's new verdict, its evidence, and the labels still needed."""

    ROLES_CHANGED = "roles.changed"
    """Who was champion, who is now, who asked, the evidence and the reason."""

    SERVICE_STOPPED = "service.stopped"
    """The final account: observed, compared, missed by reason, flushed, lost lines."""
