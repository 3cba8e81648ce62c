"""What goes over the wire: only what reads, and Compute's answers as they came, of which the SDK is left to turn pages.

JSON is read ten times as fast as the SDK's messages of it are made.
"""

from __future__ import annotations

import json
import re
import threading
from contextlib import suppress
from typing import Any, Final, cast

from requests import Response
from requests.adapters import HTTPAdapter

_READING_POSTS: Final = re.compile(r"(getIamPolicy|/listInstances|/listNetworkEndpoints)$")
"""Methods that only read although they are POSTs (discovery documents)."""
_COMPUTE: Final = re.compile(r"https://compute\.[^/]*googleapis\.com/")
_CONNECTIONS: Final = 16


class ReadOnly(HTTPAdapter):
    """Sends what reads, and nothing else; Google's SDKs can do more than that."""

    def __init__(self) -> None:
        super().__init__(pool_connections=_CONNECTIONS, pool_maxsize=_CONNECTIONS)
        self._last = threading.local()

    def send(self, request: Any, *args: Any, **rest: Any) -> Response:  # noqa: ANN401 - requests' interface
        """Send a request; raises PermissionError for one that would change something."""
        path = str(request.url).partition("?")[0]
        if request.method != "GET" and not (request.method == "POST" and _READING_POSTS.search(path)):
            message = f"cloudguard only reads: {request.method} {path} was not sent"
            raise PermissionError(message)
        self._last.answer = None
        answer = super().send(request, *args, **rest)
        if answer.ok and _COMPUTE.match(path):
            self._keep(answer)
        return answer

    def _keep(self, answer: Any) -> None:  # noqa: ANN401 - its content has no setter
        """Keep an answer, and hand on no more of it than the next page's token; what is no object, the SDK refuses."""
        with suppress(ValueError):
            whole: object = answer.json()
            if isinstance(whole, dict):
                self._last.answer = whole
                token = cast("dict[str, object]", whole).get("nextPageToken", "")
                answer._content = json.dumps({"nextPageToken": token}).encode()  # noqa: SLF001 - as above

    def latest(self) -> Any:  # noqa: ANN401 - JSON
        """Return Compute's last answer to this thread; None for one that was no object."""
        return self._last.answer
