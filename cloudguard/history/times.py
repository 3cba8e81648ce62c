"""Times in one text form, "2026-01-02T02:17:00Z", so that sorted texts are in the order of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def utc(time: str) -> str:
    """Return an ISO 8601 time in UTC. A time without a zone is taken as UTC. Raises ValueError for any other text."""
    return _text(_datetime(time))


def earlier(time: str, by: timedelta) -> str:
    """Return the time that is ``by`` before ``time``. Raises ValueError if ``time`` is not a time."""
    return _text(_datetime(time) - by)


def between(start: str, end: str) -> timedelta:
    """Return the duration from ``start`` to ``end``. Raises ValueError if one of them is not a time."""
    return _datetime(end) - _datetime(start)


def _datetime(time: str) -> datetime:
    moment = datetime.fromisoformat(time)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
