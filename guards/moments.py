"""How a moment in time is written, and counted: RFC 3339 in UTC, and microseconds since 1970."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

__all__ = ["from_iso8601", "from_microseconds", "from_rfc3339", "microseconds", "rfc3339"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def rfc3339(moment: datetime) -> str:
    """Return the text of a moment, which must be in UTC.

    >>> rfc3339(datetime(2026, 3, 1, 8, 30, tzinfo=UTC))
    '2026-03-01T08:30:00.000000Z'
    """
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def from_rfc3339(text: str) -> datetime:
    """Read a moment; raises ``ValueError`` where the text is none, or has no offset from UTC.

    Raises ``OverflowError`` for a moment beyond the years 1 to 9999.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        message = "a moment without its offset from UTC"
        raise ValueError(message)
    return moment.astimezone(UTC)


def from_iso8601(text: str) -> datetime:
    """Read a moment as people write it; one without an offset is in UTC.

    Raises ``ValueError`` where the text is no moment of the years 1 to 9999.

    >>> rfc3339(from_iso8601("2026-03-01 08:30"))
    '2026-03-01T08:30:00.000000Z'
    """
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        message = f"{text!r} is no ISO 8601 time of the years 1 to 9999"
        raise ValueError(message) from None


def microseconds(moment: datetime) -> int:
    """Return the microseconds from 1970, UTC, to a moment."""
    return (moment - _EPOCH) // _MICROSECOND


def from_microseconds(moment: int) -> datetime:
    """Return the moment so many microseconds after 1970, in UTC."""
    return _EPOCH + moment * _MICROSECOND
