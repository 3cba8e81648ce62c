"""Tells somebody what a run came to, and a watcher that it ran. What does not arrive loses no report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from cloudguard.cli.failures import say
from cloudguard.errors import AccessError, CloudguardError, ExitStatus
from cloudguard.needs.setting import Settings
from cloudguard.needs.settings import NOTIFY, NOTIFY_ON, PING

if TYPE_CHECKING:
    from cloudguard.notices.message import Notice
    from cloudguard.results.report import Report

_SEEN = frozenset({ExitStatus.CLEAN, ExitStatus.FINDINGS})
"""The statuses of a run that read everything."""


def watched(settings: Settings, name: str, work: Callable[[], int]) -> int:
    """Return the status of ``work``, which reads and judges ``name``; 1 where a ping did not arrive.

    Raises UsageError for a wrong URL of ``--notify`` before anything is read, and what ``work`` raises.
    """
    if urls := settings.get(NOTIFY):
        from cloudguard.notices.sending import check_urls  # noqa: PLC0415 - only where there is somebody to tell

        check_urls(urls)
    arrived = _pinged(settings, "start")
    try:
        status = work()
    except BaseException as error:
        if isinstance(error, AccessError):
            _tell_unread(settings, name, error)
        _pinged(settings, "fail")
        raise
    arrived = _pinged(settings, "" if status in _SEEN else "fail") and arrived
    return status if arrived else int(ExitStatus.INTERNAL)


def notify(settings: Settings, reports: Sequence[Report]) -> bool:
    """Tell what happened in ``reports``, where anybody wants to know; return whether nothing failed."""
    urls = settings.get(NOTIFY)
    if not urls:
        return True
    from cloudguard.notices import events, message  # noqa: PLC0415 - only where there is somebody to tell

    wanted = settings.get(NOTIFY_ON) or events.USUAL
    return _sent(message.notice_of(reports), urls) if events.happened(reports, wanted) else True


def _tell_unread(settings: Settings, name: str, error: CloudguardError) -> None:
    """Tell that nothing could be read at all."""
    urls = settings.get(NOTIFY)
    if not urls:
        return
    from cloudguard.notices import events, message  # noqa: PLC0415 - as above

    wanted = settings.get(NOTIFY_ON) or events.USUAL
    if {events.Event.INCOMPLETE, events.Event.ALWAYS}.intersection(wanted):
        _sent(message.notice_unread(name, str(error)), urls)


def _sent(notice: Notice, urls: Sequence[str]) -> bool:
    from cloudguard.notices.sending import NoticeError, send  # noqa: PLC0415 - as above

    try:
        send(notice, urls)
    except NoticeError as error:
        say(f"cloudguard: {error}")
        return False
    return True


def _pinged(settings: Settings, ending: str) -> bool:
    """Return whether a ping with ``ending`` arrived, or nobody wants one."""
    url = settings.get(PING)
    if not url:
        return True
    from cloudguard.notices.sending import NoticeError, ping  # noqa: PLC0415 - as above

    try:
        ping(url, ending)
    except NoticeError as error:
        say(f"cloudguard: {error}")
        return False
    return True
