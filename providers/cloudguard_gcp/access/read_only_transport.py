"""The HTTP transport: it sends only requests that read, and keeps Compute's answers unparsed.

The SDK only gets the token of the next page. To read JSON is ten times as fast as to build the SDK's messages from it.
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
"""POST methods that only read (discovery documents)."""
_COMPUTE: Final = re.compile(r"https://compute\.[^/]*googleapis\.com/")
_CONNECTIONS: Final = 16


class ReadOnly(HTTPAdapter):
    """Sends only requests that read. Google's SDKs can also write."""

    def __init__(self) -> None:
        super().__init__(pool_connections=_CONNECTIONS, pool_maxsize=_CONNECTIONS)
        self._last = threading.local()

    def send(self, request: Any, *args: Any, **arguments: Any) -> Response:  # noqa: ANN401 - requests' interface
        """Send a request. Raises PermissionError for a request that would change something."""
        path = str(request.url).partition("?")[0]
        if request.method != "GET" and not (request.method == "POST" and _READING_POSTS.search(path)):
            message = f"cloudguard only reads: {request.method} {path} was not sent"
            raise PermissionError(message)
        self._last.answer = None
        answer = super().send(request, *args, **arguments)
        if answer.ok and _COMPUTE.match(path):
            self._keep(answer)
        return answer

    def _keep(self, answer: Any) -> None:  # noqa: ANN401 - its content has no setter
        """Keep an answer, and pass on only the next page's token. The SDK rejects an answer that is not an object."""
        with suppress(ValueError):
            body: object = answer.json()
            if isinstance(body, dict):
                self._last.answer = body
                token = cast("dict[str, object]", body).get("nextPageToken", "")
                answer._content = json.dumps({"nextPageToken": token}).encode()  # noqa: SLF001 - as above

    def latest(self) -> Any:  # noqa: ANN401 - JSON
        """Return Compute's last answer in this thread; None if it was not an object."""
        return self._last.answer
