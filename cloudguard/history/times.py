"""Times in one form, so that their texts are in order: "2026-01-02T02:17:00Z"."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def utc(time: str) -> str:
    """Return a time of ISO 8601 in UTC; one without a zone is in UTC. Raises ValueError."""
    return _text(_moment(time))


def earlier(time: str, by: timedelta) -> str:
    """Return the time that is so much before another. Raises ValueError."""
    return _text(_moment(time) - by)


def between(start: str, end: str) -> timedelta:
    """Return how long it is from one time to another. Raises ValueError."""
    return _moment(end) - _moment(start)


def _moment(time: str) -> datetime:
    found = datetime.fromisoformat(time)
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
