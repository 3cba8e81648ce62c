"""Build the machines, scale sets and disks of a made-up subscription."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from azure_account import LOCATION, TENANT, guid
from azure_identities import IdentityFixtures
from azure_ids import Item
from azure_networks import Ids, interface_properties, link, links_to, name_of

COMPUTE: Final = "Microsoft.Compute"
_IMAGE = {"publisher": "Canonical", "offer": "ubuntu-24_04-lts", "sku": "server", "version": "latest"}


class MachineFixtures(IdentityFixtures):
    """Fixtures of machines. Each machine is created with one interface and an OS disk."""

    def disk(
        self,
        name: str,
        *,
        key: str = "",
        double: bool = False,
        machine: str = "",
        size: int = 64,
        rg: str = "",
        tags: Item | None = None,
        **rest: Any,  # noqa: ANN401 - JSON
    ) -> str:
        """Add a disk. ``key``: id of a disk encryption set. ``double``: encrypt with Azure's and the customer's key."""
        kind = "EncryptionAtRestWithPlatformAndCustomerKeys" if double else "EncryptionAtRestWithCustomerKey"
        encryption: Item = (
            {"type": kind, "diskEncryptionSetId": key} if key else {"type": "EncryptionAtRestWithPlatformKey"}
        )
        made = {
            "creationData": {"createOption": "Empty"},
            "diskSizeGB": size,
            "diskState": "Attached" if machine else "Unattached",
            "encryption": encryption,
            "networkAccessPolicy": "AllowAll",
            "publicNetworkAccess": "Enabled",
        }
        named = {"name": "Premium_LRS", "tier": "Premium"}
        return self.add(f"{COMPUTE}/disks", name, made | rest, rg=rg, sku=named, managedBy=machine, tags=tags)

    def snapshot(self, name: str, disk: str, *, rg: str = "", **rest: Any) -> str:  # noqa: ANN401 - JSON
        """Add a snapshot of a disk."""
        made = {
            "creationData": {"createOption": "Copy", "sourceResourceId": disk},
            "encryption": {"type": "EncryptionAtRestWithPlatformKey"},
            "networkAccessPolicy": "AllowAll",
            "publicNetworkAccess": "Enabled",
        }
        return self.add(f"{COMPUTE}/snapshots", name, made | rest, rg=rg)

    def machine(
        self,
        name: str,
        subnet: str,
        address: str,
        *,
        identities: Ids = (),
        system: bool = False,
        disks: Ids = (),
        key: str = "",
        scale_set: str = "",
        rg: str = "",
        tags: Item | None = None,
        nsg: str = "",
        asgs: Ids = (),
        public: str = "",
        pools: Ids = (),
        forwards: bool = False,
        **rest: Any,  # noqa: ANN401 - JSON
    ) -> str:
        """Add a machine. ``system``: with a system-assigned identity. ``scale_set``: as a member of a flexible set."""
        own = self.id(f"{COMPUTE}/virtualMachines", name, group=rg)
        nic = self.interface(
            f"{name}-nic",
            subnet,
            address,
            nsg=nsg,
            asgs=asgs,
            public=public,
            pools=pools,
            forwards=forwards,
            machine=own,
            rg=rg,
        )
        root = self.disk(f"{name}-os", key=key, machine=own, rg=rg, osType="Linux")
        for disk in disks:
            self.get(disk)["managedBy"] = own
            self.properties(disk)["diskState"] = "Attached"
        made = _machine(name, root, disks, [nic]) | ({"virtualMachineScaleSet": link(scale_set)} if scale_set else {})
        holds = self.holding(identities, own if system else "")
        return self.add(f"{COMPUTE}/virtualMachines", name, made | rest, rg=rg, identity=holds, tags=tags)

    def holding(self, identities: Ids, system: str = "") -> Item | None:
        """Return the ``identity`` field of a resource. ``system``: its id, if it has a system-assigned identity."""
        if not identities and not system:
            return None
        kinds = [*(["SystemAssigned"] if system else []), *(["UserAssigned"] if identities else [])]
        listed = {
            identity: {key: self.properties(identity)[key] for key in ("principalId", "clientId")}
            for identity in identities
        }
        return {
            "type": ", ".join(kinds),
            **({"principalId": guid(system), "tenantId": TENANT} if system else {}),
            **({"userAssignedIdentities": listed} if identities else {}),
        }

    def scale_set(
        self,
        name: str,
        subnet: str,
        *addresses: str,
        flexible: bool = False,
        identities: Ids = (),
        system: bool = False,
        key: str = "",
        rg: str = "",
        tags: Item | None = None,
        nsg: str = "",
        asgs: Ids = (),
        public: Sequence[str] = (),
        pools: Ids = (),
        forwards: bool = False,
        profile: Item | None = None,
        **rest: Any,  # noqa: ANN401 - JSON
    ) -> str:
        """Add a scale set with a member per address. ``public``: public addresses; ``profile``: further fields."""
        own = self.id(f"{COMPUTE}/virtualMachineScaleSets", name, group=rg)
        configuration = _configuration(subnet, nsg, asgs, pools, forwards=forwards, public=bool(public))
        made = {
            "orchestrationMode": "Flexible" if flexible else "Uniform",
            "virtualMachineProfile": _profile(name, configuration, key) | (profile or {}),
            "singlePlacementGroup": False,
            "platformFaultDomainCount": 1,
            "uniqueId": guid(own),
        }
        self.add(
            f"{COMPUTE}/virtualMachineScaleSets",
            name,
            made | rest,
            rg=rg,
            identity=self.holding(identities, own if system else ""),
            tags=tags,
            sku={"name": "Standard_D2s_v3", "tier": "Standard", "capacity": len(addresses)},
        )
        for number, address in enumerate(addresses):
            if flexible:
                member = f"{name}_{guid(f'{name}{number}')[:8]}"
                self.machine(
                    member,
                    subnet,
                    address,
                    scale_set=own,
                    rg=rg,
                    tags=tags,
                    identities=identities,
                    nsg=nsg,
                    asgs=asgs,
                    pools=pools,
                    forwards=forwards,
                    key=key,
                )
                continue
            shown = public[number] if number < len(public) else ""
            self._member(own, number, subnet, address, nsg, asgs, pools, shown, key, tags, forwards=forwards)
        return own

    def _member(
        self,
        scale_set: str,
        number: int,
        subnet: str,
        address: str,
        nsg: str,
        asgs: Ids,
        pools: Ids,
        public: str,
        key: str,
        tags: Item | None,
        *,
        forwards: bool,
    ) -> None:
        """Add a member of a uniform scale set: its machine, interface and address are only in the set's own lists."""
        own = f"{scale_set}/virtualMachines/{number}"
        name, group = f"{name_of(scale_set)}_{number}", scale_set.split("/")[4]
        nic = f"{own}/networkInterfaces/{name_of(scale_set)}"
        held = interface_properties(
            nic, subnet, address, nsg=nsg, asgs=asgs, pools=pools, forwards=forwards, machine=own
        )
        if public:
            shown = f"{nic}/ipConfigurations/ipconfig1/publicIPAddresses/pub"
            held["ipConfigurations"][0]["properties"]["publicIPAddress"] = link(shown)
            body = {
                "ipAddress": public,
                "publicIPAddressVersion": "IPv4",
                "ipConfiguration": link(f"{nic}/ipConfigurations/ipconfig1"),
            }
            self.put({"id": shown, "name": "pub", "sku": {"name": "Standard", "tier": "Regional"}, "properties": body})
        self.put({"id": nic, "name": name_of(scale_set), "properties": held})
        root = self.disk(f"{name}_OsDisk_1", key=key, machine=own, rg=group, osType="Linux")
        item = {
            "id": own,
            "name": name,
            "instanceId": str(number),
            "type": f"{COMPUTE}/virtualMachineScaleSets/virtualMachines",
            "location": LOCATION,
            "sku": {"name": "Standard_D2s_v3", "tier": "Standard"},
            "properties": _machine(name, root, (), [nic]) | {"latestModelApplied": True},
        }
        self.put(item | ({"tags": tags} if tags else {}))


def _machine(name: str, root: str, disks: Ids, interfaces: Ids) -> Item:
    """Return the ``properties`` of a machine."""
    system = {
        "osType": "Linux",
        "name": name_of(root),
        "createOption": "FromImage",
        "caching": "ReadWrite",
        "managedDisk": {"id": root, "storageAccountType": "Premium_LRS"},
        "diskSizeGB": 64,
        "deleteOption": "Delete",
    }
    data = [
        {
            "lun": lun,
            "name": name_of(disk),
            "createOption": "Attach",
            "managedDisk": {"id": disk},
            "toBeDetached": False,
        }
        for lun, disk in enumerate(disks)
    ]
    return {
        "provisioningState": "Succeeded",
        "hardwareProfile": {"vmSize": "Standard_D2s_v3"},
        "storageProfile": {"imageReference": _IMAGE, "osDisk": system, "dataDisks": data},
        "osProfile": {"computerName": name.replace("_", "-"), "adminUsername": "azureuser"},
        "networkProfile": {"networkInterfaces": links_to(interfaces)},
    }


def _profile(name: str, configuration: Item, key: str) -> Item:
    """Return the model of a scale set's members."""
    root: Item = {"createOption": "FromImage", "osType": "Linux", "diskSizeGB": 64}
    root["managedDisk"] = {"storageAccountType": "Premium_LRS"} | ({"diskEncryptionSet": link(key)} if key else {})
    return {
        "osProfile": {"computerNamePrefix": name, "adminUsername": "azureuser"},
        "storageProfile": {"imageReference": _IMAGE, "osDisk": root},
        "networkProfile": {"networkInterfaceConfigurations": [configuration]},
    }


def _configuration(subnet: str, nsg: str, asgs: Ids, pools: Ids, *, forwards: bool, public: bool) -> Item:
    """Return the interface configuration of a scale set's members."""
    address: Item = {"primary": True, "subnet": link(subnet), "privateIPAddressVersion": "IPv4"}
    if pools:
        address["loadBalancerBackendAddressPools"] = links_to(pools)
    if asgs:
        address["applicationSecurityGroups"] = links_to(asgs)
    if public:
        address["publicIPAddressConfiguration"] = {"name": "pub", "properties": {"idleTimeoutInMinutes": 15}}
    held: Item = {
        "primary": True,
        "enableIPForwarding": forwards,
        "ipConfigurations": [{"name": "ipconfig1", "properties": address}],
    }
    if nsg:
        held["networkSecurityGroup"] = link(nsg)
    return {"name": "nic", "properties": held}
