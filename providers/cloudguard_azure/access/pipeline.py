"""The pipeline of requests to Azure: it only sends requests that read.

The SDK's own pipeline would also register resource providers.
"""

from __future__ import annotations

from typing import Any, Final

from azure.core.credentials import TokenCredential
from azure.core.pipeline import Pipeline, policies
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.core.pipeline.transport import RequestsTransport
from azure.mgmt.core.policies import ARMChallengeAuthenticationPolicy

_READ_TIMEOUT: Final = 60
"""Seconds for one answer, and for all attempts of one page together."""
_CONNECT_TIMEOUT: Final = 15
"""Seconds for a connection."""


READING_POSTS: Final = frozenset(
    ("listNetworkManagerEffectiveConnectivityConfigurations", "listNetworkManagerEffectiveSecurityAdminRules")
)
"""The last path segments of POSTs that only read."""


class ReadOnly(SansIOHTTPPolicy[Any, Any]):
    """Passes on only requests that read."""

    def on_request(self, request: Any) -> None:  # noqa: ANN401 - the SDK has two kinds of requests
        """Check a request. Raises PermissionError for a request that would change something."""
        method, path = request.http_request.method, request.http_request.url.partition("?")[0]
        if method != "GET" and not (method == "POST" and path.rpartition("/")[2] in READING_POSTS):
            message = f"cloudguard only reads: {method} {path} was not sent"
            raise PermissionError(message)


class Retry(policies.RetryPolicy[Any, Any]):
    """Retries like the SDK, unless Azure asks to wait longer than ``_READ_TIMEOUT``."""

    def is_retry(self, settings: dict[str, Any], response: Any) -> bool:  # noqa: ANN401 - the SDK's generics
        """Whether a request is sent again."""
        return super().is_retry(settings, response) and (self.get_retry_after(response) or 0) < _READ_TIMEOUT


def pipeline(credential: TokenCredential, scope: str) -> Any:  # noqa: ANN401 - generic over two kinds of requests
    """Return the SDK's pipeline without the policies that register resource providers and follow redirects."""
    steps: list[Any] = [
        policies.RequestIdPolicy(),
        policies.UserAgentPolicy("cloudguard"),
        policies.ContentDecodePolicy(),
        Retry(retry_total=4, retry_status=4, retry_backoff_max=8, timeout=_READ_TIMEOUT),
        ARMChallengeAuthenticationPolicy(credential, scope),
        policies.CustomHookPolicy(),
        ReadOnly(),
    ]
    return Pipeline[Any, Any](RequestsTransport(connection_timeout=_CONNECT_TIMEOUT, read_timeout=_READ_TIMEOUT), steps)
