"""Lines for ``az`` and blocks of Terraform: words stay words whatever a rule's description says."""

from __future__ import annotations

import shlex

import pytest

from cloudguard.results.api_call import ApiCall, PlannedCall
from cloudguard_azure.changes.calls import delete, put, set_in
from cloudguard_azure.changes.shell import shell
from cloudguard_azure.changes.terraform import terraform

GROUP = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkSecurityGroups/nsg"
HOSTILE = '\'; $(reboot) `id` "${path.module}" %{ if true } \n#'
BODY = {
    "description": HOSTILE,
    "access": "Allow",
    "direction": "Inbound",
    "priority": 100,
    "protocol": "Tcp",
    "sourcePortRange": "*",
    "destinationPortRanges": ["22", "80-90"],
    "sourceApplicationSecurityGroups": [{"id": "/subscriptions/s/asg"}],
    "destinationAddressPrefix": "*",
}
RULE = put(f"{GROUP}/securityRules/ssh", {"properties": BODY})


def words(call: ApiCall) -> list[str]:
    """Return what a POSIX shell makes of a line."""
    return shlex.split(shell(call))


def test_a_rule_is_one_command_with_each_value_a_word() -> None:
    found = words(RULE)
    assert found[:5] == ["az", "network", "nsg", "rule", "create"]
    assert found[found.index("--description") + 1] == HOSTILE
    ports = found.index("--destination-port-ranges")
    assert found[ports + 1 : ports + 3] == ["22", "80-90"]
    assert found[found.index("--source-asgs") + 1] == "/subscriptions/s/asg"


@pytest.mark.parametrize(
    ("call", "first"),
    [
        (delete(f"{GROUP}/securityRules/ssh"), ["az", "resource", "delete", "--ids"]),
        (set_in(f"{GROUP}", {"properties.x": None}), ["az", "resource", "update", "--ids"]),
        (
            set_in(
                "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/prod",
                {"properties.apiServerAccessProfile.authorizedIPRanges": ["192.0.2.0/24"]},
            ),
            ["az", "aks", "update", "--name", "prod"],
        ),
        (
            put(f"{GROUP}/providers/Microsoft.Authorization/roleDefinitions/1", {"properties": {"roleName": "x"}}),
            ["az", "rest", "--method", "put"],
        ),
    ],
)
def test_every_kind_of_call_is_a_command(call: ApiCall, first: list[str]) -> None:
    assert words(call)[: len(first)] == first


def test_a_block_has_no_template_in_it_and_imports_what_is_there() -> None:
    told = terraform([PlannedCall(0, RULE, (RULE,))])
    assert told.startswith("import {\n  to = azurerm_network_security_rule._nsg_ssh\n")
    assert "$${path.module}" in told
    assert "%%{ if true }" in told
    assert '  destination_port_ranges = ["22", "80-90"]\n' in told
    assert "removed" in terraform([PlannedCall(0, delete(f"{GROUP}/securityRules/ssh"), (RULE,))])
