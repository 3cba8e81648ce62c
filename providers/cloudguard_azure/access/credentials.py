"""Tokens and their claims, from the default credential of azure-identity or from a given one.

https://learn.microsoft.com/python/api/azure-identity/azure.identity.defaultazurecredential
"""

from __future__ import annotations

import re
import threading
import time
from base64 import urlsafe_b64decode
from json import loads
from typing import TYPE_CHECKING, Any, Final, cast

from cloudguard.errors import AccessError, UsageError
from cloudguard.provider.answers import NOTHING, Item
from cloudguard_azure.access.api import Api, clean

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken, TokenCredential

LOGIN: Final = "Log in with: az login, or set AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_CLIENT_SECRET"
_NOT_SET_UP: Final = re.compile(
    r"unavailable|not found|not installed|be found|package|az login|No accounts|not enabled"
)
"""Phrases of azure-identity for credentials that are not set up."""
_TENANT: Final = "Check --tenant and AZURE_TENANT_ID"
_WRONG_TENANT: Final = re.compile(r"authority configuration|AADSTS90002|AADSTS700016")
"""Phrases for a tenant that does not exist (MSAL's and Entra's), and for an application that is not in the tenant
(https://learn.microsoft.com/entra/identity-platform/reference-error-codes).
"""
_RENEWED_BEFORE: Final = 300
"""Seconds before its expiry at which a token is replaced."""


class Tokens:
    """A credential for one tenant that caches its token for one scope: az needs a second for each token."""

    def __init__(self, credential: TokenCredential, tenant: str) -> None:
        self._credential = credential
        self._of_tenant: dict[str, Any] = {"tenant_id": tenant} if tenant else {}
        self._token: AccessToken | None = None
        self._lock = threading.Lock()

    def get_token(self, *scopes: str, **arguments: Any) -> AccessToken:  # noqa: ANN401 - the SDK's
        """Return a token."""
        with self._lock:
            if self._token is None or arguments.get("claims") or self._token.expires_on < time.time() + _RENEWED_BEFORE:
                self._token = self._credential.get_token(*scopes, **self._of_tenant, **arguments)
            return self._token


def default(cloud: str, tenant: str, client: str) -> TokenCredential:
    """Return the default credential in a cloud. ``client``: a managed identity's client id, "" for none."""
    from azure.identity import AzureAuthorityHosts, DefaultAzureCredential  # noqa: PLC0415 - loaded on first use

    authorities = {
        "AzureUSGovernment": AzureAuthorityHosts.AZURE_GOVERNMENT,
        "AzureChinaCloud": AzureAuthorityHosts.AZURE_CHINA,
    }
    try:
        return DefaultAzureCredential(
            **({"authority": authorities[cloud]} if cloud in authorities else {}),
            **({"managed_identity_client_id": client} if client else {}),
            additionally_allowed_tenants=[tenant] if tenant else [],
        )
    except ValueError as error:
        raise UsageError(
            clean(str(error)).rstrip("."), hint="Correct this environment variable of azure-identity"
        ) from error


def checked_credential(credential: object) -> TokenCredential:
    """Return the credential that a library's user passes. Raises UsageError if it is not a credential."""
    if not callable(getattr(credential, "get_token", None)):
        message = f"client is a {type(credential).__name__}, not a credential"
        raise UsageError(message, hint="Pass a credential of azure.identity (it has the method get_token)")
    return cast("TokenCredential", credential)


def claims(credential: Tokens, scope: str) -> Item:
    """Return the claims of a token. Raises AccessError if no token is issued."""
    from azure.core.exceptions import AzureError  # noqa: PLC0415 - the SDK is loaded on first use

    try:
        token = str(credential.get_token(scope).token)
    except (AzureError, ValueError) as error:
        why = _cause(error)
        raise AccessError(why, hint=_TENANT if _WRONG_TENANT.search(why) else LOGIN) from error
    try:
        payload = token.split(".")[1]
        members: object = loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError):
        return NOTHING  # only Azure needs to parse its tokens
    return cast("Item", members) if isinstance(members, dict) else NOTHING


def account_of(holder: Item) -> str:
    """Return the account of the credentials, as far as the claims of their token show it."""
    names = (holder.get(name) for name in ("upn", "unique_name", "preferred_username", "appid", "oid"))
    return next((name for name in names if isinstance(name, str) and name), "the user of the Azure credentials")


def _cause(error: Exception) -> str:
    """Return the cause of a failure. azure-identity's message has a line for each credential; most are not set up."""
    lines = str(getattr(error, "message", "") or error).splitlines()
    tried = [line.strip() for line in lines if re.match(r"\t\w+Credential: ", line)]
    failed = [line for line in tried if "AADSTS" in line or not _NOT_SET_UP.search(line)]
    if tried and not failed:
        return "no Azure credentials were found"
    return f"Azure issued no token: {clean(failed[0]) if failed else Api.explain(error)[1]}".rstrip(".")
