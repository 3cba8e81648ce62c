"""Sends notices and pings. Their URLs contain secrets, so no error message contains a URL, and no URL is stored."""

from __future__ import annotations

import logging
from base64 import b64encode
from collections.abc import Sequence
from http.client import HTTPException
from importlib import import_module
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlsplit, urlunsplit
from urllib.request import Request, urlopen

from cloudguard.errors import CloudguardError, UsageError
from cloudguard.notices.message import Notice

SECONDS = 10.0
"""The time limit for an answer."""


class NoticeError(CloudguardError):
    """A notice or a ping did not arrive."""


def redacted(url: str) -> str:
    """Return a URL without its secret parts: "slack://…"."""
    return f"{url.partition('://')[0]}://…"


def check_urls(urls: Sequence[str]) -> None:
    """Raise UsageError if apprise is not installed or does not understand one of ``urls``."""
    for url in urls:
        _service(url)


def send(notice: Notice, urls: Sequence[str]) -> None:
    """Send a notice to all of ``urls``; raises NoticeError if one of them fails."""
    content = {"title": notice.title, "body": notice.body, "body_format": "text"}
    failed = [url for url in urls if not _service(url).notify(**content, timeout=SECONDS)]
    if failed:
        message = f"the notice was not sent to {', '.join(map(redacted, failed))}"
        raise NoticeError(message, hint="Check the URL of --notify and the connection to its service")


def _service(url: str) -> Any:  # noqa: ANN401 - apprise's types are not completely known
    """Return apprise's object for one URL, which stores nothing on disk and logs nothing.

    Raises UsageError if apprise is not installed or does not understand the URL.
    """
    try:
        apprise: Any = import_module("apprise")  # optional, and slow to load
    except ModuleNotFoundError as error:
        message = f"--notify needs the package {error.name!r}, which is not installed"
        raise UsageError(message, hint="In a clone of cloudguard, run: pip install '.[notify]'") from None
    quiet = logging.getLogger("apprise")  # it would write the URLs to stderr
    quiet.propagate = False
    quiet.addHandler(logging.NullHandler())
    asset = apprise.AppriseAsset(async_mode=False, storage_mode=apprise.PersistentStoreMode.MEMORY)
    service = apprise.Apprise(asset=asset)
    if not service.add(url):
        message = f"--notify: {redacted(url)} is not the URL of a service"
        raise UsageError(message, hint="Use a URL of apprise: slack://…, mailto://…, json://…")
    return service


def ping(url: str, ending: str = "") -> None:
    """Send a GET request to ``url`` with ``ending`` ("start", "fail"; "": success) added to its path.

    Healthchecks, "Pinging API": ``/start`` and ``/fail`` after the check's own URL. Raises NoticeError if the request
    fails.
    """
    try:
        with urlopen(_request(url, ending), timeout=SECONDS):  # noqa: S310 - http or https
            return
    except HTTPError as error:
        reason = f"status {error.code}"
    except (URLError, HTTPException, OSError, ValueError) as error:
        why = error.reason if isinstance(error, URLError) else error
        reason = type(why).__name__
    message = f"the ping to {redacted(url)} got no answer: {reason}"
    raise NoticeError(message, hint="Check the URL of --ping")


def _request(url: str, ending: str) -> Request:
    """Return the request of a ping; a user and a password in ``url`` go into its header (RFC 7617), and no further."""
    split = urlsplit(url)
    credentials, _, host = split.netloc.rpartition("@")
    path = f"{split.path.rstrip('/')}/{ending}" if ending else split.path
    bare = urlunsplit(split._replace(netloc=host, path=path))
    request = Request(bare, headers={"User-Agent": "cloudguard"})  # noqa: S310 - http or https
    if credentials:
        user, _, password = map(unquote, credentials.partition(":"))
        basic = b64encode(f"{user}:{password}".encode()).decode()
        request.add_unredirected_header("Authorization", f"Basic {basic}")  # to no host that the answer names
    return request
