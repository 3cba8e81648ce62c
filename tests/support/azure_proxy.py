"""A proxy with Azure's hosts and Entra ID for a made-up account, used by the unmodified program."""

from __future__ import annotations

import base64
import json
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

from azure.identity import ClientSecretCredential

from azure_account import SUBSCRIPTION, TENANT, guid
from azure_server import Azure, error
from cloudguard.provider.port import CollectRequest
from loopback_proxy import Answer, Asked, Proxy, running

CLOUDS: Final = {
    "management.azure.com": "login.microsoftonline.com",
    "management.usgovcloudapi.net": "login.microsoftonline.us",
    "management.chinacloudapi.cn": "login.chinacloudapi.cn",
}
"""Host of a cloud's resource manager → host that issues its tokens."""
CLIENT, SECRET, OBJECT = guid("scanner's application"), "made-up", guid("scanner")
"""The application with which the program signs in. ``OBJECT``: the object id of its service principal."""
_ENDED = "AADSTS7000222: The provided client secret keys for app are expired."
_WRONG = "AADSTS7000215: Invalid client secret provided."
_NO_TENANT = "AADSTS90002: Tenant not found. Check to make sure you have the correct tenant ID."


@dataclass
class AzureProxy(Proxy):
    """A proxy with the hosts of Azure's clouds. ``secret``: "good" or "expired"."""

    azure: Azure
    secret: str = "good"  # noqa: S105 - whether it is still good

    def serves(self, host: str) -> bool:
        """Whether ``host`` is a host of Azure."""
        return host in {*CLOUDS, *CLOUDS.values()}

    def answer(self, asked: Asked) -> Answer:
        """Return a token, or the answer of the resource manager."""
        if asked.host in CLOUDS.values():
            return self._sign_in(asked)
        audience = _audience(asked.headers.get("authorization", ""))
        if audience != f"https://{asked.host}":
            return error(401, "InvalidAuthenticationTokenAudience", f"The audience {audience!r} is not {asked.host}.")
        return self.azure.answer(asked.host, asked.verb, asked.target, asked.body)

    def _sign_in(self, asked: Asked) -> Answer:
        """Return the answer of Entra ID: https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc."""
        parts = urlsplit(asked.target)
        root = f"https://{asked.host}"
        tenant = parts.path.split("/")[1]
        if parts.path.endswith("/discovery/instance"):
            endpoint = f"{root}/{self.azure.account.tenant}/v2.0/.well-known/openid-configuration"
            names = {"preferred_network": asked.host, "preferred_cache": asked.host, "aliases": [asked.host]}
            return _json({"tenant_discovery_endpoint": endpoint, "api-version": "1.1", "metadata": [names]})
        if tenant != self.azure.account.tenant:
            return _json({"error": "invalid_tenant", "error_description": _NO_TENANT}, 400)
        if parts.path.endswith("/openid-configuration"):
            found = {
                "issuer": f"{root}/{tenant}/v2.0",
                "authorization_endpoint": f"{root}/{tenant}/oauth2/v2.0/authorize",
                "token_endpoint": f"{root}/{tenant}/oauth2/v2.0/token",
            }
            return _json(found)
        return self._token({key: one[-1] for key, one in parse_qs(asked.body.decode()).items()})

    def _token(self, form: Mapping[str, str]) -> Answer:
        if self.secret == "expired" or form.get("client_secret") != SECRET:  # noqa: S105 - whether it is still good
            message = _ENDED if self.secret == "expired" else _WRONG  # noqa: S105 - whether it is still good
            return _json({"error": "invalid_client", "error_description": message}, 401)
        scope = form["scope"].split()[0].removesuffix("/.default").rstrip("/")
        claims = {"aud": scope, "tid": self.azure.account.tenant, "appid": form["client_id"], "oid": OBJECT}
        token = ".".join(_encoded(part) for part in ({"alg": "none"}, claims, {}))
        return _json({"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": token})


def _encoded(part: Mapping[str, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def _audience(header: str) -> str:
    """Return the audience of a token: "https://management.azure.com"; "" without a token."""
    parts = header.removeprefix("Bearer ").split(".")
    if len(parts) != 3:
        return ""
    claims: dict[str, str] = json.loads(base64.urlsafe_b64decode(parts[1] + "=="))
    named = (
        claims["aud"].replace("core.windows.net", "azure.com").replace("core.usgovcloudapi.net", "usgovcloudapi.net")
    )
    return named.replace("core.chinacloudapi.cn", "chinacloudapi.cn")


def _json(body: object, status: int = 200) -> Answer:
    return Answer(status, json.dumps(body).encode())


def asking() -> CollectRequest:
    """Return a request for the cluster "prod" with its own credentials, so that it does not use the environment."""
    credential = ClientSecretCredential(TENANT, CLIENT, SECRET)
    return CollectRequest(cluster="prod", options={"subscription": (SUBSCRIPTION,)}, client=credential)


@contextmanager
def behind(azure: Azure, folder: Path) -> Generator[AzureProxy]:
    """Serve the made-up account to programs that run with the proxy's environment."""
    proxy = AzureProxy(azure)
    with running(proxy, folder) as environment:
        proxy.environment |= {
            **environment,
            "AZURE_CLIENT_ID": CLIENT,
            "AZURE_CLIENT_SECRET": SECRET,
            "AZURE_TENANT_ID": azure.account.tenant,
            "AZURE_SUBSCRIPTION_ID": azure.account.subscription,
            "AZURE_CONFIG_DIR": str(folder / "azure"),
        }
        yield proxy
