"""Made-up projects, folders, organizations and predefined roles: what a fixture is built of.

``build(Project("acme-prod"))`` is the least that Google could have.
"""

from __future__ import annotations

import zlib
from typing import Any
from urllib.parse import quote

from gcp.balancing import Balancing
from gcp.fixture import Fixture, Json, merged
from gcp.shelves import CREATED, Shelves
from gcp.validate import check

_RESOURCES = "cloudresourcemanager.v3"


def build(*parts: Shelves) -> Fixture:
    """Return a fixture of all parts; raises FixtureError with all that Google could not send."""
    return check(merged(part.built() for part in parts))


class Node(Shelves):
    """A folder or an organization: "folders/12", "organizations/34"; a folder has a ``parent``."""

    def __init__(self, name: str, parent: str = "") -> None:
        super().__init__()
        self.name = name
        body: Json = {"name": name, "state": "ACTIVE", "displayName": name.replace("/", "-")}
        self.respond(_RESOURCES, f"GET {name}", {**body, **({"parent": parent} if parent else {})})

    def grant(self, role: str, *members: str, condition: str = "") -> None:
        """Bind members to a role on it."""
        self.bind(_RESOURCES, f"POST {self.name}:getIamPolicy", role, members, condition)

    def role(self, name: str, *permissions: str) -> str:
        """Add a custom role of an organization; return its full name."""
        return role(self, f"{self.name}/roles", name, permissions)

    def deny(self, name: str, *rules: Json) -> str:
        """Attach a deny policy."""
        return deny(self, self.name, name, rules)


class Roles(Shelves):
    """Google's own roles, as far as a test needs them: permissions by name ("roles/viewer")."""

    def __init__(self, **permissions: tuple[str, ...]) -> None:
        super().__init__()
        for name, granted in permissions.items():
            self.add(f"roles/{name}", *granted)

    def add(self, name: str, *permissions: str) -> str:
        """Add a role."""
        return role(self, "roles", name.removeprefix("roles/"), permissions)


class Project(Balancing):
    """A project: with its number, its default service account, and a policy without bindings."""

    def __init__(self, name: str = "acme-prod", number: str = "123456789012", *, parent: str = "", **more: Any) -> None:  # noqa: ANN401 - JSON
        super().__init__(name, number)
        self.default_account = f"{number}-compute@developer.gserviceaccount.com"
        body: Json = {
            "name": name,
            "id": number,
            "selfLink": self.link("").rstrip("/"),
            "creationTimestamp": CREATED,
            "defaultServiceAccount": self.default_account,
            "commonInstanceMetadata": {"fingerprint": "QUJD", "items": []},
            "xpnProjectStatus": "UNSPECIFIED_XPN_PROJECT_STATUS",
        }
        self.respond("compute.v1", f"GET projects/{name}", {**body, **more})
        above = {"parent": parent} if parent else {}
        told: Json = {"name": f"projects/{number}", "projectId": name, "state": "ACTIVE", "displayName": name, **above}
        self.respond(_RESOURCES, f"GET projects/{name}", told)
        self.account(self.default_account)
        self.place("zones", "europe-west1-b")

    def grant(self, role: str, *members: str, condition: str = "") -> None:
        """Bind members to a role on the project."""
        self.bind(_RESOURCES, f"POST projects/{self.name}:getIamPolicy", role, members, condition)

    def account(self, name: str, **more: Any) -> str:  # noqa: ANN401 - JSON
        """Add a service account and return its address; a name alone is made the project's."""
        email = name if "@" in name else f"{name}@{self.name}.iam.gserviceaccount.com"
        path = f"projects/{self.name}/serviceAccounts"
        body: Json = {"name": f"{path}/{email}", "email": email, "projectId": self.name, "uniqueId": _id(email), **more}
        self.put("iam.v1", path, body)
        return email

    def grant_on(self, email: str, role: str, *members: str, condition: str = "") -> None:
        """Bind members to a role on a service account of the project."""
        self.bind("iam.v1", f"POST projects/{self.name}/serviceAccounts/{email}:getIamPolicy", role, members, condition)

    def grant_at(self, link: str, role: str, *members: str, condition: str = "") -> None:
        """Bind members to a role on a resource of Compute: an instance, a disk, a snapshot."""
        key = f"GET {link.partition('/v1/')[2]}/getIamPolicy"
        self.bind("compute.v1", key, role, members, condition)

    def account_key(self, email: str, name: str, kind: str = "USER_MANAGED") -> str:
        """Add a key of a service account, and return its name."""
        path = f"projects/{self.name}/serviceAccounts/{email}/keys"
        body: Json = {"name": f"{path}/{name}", "keyType": kind, "keyOrigin": "GOOGLE_PROVIDED"}
        return str(self.put("iam.v1", path, body)["name"])

    def role(self, name: str, *permissions: str) -> str:
        """Add a custom role of the project; return its full name."""
        return role(self, f"projects/{self.name}/roles", name, permissions)

    def deny(self, name: str, *rules: Json) -> str:
        """Attach a deny policy; a rule is {"deniedPrincipals": [...], "deniedPermissions": [...]}."""
        return deny(self, f"projects/{self.number}", name, rules)

    def crypto_key(self, name: str, *, ring: str = "ring", location: str = "europe-west1", **more: Any) -> str:  # noqa: ANN401 - JSON
        """Add a KMS key with one version; return its full name. The version is ``{name}/cryptoKeyVersions/1``."""
        path = f"projects/{self.name}/locations/{location}/keyRings/{ring}/cryptoKeys"
        whole = f"{path}/{name}"
        first: Json = {
            "name": f"{whole}/cryptoKeyVersions/1",
            "state": "ENABLED",
            "protectionLevel": "SOFTWARE",
            "algorithm": "GOOGLE_SYMMETRIC_ENCRYPTION",
        }
        self.put("cloudkms.v1", f"{whole}/cryptoKeyVersions", first)
        self.put("cloudkms.v1", path, {"name": whole, "purpose": "ENCRYPT_DECRYPT", "primary": first, **more})
        return whole


def role(shelves: Shelves, path: str, name: str, permissions: tuple[str, ...]) -> str:
    """Add a role to a collection of them; return its full name."""
    body: Json = {"name": f"{path}/{name}", "title": name, "stage": "GA", "includedPermissions": [*permissions]}
    return str(shelves.put("iam.v1", path, body)["name"])


def deny(shelves: Shelves, attachment: str, name: str, rules: tuple[Json, ...]) -> str:
    """Add a deny policy to what it is attached to ("projects/123"); return its full name."""
    point = quote(f"cloudresourcemanager.googleapis.com/{attachment}", safe="")
    path = f"policies/{point}/denypolicies"
    body: Json = {
        "name": f"{path}/{name}",
        "kind": "DenyPolicy",
        "uid": "0b7d1b8e-5b1c-4f0e-9c62-000000000001",
        "rules": [{"denyRule": one} for one in rules],
    }
    return str(shelves.put("iam.v2", path, body)["name"])


def _id(email: str) -> str:
    return f"1{zlib.crc32(email.encode()):020d}"
