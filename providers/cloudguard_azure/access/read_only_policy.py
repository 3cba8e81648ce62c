"""What goes over the wire: only what reads. The SDK would do more: it registers resource providers by itself."""

from __future__ import annotations

from typing import Any, Final

from azure.core.pipeline.policies import SansIOHTTPPolicy

READING_POSTS: Final = frozenset(
    (
        "listNetworkManagerEffectiveConnectivityConfigurations",
        "listNetworkManagerEffectiveSecurityAdminRules",
    )
)
"""The last words of addresses that only read although they are POSTs."""


class ReadOnly(SansIOHTTPPolicy[Any, Any]):
    """Lets through what reads, and nothing else."""

    def on_request(self, request: Any) -> None:  # noqa: ANN401 - the SDK has two kinds of requests
        """Look at a request; raises PermissionError for one that would change something."""
        method, path = request.http_request.method, request.http_request.url.partition("?")[0]
        if method != "GET" and not (method == "POST" and path.rpartition("/")[2] in READING_POSTS):
            message = f"cloudguard only reads: {method} {path} was not sent"
            raise PermissionError(message)
