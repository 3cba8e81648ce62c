"""Calls that make keys of vaults usable or rotate them, and calls that make a vault with a new key.

https://learn.microsoft.com/rest/api/keyvault/keys/update-key/update-key,
https://learn.microsoft.com/azure/key-vault/keys/how-to-configure-key-rotation,
https://learn.microsoft.com/rest/api/keyvault/keyvault/keys/create-if-not-exist
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from cloudguard.model.keys import KeyState
from cloudguard.model.snapshot import Snapshot
from cloudguard.provider.calls.cloud_forms import Pair
from cloudguard.provider.calls.snapshot_index import SnapshotIndex
from cloudguard.results.api_call import ApiCall, answer
from cloudguard.results.change import AttributeEdit
from cloudguard.values import dataclass
from cloudguard_azure.access.ids import group_of, subscription_of
from cloudguard_azure.changes.calls import PUT, delete, put, read

VAULT: Final = "Microsoft.KeyVault"
_LONGEST: Final = timedelta(days=730)
_ROLES: Final = "providers/Microsoft.Authorization/roleDefinitions"


def _policy(rotate: str) -> dict[str, Any]:
    """Return the policy that rotates a key every year. ``rotate``: the API's word for it ("Rotate" or "rotate")."""
    life = {"trigger": {"timeAfterCreate": "P1Y"}, "action": {"type": rotate}}
    return {"lifetimeActions": [life], "attributes": {"expiryTime": "P2Y"}}


def key_calls(index: SnapshotIndex, key: str, edit: AttributeEdit) -> Iterator[Pair]:
    """Yield the call that makes a key usable again, or rotates it. It is a call of the vault, not of Resource Manager.

    An expired key gets a new date of expiry: two years after the snapshot. A key that is pending deletion has no call.
    """
    if not key.startswith("https://"):
        return
    expires = index.keys[key].expires if key in index.keys else ""
    if edit.name == "state" and edit.before == KeyState.DISABLED:
        yield _updated(key, {"enabled": True}), (_updated(key, {"enabled": False}),)
    elif edit.name == "state" and edit.before == KeyState.EXPIRED and expires:
        expiry = datetime.fromisoformat(expires).replace(tzinfo=UTC)
        later = datetime.fromisoformat(index.snapshot.finished) + _LONGEST
        call, undo = (_updated(key, {"exp": int(day.timestamp())}) for day in (later, expiry))
        yield call, (undo,)
    elif edit.name == "rotation":
        yield ApiCall(VAULT, "UpdateKeyRotationPolicy", {"id": _unversioned(key), PUT: _policy("Rotate")}), ()


def _updated(key: str, attributes: dict[str, Any]) -> ApiCall:
    return ApiCall(VAULT, "UpdateKey", {"id": key, PUT: {"attributes": attributes}})


def _unversioned(key: str) -> str:
    """Return a key's address without its version: "https://v.vault.azure.net/keys/etcd"."""
    return "/".join(key.split("/")[:5])


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that is to be made, in a vault of its own. ``scope``: the id of a resource group."""

    scope: str
    location: str
    name: str
    purpose: str

    @classmethod
    def of(cls, snapshot: Snapshot, near: str, purpose: str) -> NewKey | None:
        """Return the key for ``purpose``, in the resource group of ``near`` (an id); None if its region is unknown."""
        if len(snapshot.cluster.regions) != 1:
            return None
        scope = f"/subscriptions/{subscription_of(near)}/resourceGroups/{group_of(near)}"
        name = sha256(f"{scope}\0{snapshot.cluster.name}".encode()).hexdigest()[:12]
        return cls(scope, snapshot.cluster.regions[0], f"{purpose}-{name}", purpose)

    @property
    def vault(self) -> str:
        """The id of the vault. Its name is the only one in the world (3 to 24 characters)."""
        return f"{self.scope}/providers/{VAULT}/vaults/{self.name}"

    @property
    def _answer(self) -> str:
        return f"{self.purpose.upper()}_KEY"

    @property
    def address(self) -> dict[str, str]:
        """The placeholder for the key's address."""
        return dict(answer(self._answer))

    def creation(self, *, rotates: bool) -> Iterator[Pair]:
        """Yield the calls that make the vault and the key, which stays for 90 days after its deletion.

        ``rotates``: each version expires, so whatever uses the key must follow its newest version.
        """
        subscription, tenant = self.scope.partition("/resourceGroups/")[0], f"{self.purpose.upper()}_TENANT"
        yield read(subscription, {tenant: "tenantId"}), ()
        properties: dict[str, Any] = {
            "tenantId": answer(tenant),
            "sku": {"family": "A", "name": "standard"},
            "accessPolicies": [],
            "enableRbacAuthorization": True,
            "enableSoftDelete": True,
            "enablePurgeProtection": True,
        }
        yield put(self.vault, {"location": self.location, "properties": properties}), (delete(self.vault),)
        policy = {"rotationPolicy": _policy("rotate")} if rotates else {}
        key = {"properties": {"kty": "RSA", "keySize": 3072, **policy}}
        yield put(f"{self.vault}/keys/{self.purpose}", key, {self._answer: "properties.keyUriWithVersion"}), ()

    def opened_to(self, principal: object, role: str) -> Pair:
        """Return the call that assigns ``role`` (a GUID) on the vault to ``principal``, an object id or placeholder."""
        definition = f"/subscriptions/{subscription_of(self.scope)}/{_ROLES}/{role}"
        name = uuid5(NAMESPACE_URL, f"{self.vault} {role}")
        assignment = f"{self.vault}/providers/Microsoft.Authorization/roleAssignments/{name}"
        properties = {"roleDefinitionId": definition, "principalId": principal, "principalType": "ServicePrincipal"}
        return put(assignment, {"properties": properties}), (delete(assignment),)
