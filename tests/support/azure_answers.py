"""Azure's answers from memory: a reader of our own port, without the SDK, and wire items for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cloudguard.model.source import Reason
from cloudguard.provider.answers import Item
from cloudguard.provider.port import silent
from cloudguard.provider.reader import Answer
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.calls import Call

SUBSCRIPTION = "00000000-0000-0000-0000-0000000000aa"


class RefusedError(ValueError):
    """A call that the cloud refuses."""


class Answers(Api):
    """Answers each call with the items given for it, those of one group and scale set, vault or key if it names one."""

    def __init__(self, items: Mapping[Call, Iterable[Item]], refused: Iterable[Call] = ()) -> None:
        super(Api, self).__init__(2, silent)  # without the SDK's pipeline
        self.subscription = SUBSCRIPTION
        self.made: list[tuple[Call, Mapping[str, Any]]] = []
        self._items = {call: [*listed] for call, listed in items.items()}
        self._refused = {*refused}

    def fetch(self, call: Call, parameters: Mapping[str, Any]) -> Answer:
        """Return the items whose ids hold all parameters."""
        self.made.append((call, parameters))
        if call in self._refused:
            raise RefusedError(call.name)
        words = [f"/{value}/".lower() for value in parameters.values() if value]
        own = self._items.get(call, [])
        return Answer([one for one in own if all(word in f"{one.get('id', '')}/".lower() for word in words)])

    def errors(self) -> tuple[type[Exception], ...]:
        """Return what ``fetch`` raises."""
        return (ValueError,)

    def explain(self, error: Exception) -> tuple[Reason, str]:
        """Say that a call was refused."""
        return Reason.DENIED, str(error)


def arm_id(group: str, kind: str, *names: str) -> str:
    """Return an id: kind "Microsoft.Compute/virtualMachineScaleSets/virtualMachines" with a name for each type."""
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
    """Return the interface of a machine (its id) in subnet "net/nodes"."""
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
