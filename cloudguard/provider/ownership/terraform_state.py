"""Read a Terraform state, the JSON of ``terraform show -json``: the addresses of the blocks of resources.

https://developer.hashicorp.com/terraform/internals/json-format
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final, cast

from cloudguard.errors import UsageError
from cloudguard.results.change import Change
from cloudguard.values import dataclass

_HINT: Final = "To make one: terraform show -json > state.json"
_IDS: Final = ("id", "arn", "self_link", "security_group_rule_id")
"""Attributes that hold an id of the resource in the cloud's answers."""
_INLINE: Final = ("ingress", "egress", "security_rule")
"""Attributes that hold the rules in a filter's block, if the rules are inline."""
WHO: Final = "Terraform"
UNDONE: Final = "at the next apply"


@dataclass(frozen=True, slots=True)
class TerraformState:
    """The blocks of a state.

    ``addresses``: id of a resource, in lower case → address of its block. ``inline``: addresses of blocks that hold
    rules.
    """

    addresses: Mapping[str, str]
    inline: frozenset[str] = frozenset()

    def of(self, *ids: str) -> str:
        """Return the address of the block of the first id in ``ids`` that has a block; "" if none has."""
        return next((self.addresses[id_.lower()] for id_ in ids if id_.lower() in self.addresses), "")


def load(data: bytes, name: str) -> TerraformState:
    """Return the state in ``data``, read from the file ``name``. Raises UsageError if ``data`` is not a state."""
    try:
        document: object = json.loads(data)
    except ValueError as error:
        message = f"{name} is not valid JSON: {error}"
        raise UsageError(message, hint=_HINT) from None
    module = _table(_table(_table(document).get("values")).get("root_module"))
    if "format_version" not in _table(document) or not module:
        message = f"{name} is not the output of terraform show -json: it has no values.root_module"
        raise UsageError(message, hint=_HINT)
    addresses, inline = dict[str, str](), set[str]()
    for resource in _resources(module):
        address, values = str(resource.get("address", "")), _table(resource.get("values"))
        for key in _IDS:
            if isinstance(values.get(key), str) and values[key]:
                addresses.setdefault(values[key].lower(), address)
        if any(values.get(key) for key in _INLINE):
            inline.add(address)
    return TerraformState(addresses, frozenset(inline))


def with_terraform(changes: Iterable[Change], state: TerraformState) -> tuple[Change, ...]:
    """Return ``changes`` with Terraform as the owner of resources in ``state``, and the addresses of their blocks."""
    return tuple(_with_address(change, state) for change in changes)


def _with_address(change: Change, state: TerraformState) -> Change:
    rule, resource = change.rule.partition("#")[0], change.resource
    address = state.of(*filter(None, (rule, *_paths(resource.id, rule)))) if rule else ""
    group = state.of(resource.id)
    if not address and group in state.inline:
        address = f"{group} (inline rules)"
    elif not address and not rule:
        address = group
    if not address:
        return change
    who = f"{change.owner}, through {WHO}" if change.owner else WHO
    return replace(change, owner=who, undone=UNDONE, where=address)


def _paths(resource: str, rule: str) -> Iterator[str]:
    """Yield the ids that a rule may have: below its filter, or as a firewall rule in the filter's project."""
    yield f"{resource}/securityRules/{rule}"
    project = resource.partition("/global/")[0]
    yield f"{project}/global/firewalls/{rule}"


def _resources(module: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the resources of a module and of its child modules."""
    yield from map(_table, _list(module.get("resources")))
    for child in _list(module.get("child_modules")):
        yield from _resources(_table(child))


def _table(value: object) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []
