"""The caller and the subscription: flags, the cloud, and a check that calls can be made."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import Final

from cloudguard.errors import AccessError, CloudguardError, UsageError
from cloudguard.model.source import Reason
from cloudguard.provider.answers import Item, text
from cloudguard.provider.port import CollectRequest, Option, Progress, option
from cloudguard.provider.sharing.shared_answers import SharedAnswers
from cloudguard.values import dataclass
from cloudguard_azure.access import profile
from cloudguard_azure.access.api import CLOUDS, Access, Api, code_of, endpoint
from cloudguard_azure.access.calls import LIST_MANAGED_CLUSTERS, Call
from cloudguard_azure.access.credentials import LOGIN, Tokens, account_of, checked_credential, claims, default

OPTIONS = (
    Option(
        "subscription",
        "The id of the subscription of the cluster's hosts. Default: AZURE_SUBSCRIPTION_ID, else the default of az.",
        "ID",
        variables=("AZURE_SUBSCRIPTION_ID", "ARM_SUBSCRIPTION_ID"),
        target_key="account",
    ),
    Option("tenant", "The tenant to log in to. Default: the tenant of the credentials.", "ID", implicit=False),
    Option(
        "resource-group",
        "The resource group of the cluster, if two clusters have the same name. All groups are read.",
        "NAME",
    ),
    Option("client-id", "The client id of the user-assigned managed identity to log in with.", "ID", implicit=False),
    Option(
        "cloud",
        f"The cloud, one of {', '.join(CLOUDS)}. Default: the cloud of the subscription.",
        "NAME",
        implicit=False,
    ),
    Option("issuer", "The issuer of the cluster's service accounts, if its address has not the cluster's name.", "URL"),
)
_GUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TENANT: Final = re.compile(r"[0-9a-z.-]+")
"""An id or a domain."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The subscription that is read, and the account that reads it."""

    subscription: str
    account: str


def begin(request: CollectRequest, progress: Progress, soon: Iterable[Call] = ()) -> tuple[Api, Caller]:
    """Return the reader and the caller. Raises UsageError for wrong flags, AccessError if no call can be made.

    ``soon``: calls without parameters to start before the first answer arrives.
    """
    known = profile.subscription(option(request, "subscription"))
    subscription, cloud = _subscription(request, known), _cloud(request, known)
    for name, pattern, shape in (
        ("tenant", _TENANT, "Give the tenant's id or one of its domains"),
        ("client-id", _GUID, "Give the client id of the identity, not its name or object id"),
    ):
        if (value := option(request, name)) and not pattern.fullmatch(value.lower()):
            message = f"--{name} is not a {'client id' if name == 'client-id' else 'tenant'}: {value!r}"
            raise UsageError(message, hint=shape)
    logging.getLogger("azure").addHandler(logging.NullHandler())  # else Python prints the SDK's warnings
    shared = request.shared or SharedAnswers()
    caller_key = (request.client, option(request, "tenant"), option(request, "client-id"), cloud)
    credential = shared.once(caller_key, partial(_credential, request, cloud))
    holder = shared.once((*caller_key, "claims"), partial(claims, credential, endpoint(cloud)[1]))
    api = Api(Access(credential, subscription, cloud), progress, replace(request, shared=shared))
    for call in soon:
        api.prefetch(call)
    _refuse_unreachable(api)
    return api, Caller(subscription, account_of(holder))


def _subscription(request: CollectRequest, known: Item) -> str:
    """Return the subscription's id. Raises UsageError if it is missing or not an id."""
    chosen = option(request, "subscription")
    subscription = (text(known, "id") or chosen).lower()
    if not subscription:
        message = "no subscription is given, and az has no default subscription"
        raise UsageError(message, hint="Give --subscription ID, set AZURE_SUBSCRIPTION_ID, or run: az login")
    if not _GUID.fullmatch(subscription):
        message = f"{chosen!r} is not a subscription id, and az knows no subscription with this name"
        raise UsageError(message, hint="See: az account list --output table")
    return subscription


def _cloud(request: CollectRequest, known: Item) -> str:
    """Return the cloud's name. Raises UsageError for an unknown one."""
    chosen = option(request, "cloud") or text(known, "environmentName") or "AzureCloud"
    for name in CLOUDS:
        if name.lower() == chosen.lower():
            return name
    message = f"no cloud is called {chosen!r}"
    raise UsageError(message, hint=f"Set --cloud to one of {', '.join(CLOUDS)}")


def _credential(request: CollectRequest, cloud: str) -> Tokens:
    tenant, client = option(request, "tenant"), option(request, "client-id")
    if request.client is None:
        return Tokens(default(cloud, tenant, client), tenant)
    if client:
        message = "--client-id cannot be used together with a given credential"
        raise UsageError(message, hint="Omit one of them")
    return Tokens(checked_credential(request.client), tenant)


def _refuse_unreachable(api: Api) -> None:
    """Raise AccessError if no call can be made. Other refusals and odd answers become Gaps later."""
    from azure.core.exceptions import AzureError  # noqa: PLC0415 - the SDK is loaded on first use

    try:
        api.ask(LIST_MANAGED_CLUSTERS)
    except AzureError as error:
        status = getattr(error, "status_code", None)
        if status is None or status in {401, 429} or code_of(error) == "SubscriptionNotFound":
            raise unreachable(error, api.subscription) from error
    except ValueError:
        return


def unreachable(error: Exception, subscription: str) -> CloudguardError:
    """Return the error for a user to whom the cloud does not answer."""
    reason, message = Api.explain(error)
    if code_of(error) == "InvalidAuthenticationTokenTenant":
        return AccessError(f"the subscription belongs to another tenant: {message}", hint="Give --tenant ID")
    if reason is Reason.DENIED:
        return AccessError(f"Azure does not accept the credentials: {message}", hint=LOGIN)
    if reason is Reason.MISSING:
        absent = f"these credentials cannot see a subscription {subscription}"
        return AccessError(absent, hint="Check --subscription and --cloud; see: az account list --output table")
    if reason is Reason.THROTTLED:
        return AccessError(f"Azure throttled the request: {message}", hint="Try again later")
    return AccessError(f"Azure can't be reached: {message}", hint="Check the network, HTTPS_PROXY and --cloud")
