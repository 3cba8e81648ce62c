"""Paged, read-only calls. A refused call or an incomplete answer becomes a Gap.

Answers are dictionaries with the API's own names (camelCase), not the SDK's models.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from importlib import import_module
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from cloudguard.model.source import Reason
from cloudguard.provider.answers import Answer
from cloudguard.provider.port import CollectRequest, Progress, silent
from cloudguard.provider.reader import LONGEST_MESSAGE, Reader
from cloudguard.values import dataclass
from cloudguard_azure.access.calls import CALLS, CLIENTS, Call
from cloudguard_azure.access.pages import Pages

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

CLOUDS: Final = {
    "AzureCloud": "AZURE_PUBLIC_CLOUD",
    "AzureUSGovernment": "AZURE_US_GOVERNMENT",
    "AzureChinaCloud": "AZURE_CHINA_CLOUD",
}
"""The SDK's name of each cloud, by the name that ``az cloud set`` takes."""


@dataclass(frozen=True, slots=True)
class Access:
    """The arguments of a reader: a ``credential`` of azure-identity, the subscription, a key of ``CLOUDS``."""

    credential: TokenCredential
    subscription: str
    cloud: str = "AzureCloud"


_UNREGISTERED: Final = "MissingSubscriptionRegistration"
"""The error code of a subscription that has not registered a resource provider. It then has no resources of the
provider, because a provider with resources can't be unregistered
(https://learn.microsoft.com/azure/azure-resource-manager/management/resource-providers-and-types).
"""


class Api(Reader[Call]):
    """Calls with one caller's credential in one subscription. Safe to use from several threads.

    A call with ``subscription`` among its parameters is made in that subscription.
    """

    identifiers = ("id", "name")

    calls = CALLS
    threads = 8

    def __init__(self, access: Access, progress: Progress = silent, request: CollectRequest | None = None) -> None:
        from cloudguard_azure.access.pipeline import pipeline  # noqa: PLC0415 - the SDK is loaded on first use

        super().__init__(progress, request)
        self._access = access
        self.subscription = access.subscription
        self.endpoint, self.scope = endpoint(access.cloud)
        self._pipeline = pipeline(access.credential, self.scope)

    def caller_key(self, call: Call) -> Hashable:
        """Return the credential and subscription of the call: only calls with the same ones share answers."""
        del call
        return self._access

    def fetch(self, call: Call, parameters: Mapping[str, Any]) -> Answer:
        """Return all pages of Azure's answer. Raises one of ``errors``."""
        from azure.core.exceptions import HttpResponseError  # noqa: PLC0415 - the SDK is loaded on first use

        remaining = dict(parameters)
        operation = self.operation(call, remaining.pop("subscription", ""))
        pages = Pages(call, self.endpoint, self.stop)
        try:
            answer: Any = operation(**remaining, raw_response_hook=pages.take)
            if hasattr(answer, "by_page"):
                for _ in answer.by_page():
                    pass
        except HttpResponseError as error:
            if call.listed and code_of(error) == _UNREGISTERED:
                return Answer([])
            raise
        return pages.answer()

    @staticmethod
    def errors() -> tuple[type[Exception], ...]:
        """Return the types of errors that a call may raise."""
        from azure.core.exceptions import AzureError  # noqa: PLC0415 - the SDK is loaded on first use

        return (AzureError, ValueError)

    @staticmethod
    def reason(error: Exception) -> tuple[Reason, str]:
        """Return the reason for a failed call, and the cloud's message without secrets."""
        from azure.core.exceptions import ClientAuthenticationError  # noqa: PLC0415 - the SDK is loaded on first use

        status: int | None = getattr(error, "status_code", None)
        code = code_of(error)
        words = str(getattr(getattr(error, "error", None), "message", None) or getattr(error, "message", "") or error)
        start = ": ".join(str(word) for word in (status, code) if word) or type(error).__name__
        message = clean(f"{start}: {words}")
        if code.lower() in _UNSUPPORTED:
            return Reason.UNSUPPORTED, message
        if status == 429:  # noqa: PLR2004 - too many requests
            return Reason.THROTTLED, message
        if status in {401, 403} or (status is None and isinstance(error, ClientAuthenticationError)):
            return Reason.DENIED, message
        return (Reason.MISSING if status == 404 else Reason.FAILED), message  # noqa: PLR2004 - not found

    def operation(self, call: Call, subscription: str = "") -> Any:  # noqa: ANN401 - the SDK's are made at run time
        """Return the SDK's method of a call, in a subscription ("": the reader's own)."""
        return attrgetter(call.method)(self.client(call, subscription or self.subscription))

    def client(self, call: Call, subscription: str) -> Any:  # noqa: ANN401 - the SDK's clients are made at run time
        """Return the SDK's client of a call, created once for each subscription. All send through one pipeline."""

        def opened() -> Any:  # noqa: ANN401 - as above
            package, name = CLIENTS[call.provider]
            sdk: Any = import_module(f"azure.mgmt.{package}")  # on first use
            # Both are passed because some clients have no parameter cloud_setting (azure-mgmt-authorization 4.0).
            return getattr(sdk, name)(
                self._access.credential,
                subscription,
                base_url=self.endpoint,
                credential_scopes=[self.scope],
                pipeline=self._pipeline,
            )

        return self.shared.once((self._access, call.provider, subscription), opened)


def endpoint(cloud: str) -> tuple[str, str]:
    """Return the address of a cloud's resource manager, and the scope of tokens for it."""
    from azure.core import AzureClouds  # noqa: PLC0415 - the SDK is loaded on first use
    from azure.mgmt.core.tools import get_arm_endpoints  # noqa: PLC0415 - likewise

    settings = get_arm_endpoints(AzureClouds[CLOUDS[cloud]])
    return settings["resource_manager"].rstrip("/"), settings["credential_scopes"][0]


_UNSUPPORTED: Final = {
    "noregisteredproviderfound",
    "invalidapiversionparameter",
    "invalidresourcetype",
    "missingsubscriptionregistration",
}
_NOISE: Final = re.compile(
    r"\s*(Trace ID|Correlation ID|Timestamp): \S+( \d\d:\d\d:\S+)?"  # of Entra's answers
    r"|(?<=://)[^/@\s]+@"  # a proxy's user and password
    r"|\beyJ[\w-]+\.[\w-]+\.[\w-]*"  # a token
)


def clean(words: str) -> str:
    """Return the cloud's message on one line, without secrets and ids for Azure's support."""
    return " ".join(_NOISE.sub("", words).split())[:LONGEST_MESSAGE]


def code_of(error: Exception) -> str:
    """Return the cloud's error code: "AuthorizationFailed"; "" if it has none."""
    return str(getattr(getattr(error, "error", None), "code", None) or "")
