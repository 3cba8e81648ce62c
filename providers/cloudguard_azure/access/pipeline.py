"""What requests go through, on the way to Azure and back: only what reads goes out.

The SDK would do more: it registers resource providers by itself.
"""

from __future__ import annotations

from typing import Any, Final

from azure.core.credentials import TokenCredential
from azure.core.pipeline import Pipeline, policies
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.core.pipeline.transport import RequestsTransport
from azure.mgmt.core.policies import ARMChallengeAuthenticationPolicy

_PATIENCE: Final = 60
"""Seconds for one answer, and for all tries of one page together."""
_CONNECTING: Final = 15
"""Seconds for a connection."""


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


class Retry(policies.RetryPolicy[Any, Any]):
    """Tries again as the SDK does, but where Azure asks to wait for longer than we have patience."""

    def is_retry(self, settings: dict[str, Any], response: Any) -> bool:  # noqa: ANN401 - the SDK's generics
        """Whether a request is sent again."""
        return super().is_retry(settings, response) and (self.get_retry_after(response) or 0) < _PATIENCE


def pipeline(credential: TokenCredential, scope: str) -> Any:  # noqa: ANN401 - generic over two kinds of requests
    """Return the SDK's own pipeline without what registers resource providers, and what follows redirects."""
    steps: list[Any] = [
        policies.RequestIdPolicy(),
        policies.UserAgentPolicy("cloudguard"),
        policies.ContentDecodePolicy(),
        Retry(retry_total=4, retry_status=4, retry_backoff_max=8, timeout=_PATIENCE),
        ARMChallengeAuthenticationPolicy(credential, scope),
        policies.CustomHookPolicy(),
        ReadOnly(),
    ]
    return Pipeline[Any, Any](RequestsTransport(connection_timeout=_CONNECTING, read_timeout=_PATIENCE), steps)
