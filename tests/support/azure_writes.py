"""The resource manager's handling of PUT, DELETE and POST: it checks the resource and fills in its own fields."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

from azure_account import Account, guid
from azure_identities import IdentityFixtures, built_in
from azure_ids import Item, ResourceId
from azure_rules import default_rules
from azure_schema import faults, shape_of
from azure_sdk import find
from fixture_error import FixtureError

_PRIORITIES = range(100, 4097)
_RESOURCES = frozenset({"federatedidentitycredentials", "keys"})
"""The types of child resources that are not parts of their parent resource."""
_MOST_RULES = 1000
_USES_KEYS = "e147488a-f6f5-4113-8e2d-b22465e65bf6"
"""The role Key Vault Crypto Service Encryption User, which a disk encryption set needs on its key's vault."""


def put(account: Account, path: str, body: Item) -> Item:
    """Put a resource or a part of a resource, and return it. Raises FixtureError if Azure would refuse it."""
    operation, reading = find("PUT", path), find("GET", path)
    if operation is None or reading is None:
        message = f"no operation puts {path}"
        raise FixtureError(message)
    wrong = [*faults(shape_of(reading.package, reading.model), body, path)]
    if wrong:
        raise FixtureError("\n".join(wrong))
    resource_id = ResourceId.of(path)
    item: Item = {
        "id": path,
        "name": path.rpartition("/")[2],
        "type": "/".join((resource_id.namespace, *resource_id.types)),
        **body,
    }
    item.setdefault("properties", {})
    _fill(account, path, item)
    listed, number = _place(account, path)
    if listed is None:
        account.items[path.lower()] = item
    elif number is None:
        listed.append(item)
    else:
        listed[number] = item
    _check_groups(account)
    account.check()
    return item


def _fill(account: Account, path: str, item: Item) -> None:
    """Fill in Azure's own fields of a resource. Raises FixtureError if Azure would refuse it."""
    resource_id, held = ResourceId.of(path), item["properties"]
    if resource_id.types == ("roleassignments",):
        _add_built_in(account, held["roleDefinitionId"])
        held |= {"scope": path[: path.lower().rindex("/providers/microsoft.authorization/")] or "/"}
    for rule in held.get("securityRules", ()):
        rule.setdefault("id", f"{path}/securityRules/{rule['name']}")
    if resource_id.types == ("networksecuritygroups",):
        rules = [
            {"id": f"{path}/defaultSecurityRules/{default_rule['name']}", **default_rule}
            for default_rule in default_rules()
        ]
        held.setdefault("defaultSecurityRules", rules)
    if resource_id.types == ("diskencryptionsets",):
        item["identity"] = item["identity"] | {"principalId": guid(path.lower())}
    elif resource_id.types == ("vaults", "keys"):
        _put_version(account, path, item)
    elif resource_id.types == ("disks",):
        _check_disk(account, path, item)


def delete(account: Account, path: str) -> None:
    """Delete a resource or a part of a resource. Raises FixtureError if another resource refers to it."""
    listed, number = _place(account, path)
    if listed is None:
        account.items.pop(path.lower(), None)
    elif number is not None:
        del listed[number]
    account.check()


def act(account: Account, path: str) -> None:
    """Start an action of a resource. Raises FixtureError for an unknown one."""
    own, _, action = path.lower().rpartition("/")
    if action in {"deallocate", "start"}:
        for item in account.items.values():
            if str(item.get("managedBy", "")).lower() == own:
                item["properties"]["diskState"] = "Reserved" if action == "deallocate" else "Attached"
    elif action == "manualupgrade":
        _update_members(account, own)
    elif action == "endgetaccess":
        held = account.items[own]["properties"]
        held["diskState"] = "Attached" if account.items[own].get("managedBy") else "Unattached"
    else:
        message = f"nothing is known about {path}"
        raise FixtureError(message)


def _update_members(account: Account, scale_set: str) -> None:
    """Give the members of a uniform scale set the application security groups of its model."""
    profile = account.items[scale_set]["properties"]["virtualMachineProfile"]["networkProfile"]
    (nic,) = profile["networkInterfaceConfigurations"]
    groups = nic["properties"]["ipConfigurations"][0]["properties"].get("applicationSecurityGroups", [])
    for own, item in account.items.items():
        if own.startswith(f"{scale_set}/virtualmachines/") and own.split("/")[-2] == "networkinterfaces":
            for ip_configuration in item["properties"]["ipConfigurations"]:
                ip_configuration["properties"]["applicationSecurityGroups"] = groups


def _add_built_in(account: Account, role: str) -> None:
    """Add a built-in role to the roles that are read, if it is known."""
    name = next((name for name, item in built_in().items() if item["name"] == role.rpartition("/")[2]), "")
    if name and isinstance(account, IdentityFixtures):
        account.role(name)


def _put_version(account: Account, path: str, item: Item) -> None:
    """Make the first version of a key, and fill in the key's addresses."""
    vault, _, name = path.rpartition("/keys/")
    url, version = f"https://{vault.rpartition('/')[2]}.vault.azure.net/keys/{name}", guid(path).replace("-", "")
    item["properties"] |= {"attributes": {"enabled": True}, "keyUri": url, "keyUriWithVersion": f"{url}/{version}"}
    own = f"{path}/versions/{version}"
    account.put({"id": own, "name": version, "type": f"{item['type']}/versions", "properties": item["properties"]})


def _check_disk(account: Account, path: str, item: Item) -> None:
    """Raise FixtureError if a disk's new encryption set cannot use its key, or if the disk's machine runs.

    https://learn.microsoft.com/azure/virtual-machines/disks-enable-customer-managed-keys-cli
    """
    named = str(item["properties"]["encryption"].get("diskEncryptionSetId") or "")
    if named == account.items[path.lower()]["properties"]["encryption"].get("diskEncryptionSetId", ""):
        return
    held = account.items[named.lower()]
    vault = str(held["properties"]["activeKey"]["sourceVault"]["id"]).lower()
    uses = [
        item["properties"]["principalId"]
        for own, item in account.items.items()
        if own.startswith(f"{vault}/providers/microsoft.authorization/roleassignments/")
        and item["properties"]["roleDefinitionId"].endswith(_USES_KEYS)
    ]
    if held["identity"]["principalId"] not in uses or item["properties"]["diskState"] == "Attached":
        message = f"{path}: its machine runs, or {named} may not use its key"
        raise FixtureError(message)


def _place(account: Account, path: str) -> tuple[list[Any] | None, int | None]:
    """Return the parent's list that holds the resource, and its index there. None if it has no parent resource."""
    above, _, rest = path.rpartition("/")
    above, _, kind = above.rpartition("/")
    parent = account.items.get(above.lower())
    if parent is None or not rest or kind.lower() in _RESOURCES:
        return None, None
    listed: list[Item] = parent["properties"].setdefault(kind, [])
    number = next((place for place, item in enumerate(listed) if str(item["id"]).lower() == path.lower()), None)
    return listed, number


def _check_groups(account: Account) -> None:
    """Raise FixtureError if a security group has a rule that Azure refuses.

    https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview#security-rules
    """
    for own, item in account.items.items():
        if "/networksecuritygroups/" not in own:
            continue
        rules: list[Item] = item["properties"].get("securityRules", [])
        taken = [(rule["properties"]["direction"], rule["properties"]["priority"]) for rule in rules]
        wrong = [f"{own}: two rules have one priority"] if len({*taken}) < len(taken) else []
        wrong += [f"{own}: it has more than {_MOST_RULES} rules"] if len(rules) > _MOST_RULES else []
        wrong += [f"{own}: {rule['name']}: {fault}" for rule in rules for fault in _faults(rule["properties"])]
        if wrong:
            raise FixtureError("\n".join(wrong))


def _faults(rule: Item) -> list[str]:
    found = [] if rule["priority"] in _PRIORITIES else ["its priority is not between 100 and 4096"]
    for side in ("source", "destination"):
        prefixes = [rule.get(f"{side}AddressPrefix"), *rule.get(f"{side}AddressPrefixes", ())]
        named, groups = [prefix for prefix in prefixes if prefix], rule.get(f"{side}ApplicationSecurityGroups", [])
        found += [] if bool(named) != bool(groups) else [f"its {side} is to be prefixes, or groups"]
        versions = {ip_network(item, strict=False).version for item in named if item[0].isdigit() or ":" in item}
        found += [f"its {side} has addresses of two versions"] if len(versions) > 1 else []
    return found
