"""Azure's answers from memory: a reader without the SDK, and JSON items for it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

from cloudguard.model.source import Reason
from cloudguard.provider.answers import Answer, Item
from cloudguard.provider.port import CollectRequest
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.calls import Call
from cloudguard_azure.cluster.find import FoundCluster, find

_SET = "Microsoft.Compute/virtualMachineScaleSets"
_MEMBER = f"{_SET}/virtualMachines"
CAPZ = "sigs.k8s.io_cluster-api-provider-azure_"
SUBSCRIPTION = "00000000-0000-0000-0000-0000000000aa"


class RefusedError(ValueError):
    """The cloud refuses a call."""


class Answers(Api):
    """A reader that answers each call with the given items, filtered by the group, scale set, vault or key it names."""

    def __init__(self, items: Mapping[Call, Iterable[Item]], refused: Iterable[Call] = ()) -> None:
        super(Api, self).__init__()  # without the SDK's pipeline
        self.subscription = SUBSCRIPTION
        self.made: list[tuple[Call, Mapping[str, Any]]] = []
        self._items = {call: [*listed] for call, listed in items.items()}
        self._refused = {*refused}

    def caller_key(self, call: Call) -> Hashable:
        """Return the subscription as the key, because there are no credentials."""
        del call
        return self.subscription

    def fetch(self, call: Call, parameters: Mapping[str, Any]) -> Answer:
        """Return the items whose ids contain all parameters."""
        self.made.append((call, parameters))
        if call in self._refused:
            raise RefusedError(call.name)
        words = [f"/{value}/".lower() for value in parameters.values() if value]
        own = self._items.get(call, [])
        return Answer([item for item in own if all(word in f"{item.get('id', '')}/".lower() for word in words)])

    @staticmethod
    def errors() -> tuple[type[Exception], ...]:
        """Return the errors that ``fetch`` raises."""
        return (ValueError,)

    @staticmethod
    def reason(error: Exception) -> tuple[Reason, str]:
        """Return that the call was refused."""
        return Reason.DENIED, str(error)


def arm_id(group: str, kind: str, *names: str) -> str:
    """Return a resource id. ``kind``: "Microsoft.Compute/virtualMachineScaleSets/virtualMachines"; a name per type."""
    namespace, *types = kind.split("/")
    pairs = "/".join(f"{type_}/{name}" for type_, name in zip(types, names, strict=True))
    return f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}/providers/{namespace}/{pairs}"


def resource(
    group: str, kind: str, *names: str, tags: Mapping[str, str] | None = None, **properties: object
) -> dict[str, Any]:
    """Return an ARM resource."""
    return {
        "id": arm_id(group, kind, *names),
        "name": names[-1],
        "type": kind,
        "location": "westeurope",
        **({"tags": dict(tags)} if tags else {}),
        "properties": properties,
    }


def nic(group: str, name: str, machine: str, address: str, **more: object) -> dict[str, Any]:
    """Return the interface of a ``machine`` (an id) in the subnet "net/nodes"."""
    subnet = arm_id("network", "Microsoft.Network/virtualNetworks/subnets", "net", "nodes")
    configuration = {"privateIPAddress": address, "subnet": {"id": subnet}, "primary": True, **more}
    return resource(
        group,
        "Microsoft.Network/networkInterfaces",
        name,
        primary=True,
        virtualMachine={"id": machine},
        ipConfigurations=[{"name": "ip", "properties": configuration}],
    )


def vm(group: str, name: str, tags: Mapping[str, str] | None = None, **properties: object) -> dict[str, Any]:
    """Return a virtual machine with a managed OS disk and the interface "NAME-nic"."""
    nics = [{"id": arm_id(group, "Microsoft.Network/networkInterfaces", f"{name}-nic")}]
    disk = {"name": f"{name}-os", "managedDisk": {"id": arm_id(group, "Microsoft.Compute/disks", f"{name}-os")}}
    made = resource(
        group,
        "Microsoft.Compute/virtualMachines",
        name,
        tags=tags,
        networkProfile={"networkInterfaces": nics},
        storageProfile={"osDisk": disk},
        osProfile={"computerName": name},
    )
    made["properties"] |= properties
    return made


def aks(name: str, group: str, node_group: str, **properties: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """Return an AKS cluster."""
    kind = "Microsoft.ContainerService/managedClusters"
    return resource(group, kind, name, nodeResourceGroup=node_group, **properties)


def scale_set(group: str, name: str, mode: str = "Uniform", tags: dict[str, str] | None = None) -> dict[str, Any]:
    """Return a scale set."""
    return resource(group, _SET, name, tags=tags, orchestrationMode=mode)


def member(group: str, name: str, number: int, tags: dict[str, str] | None = None) -> dict[str, Any]:
    """Return a member of a uniform scale set."""
    made = resource(group, _MEMBER, name, str(number), tags=tags, osProfile={"computerName": f"{name}00000{number}"})
    return {**made, "name": f"{name}_{number}"}


def member_nic(group: str, name: str, number: int) -> dict[str, Any]:
    """Return the interface of a member of a scale set."""
    made = nic(group, "nic", "", f"10.1.0.{4 + number}")
    made["id"] = resource(group, f"{_MEMBER}/networkInterfaces", name, str(number), "nic")["id"]
    return made


def searched(items: Mapping[Call, Iterable[Item]], name: str = "prod", **asked: Any) -> tuple[Answers, FoundCluster]:  # noqa: ANN401 - a request's
    """Return the reader, and the cluster ``name`` that it finds."""
    api = Answers(items)
    return api, find(api, CollectRequest(cluster=name, **asked))


def names(cluster: FoundCluster) -> list[str]:
    """Return the names of a cluster's machines."""
    return [machine.name for machine in cluster.machines]


def capz_tag(name: str = "prod") -> dict[str, str]:
    """Return the tag that Cluster API writes on the resources of a cluster."""
    return {f"{CAPZ}cluster_{name}": "owned"}
