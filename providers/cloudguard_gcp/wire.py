"""What goes over the wire: only what reads, and of each thread the last answer as it came."""

from __future__ import annotations

import re
import threading
from typing import Any, Final

from requests import Response
from requests.adapters import HTTPAdapter

_READING_POSTS: Final = re.compile(r"(getIamPolicy|/listInstances|/listNetworkEndpoints)$")
"""Methods that only read although they are POSTs (discovery documents)."""
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
        answer = super().send(request, *args, **rest)
        self._last.answer = answer
        return answer

    def latest(self) -> Any:  # noqa: ANN401 - JSON
        """Return the last answer to this thread as JSON, which is read ten times as fast as the SDK's message of it."""
        return self._last.answer.json()
