"""Sends notices about a run's results, and pings to a watcher. If one fails, the reports are written all the same."""

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
"""The exit statuses of a run that read everything."""


def watched(settings: Settings, name: str, work: Callable[[], int]) -> int:
    """Run ``work``, which reads and judges ``name``, with pings before and after it; return its exit status.

    If a ping failed, the status is 1 instead of 0. Raises UsageError for a wrong URL of ``--notify`` before anything is
    read, and the errors of ``work``. An AccessError of ``work`` also sends a notice.
    """
    if urls := settings.get(NOTIFY):
        from cloudguard.notices.sending import check_urls  # noqa: PLC0415 - loaded only for --notify

        check_urls(urls)
    arrived = _pinged(settings, "start")
    try:
        status = work()
    except BaseException as error:
        if isinstance(error, AccessError):
            _notify_unread(settings, name, error)
        _pinged(settings, "fail")
        raise
    arrived = _pinged(settings, "" if status in _SEEN else "fail") and arrived
    return status if arrived or status != ExitStatus.CLEAN else int(ExitStatus.INTERNAL)


def notify(settings: Settings, reports: Sequence[Report]) -> bool:
    """Send a notice about ``reports`` if one of the events of ``--notify-on`` happened; return False if it failed."""
    urls = settings.get(NOTIFY)
    if not urls:
        return True
    from cloudguard.notices import events, message  # noqa: PLC0415 - loaded only for --notify

    wanted = settings.get(NOTIFY_ON) or events.USUAL
    return _sent(message.notice_of(reports), urls) if events.has_event(reports, wanted) else True


def _notify_unread(settings: Settings, name: str, error: CloudguardError) -> None:
    """Send a notice that nothing could be read, if ``--notify-on`` asks for it."""
    urls = settings.get(NOTIFY)
    if not urls:
        return
    from cloudguard.notices import events, message  # noqa: PLC0415 - loaded only for --notify

    wanted = settings.get(NOTIFY_ON) or events.USUAL
    if {events.Event.INCOMPLETE, events.Event.ALWAYS}.intersection(wanted):
        _sent(message.notice_unread(name, str(error)), urls)


def _sent(notice: Notice, urls: Sequence[str]) -> bool:
    from cloudguard.notices.sending import NoticeError, send  # noqa: PLC0415 - loaded only for --notify

    try:
        send(notice, urls)
    except NoticeError as error:
        say(f"cloudguard: {error}")
        return False
    return True


def _pinged(settings: Settings, ending: str) -> bool:
    """Send a ping to the URL of ``--ping`` plus ``ending``; return False if it failed, True if there is no URL."""
    url = settings.get(PING)
    if not url:
        return True
    from cloudguard.notices.sending import NoticeError, ping  # noqa: PLC0415 - loaded only for --ping

    try:
        ping(url, ending)
    except NoticeError as error:
        say(f"cloudguard: {error}")
        return False
    return True
