"""Machines of a made-up project: instances, disks, snapshots, groups, templates, GKE clusters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gcp.fixture import Json
from gcp.networks import Networks
from gcp.shelves import CREATED, REGION, ZONE, last, scope_of

PLATFORM = "https://www.googleapis.com/auth/cloud-platform"
"""The scope that leaves it all to IAM."""


def pairs(metadata: Mapping[str, str]) -> Json:
    """Return metadata as Compute has it."""
    return {"items": [{"key": key, "value": value} for key, value in metadata.items()]}


def nic(subnet: str, network: str, address: str, public: str = "", number: int = 0, **more: Any) -> Json:  # noqa: ANN401 - JSON
    """Return an interface; ``public`` is its outside address, "" for none."""
    outside = [{"name": "External NAT", "type": "ONE_TO_ONE_NAT", "natIP": public, "networkTier": "PREMIUM"}]
    return {
        "name": f"nic{number}",
        "network": network,
        "subnetwork": subnet,
        "networkIP": address,
        "stackType": "IPV4_ONLY",
        **({"accessConfigs": outside} if public else {}),
        **more,
    }


def attached(disk: str, *, boot: bool = False, **more: Any) -> Json:  # noqa: ANN401 - JSON
    """Return a disk as an instance has it."""
    whole = {"source": disk, "deviceName": last(disk), "type": "PERSISTENT", "mode": "READ_WRITE", "boot": boot}
    return {**whole, "autoDelete": boot, **more}


def pool(name: str = "default-pool", groups: Sequence[str] = (), **config: Any) -> Json:  # noqa: ANN401 - JSON
    """Return a node pool; ``groups`` are links of instance group managers, ``config`` its machines' (a NodeConfig)."""
    whole = {"machineType": "e2-standard-4", "serviceAccount": "default", "oauthScopes": [PLATFORM], **config}
    return {
        "name": name,
        "config": whole,
        "version": "1.33.2-gke.1000000",
        "status": "RUNNING",
        "instanceGroupUrls": [*groups],
    }


class Machines(Networks):
    """What a project has of them. Each method returns a link; ``more`` is JSON beside, or instead."""

    def instance(
        self,
        name: str,
        subnet: str,
        address: str,
        *,
        public: str = "",
        tags: Sequence[str] = (),
        labels: Mapping[str, str] | None = None,
        account: str = "",
        scopes: Sequence[str] = (PLATFORM,),
        metadata: Mapping[str, str] | None = None,
        disks: Sequence[Json] | None = None,
        zone: str = ZONE,
        **more: Any,  # noqa: ANN401 - JSON
    ) -> str:
        """Add a machine with one interface, and a boot disk of its own where no ``disks`` are given."""
        network = self._body(subnet)["network"] if subnet.startswith(self.link("")) else more.pop("network")
        held = [attached(self.disk(name, zone=zone), boot=True)] if disks is None else [*disks]
        body: Json = {
            "status": "RUNNING",
            "machineType": self.link(f"zones/{zone}/machineTypes/e2-standard-4"),
            "networkInterfaces": [nic(subnet, network, address, public)],
            "tags": {"fingerprint": "QUJD", "items": [*tags]},
            "labels": dict(labels) if labels else None,
            "serviceAccounts": [{"email": account, "scopes": [*scopes]}] if account else None,
            "metadata": {"fingerprint": "QUJD", **pairs(metadata or {})},
            "disks": [{**one, "index": number} for number, one in enumerate(held)],
            "canIpForward": False,
        }
        link = self.compute(f"zones/{zone}", "instances", name, **{**body, **more})
        for one in held:
            if one.get("source", "").startswith(self.link("")):
                self._body(one["source"]).setdefault("users", []).append(link)
        return link

    def disk(self, name: str, *, zone: str = ZONE, key: str = "", **more: Any) -> str:  # noqa: ANN401 - JSON
        """Add a disk; ``key`` is the version of the KMS key that it is encrypted with."""
        encrypted = {"diskEncryptionKey": {"kmsKeyName": key}} if key else {}
        kind = self.link(f"zones/{zone}/diskTypes/pd-balanced")
        body: Json = {"status": "READY", "sizeGb": "100", "type": kind, **encrypted}
        return self.compute(f"zones/{zone}", "disks", name, **{**body, **more})

    def snapshot(self, name: str, disk: str, **more: Any) -> str:  # noqa: ANN401 - JSON
        """Add a snapshot of a disk."""
        body: Json = {"sourceDisk": disk, "status": "READY", "diskSizeGb": "100", "storageLocations": ["eu"]}
        return self.compute("global", "snapshots", name, **{**body, **more})

    def group(self, name: str, *instances: str, network: str = "", scope: str = f"zones/{ZONE}", **more: Any) -> str:  # noqa: ANN401 - JSON
        """Add an instance group with its members, which are running."""
        body: Json = {"size": len(instances), "network": network or None, "fingerprint": "QUJD"}
        link = self.compute(scope, "instanceGroups", name, **{**body, **more})
        members = [{"instance": one, "status": "RUNNING"} for one in instances]
        key = f"POST projects/{self.name}/{scope}/instanceGroups/{name}/listInstances"
        self.respond("compute.v1", key, {"items": members} if members else {})
        return link

    def template(self, name: str, *, region: str = "", **properties: Any) -> str:  # noqa: ANN401 - JSON
        """Add an instance template; ``properties`` are those of its machines."""
        scope = f"regions/{region}" if region else "global"
        return self.compute(scope, "instanceTemplates", name, properties={"machineType": "e2-standard-4", **properties})

    def manager(self, group: str, template: str, **more: Any) -> str:  # noqa: ANN401 - JSON
        """Add the manager of an instance group, by the group's name and in its scope."""
        name = last(group)
        body: Json = {
            "instanceGroup": group,
            "instanceTemplate": template,
            "baseInstanceName": name,
            "targetSize": self._body(group)["size"],
        }
        return self.compute(scope_of(group), "instanceGroupManagers", name, **{**body, **more})

    def cluster(self, name: str, subnet: str, *pools: Json, location: str = REGION, **more: Any) -> Json:  # noqa: ANN401 - JSON
        """Add a GKE cluster and return it."""
        network = self._body(subnet)["network"]
        body: Json = {
            "name": name,
            "location": location,
            "status": "RUNNING",
            "selfLink": f"https://container.googleapis.com/v1/projects/{self.name}/locations/{location}/clusters/{name}",
            "createTime": CREATED,
            "currentMasterVersion": "1.33.2-gke.1000000",
            "currentNodeVersion": "1.33.2-gke.1000000",
            "endpoint": "34.76.0.1",
            "network": last(network),
            "subnetwork": last(subnet),
            "networkConfig": {"network": network.partition("v1/")[2], "subnetwork": subnet.partition("v1/")[2]},
            "nodePools": [*pools],
            "databaseEncryption": {"state": "DECRYPTED"},
        }
        return self.put("container.v1", f"projects/{self.name}/locations/{location}/clusters", {**body, **more})
