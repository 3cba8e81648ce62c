"""A made-up Google Cloud project, built resource by resource. A resource that Google could not send is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from zlib import crc32

from fixture_error import FixtureError
from gcp_discovery import find, list_of
from gcp_schema import faults

Item = dict[str, Any]
ROOT = "https://www.googleapis.com/compute/v1"
ZONE, REGION = "europe-west1-b", "europe-west1"
PLATFORM = "https://www.googleapis.com/auth/cloud-platform"
_HOSTS = {
    "compute": ("compute.googleapis.com", "/compute/v1/"),
    "container": ("container.googleapis.com", "/v1/"),
    "iam": ("iam.googleapis.com", "/v1/"),
    "resources": ("cloudresourcemanager.googleapis.com", "/v3/"),
    "denials": ("iam.googleapis.com", "/v2/"),
    "kms": ("cloudkms.googleapis.com", "/v1/"),
}


class Project:
    """A project. ``lists``: path of a collection ("projects/p/global/routes") → items. ``answers``: path → answer."""

    def __init__(
        self, name: str = "acme-prod", number: str = "123456789012", *, zones: Sequence[str] = (ZONE,)
    ) -> None:
        self.name, self.number = name, number
        self.default_account = f"{number}-compute@developer.gserviceaccount.com"
        self.lists: dict[str, list[Item]] = {}
        self.answers: dict[str, Item] = {}
        self.scopes = [
            "global",
            *(f"regions/{r}" for r in sorted({z[:-2] for z in zones})),
            *(f"zones/{z}" for z in zones),
        ]
        self._policies: dict[str, list[Item]] = {}
        self.answer("compute", f"projects/{name}", {"name": name, "defaultServiceAccount": self.default_account})
        self.answer("resources", f"v3:projects/{name}", {"projectId": name, "name": f"projects/{number}"})
        self.policy(f"projects/{name}")
        self.collection("container", f"projects/{name}/locations/-/clusters")
        self.collection("iam", f"projects/{name}/serviceAccounts")
        self.account(self.default_account)

    # Methods that the server uses.

    def resource(self, path: str) -> Item | None:
        """Return the resource at ``path``. None if there is none."""
        folder, _, last = path.rpartition("/")
        return next((item for item in self.lists.get(folder, ()) if _last(item) == last), None)

    def scoped(self, collection: str) -> Iterator[tuple[str, list[Item]]]:
        """Yield (scope, items) for each list of a collection. A scope: "zones/europe-west1-b"."""
        for path, items in self.lists.items():
            match = re.fullmatch(rf"projects/{self.name}/(global|(?:regions|zones)/[^/]+)/{collection}", path)
            if match:
                yield match[1], items

    def knows(self, path: str) -> bool:
        """Whether a list at ``path``, if it has no items, is empty and not unknown."""
        return path.startswith((f"projects/{self.name}/", "policies/"))

    # Methods that build the project.

    def collection(self, api: str, path: str, *items: Item) -> None:
        """Add resources to a list. Raises FixtureError if the API could not send them."""
        host, prefix = _HOSTS[api]
        method = find(host, "GET", prefix + path)
        if method is None:
            message = f"no method lists {path}"
            raise FixtureError(message)
        told = list_of(method)[1]
        wrong = [fault for item in items for fault in faults(method.api, told, item, f"{path}/{_last(item)}")]
        held = self.lists.setdefault(path, [])
        wrong += [f"{path}: {_last(item)} is there twice" for item in items if _last(item) in map(_last, held)]
        if wrong:
            raise FixtureError("\n".join(wrong))
        held.extend(items)

    def answer(self, api: str, path: str, body: Item, verb: str = "GET") -> None:
        """Set the answer of one path. Raises FixtureError if the API could not send it."""
        host, prefix = _HOSTS[api]
        bare = path.removeprefix("v3:")
        method = find(host, verb, prefix + bare)
        if method is None:
            message = f"no method is at {verb} {path}"
            raise FixtureError(message)
        wrong = list(faults(method.api, {"$ref": method.answer}, body, path))
        if wrong:
            raise FixtureError("\n".join(wrong))
        self.answers[bare if api != "resources" or ":" in bare else path] = body

    def add(self, where: str, collection: str, name: str, **rest: Any) -> str:  # noqa: ANN401 - JSON
        """Add a Compute resource in a scope ("global", "zones/…") and return its link."""
        path = f"projects/{self.name}/{where}/{collection}"
        link = f"{ROOT}/{path}/{name}"
        kind, _, place = where.partition("/")
        here = {kind[:-1]: f"{ROOT}/projects/{self.name}/{where}"} if place else {}
        self.collection("compute", path, {"name": name, "selfLink": link, **here, **rest})
        return link

    def link(self, path: str) -> str:
        """Return the link of a resource of the project by its path: "global/networks/default"."""
        return f"{ROOT}/projects/{self.name}/{path}"

    def network(self, name: str = "default", *, gateway: bool = True, **rest: Any) -> str:  # noqa: ANN401 - JSON
        """Add a network, with a route to the internet if ``gateway``."""
        link = self.add("global", "networks", name, autoCreateSubnetworks=False, **rest)
        if gateway:
            hop = self.link("global/gateways/default-internet-gateway")
            self.add(
                "global",
                "routes",
                f"{name}-internet",
                network=link,
                destRange="0.0.0.0/0",
                priority=1000,
                nextHopGateway=hop,
            )
        self.effective(name)
        return link

    def effective(self, network: str, *policies: Item, regional: Sequence[Item] = (), region: str = REGION) -> None:
        """Set the firewall policies in effect on a network, and further ``regional`` policies in a region."""
        where = f"projects/{self.name}"
        self.answer(
            "compute", f"{where}/global/networks/{network}/getEffectiveFirewalls", {"firewallPolicys": [*policies]}
        )
        path = f"{where}/regions/{region}/firewallPolicies/getEffectiveFirewalls"
        self.answer("compute", path, {"firewallPolicys": [*policies, *regional]})

    def subnet(self, network: str, name: str = "nodes", cidr: str = "10.0.0.0/20", **rest: Any) -> str:  # noqa: ANN401
        """Add a subnet, with its route."""
        hop = {"destRange": cidr, "nextHopNetwork": network, "priority": 0}
        self.add("global", "routes", f"{network.rpartition('/')[2]}-{name}", network=network, **hop)
        return self.add(f"regions/{REGION}", "subnetworks", name, network=network, ipCidrRange=cidr, **rest)

    def firewall(self, network: str, name: str, allow: str = "", *sources: str, **rest: Any) -> str:  # noqa: ANN401
        """Add a firewall. ``allow``: "tcp:22,80 udp". ``sources``: ranges. ``rest``: further fields."""
        listed = [_protocol(text) for text in allow.split()]
        whole = {"allowed": listed, "direction": "INGRESS", "priority": 1000, **rest}
        ranges = {"sourceRanges": [*sources]} if sources else {}
        return self.add("global", "firewalls", name, network=network, **ranges, **whole)

    def instance(
        self,
        name: str,
        subnet: str,
        address: str,
        *,
        network: str = "default",
        tags: Sequence[str] = (),
        labels: Mapping[str, str] | None = None,
        public: str = "",
        account: str = "",
        scopes: Sequence[str] = (PLATFORM,),
        metadata: Mapping[str, str] | None = None,
        zone: str = ZONE,
        **rest: Any,  # noqa: ANN401 - JSON
    ) -> str:
        """Add a machine with one interface."""
        access = [{"name": "External NAT", "type": "ONE_TO_ONE_NAT", "natIP": public}] if public else []
        nic: Item = {
            "name": "nic0",
            "network": network if "/" in network else self.link(f"global/networks/{network}"),
            "subnetwork": subnet,
            "networkIP": address,
            "accessConfigs": access,
        }
        held = {"serviceAccounts": [{"email": account, "scopes": [*scopes]}]} if account else {}
        disk = rest.pop("disks", None) or [
            {
                "source": self.link(f"zones/{zone}/disks/{name}"),
                "boot": True,
                "type": "PERSISTENT",
                "deviceName": "boot",
            }
        ]
        return self.add(
            f"zones/{zone}",
            "instances",
            name,
            id=str(crc32(name.encode())),
            status="RUNNING",
            tags={"items": [*tags]},
            labels=dict(labels or {}),
            networkInterfaces=[nic],
            disks=disk,
            metadata={"items": [{"key": key, "value": value} for key, value in (metadata or {}).items()]},
            **held,
            **rest,
        )

    def disk(self, name: str, *, zone: str = ZONE, **rest: Any) -> str:  # noqa: ANN401 - JSON
        """Add a disk."""
        return self.add(f"zones/{zone}", "disks", name, status="READY", sizeGb="20", **rest)

    def cluster(self, name: str, location: str = REGION, **rest: Any) -> Item:  # noqa: ANN401 - JSON
        """Add a GKE cluster."""
        body = {
            "name": name,
            "location": location,
            "selfLink": f"https://container.googleapis.com/v1/projects/{self.name}/locations/{location}/clusters/{name}",
            "status": "RUNNING",
            "currentMasterVersion": "1.33.2-gke.100",
            "currentNodeVersion": "1.33.2-gke.100",
            **rest,
        }
        self.collection("container", f"projects/{self.name}/locations/-/clusters", body)
        return body

    def account(self, email: str) -> str:
        """Add a service account and return its email. A name without "@" is an account of the project."""
        whole = email if "@" in email else f"{email}@{self.name}.iam.gserviceaccount.com"
        path = f"projects/{self.name}/serviceAccounts"
        self.collection("iam", path, {"email": whole, "name": f"{path}/{whole}", "projectId": self.name})
        self._policies[whole] = []
        self.answer("iam", f"projects/-/serviceAccounts/{whole}:getIamPolicy", {"bindings": []}, "POST")
        return whole

    def policy(self, name: str, api: str = "resources") -> None:
        """Add an empty allow policy to a project, folder or organization, or to a key (``api`` "kms")."""
        self._policies[name] = []
        body: Item = {"bindings": self._policies[name]}
        self.answer(api, f"{name}:getIamPolicy", body, "GET" if api == "kms" else "POST")

    def bindings(self, name: str) -> list[Item]:
        """Return the bindings on a resource."""
        return self._policies.get(name, [])

    def bind(self, role: str, *members: str, on: str = "", condition: str = "") -> None:
        """Bind members to a role on the project, or on ``on``: a folder, an organization, a service account."""
        name = on or f"projects/{self.name}"
        asked = {"condition": {"expression": condition, "title": "asked"}} if condition else {}
        listed = self._policies[name]
        listed.append({"role": role, "members": [*members], **asked})
        path = f"projects/-/serviceAccounts/{name}:getIamPolicy" if "@" in name else f"{name}:getIamPolicy"
        self.answer("iam" if "@" in name else "resources", path, {"bindings": listed}, "POST")

    def set_policy(self, on: str, bindings: Sequence[Item]) -> None:
        """Replace the bindings of a project, folder, organization or service account."""
        self._policies[on][:] = bindings

    def role(self, name: str, *permissions: str) -> str:
        """Add a predefined or custom role with its permissions, and return its name."""
        self.answer("iam", name, {"name": name, "title": name, "includedPermissions": [*permissions], "stage": "GA"})
        return name


def _protocol(text: str) -> Item:
    name, _, ports = text.partition(":")
    return {"IPProtocol": name} | ({"ports": ports.split(",")} if ports else {})


def _last(item: Item) -> str:
    return str(item.get("email") or item.get("selfLink") or item.get("name", "")).rpartition("/")[2]
