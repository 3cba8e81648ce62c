"""Command lines for ``az`` and Terraform blocks: values stay one word each, whatever a rule's description contains."""

from __future__ import annotations

import json
import shlex
import tomllib
from pathlib import Path

import pytest

from azure_applied import collected
from azure_clusters import OFFICE
from azure_proxy import AzureProxy
from azure_scenes import SCENES
from azure_server import Azure
from cloudguard import pipeline
from cloudguard.needs.declarations import Declarations
from cloudguard.results.api_call import ApiCall, PlannedCall, answer
from cloudguard_azure.changes.calls import act, delete, put, read, set_in
from cloudguard_azure.changes.exports.shell import shell
from cloudguard_azure.changes.exports.terraform import terraform
from command import shell as posix
from terraform_blocks import blocks, resources

GROUP = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkSecurityGroups/nsg"
SCALE_SET = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachineScaleSets/x"
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
    """Return the words that a POSIX shell reads from a line."""
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
        (act("/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/m", "start"), ["az", "vm"]),
        (act(SCALE_SET, "manualupgrade", {"instanceIds": ["*"]}), ["az", "vmss", "update-instances", "--name", "x"]),
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
def test_every_kind_of_call_has_a_command(call: ApiCall, first: list[str]) -> None:
    assert words(call)[: len(first)] == first


def test_the_answer_of_a_call_is_a_variable_of_the_lines_after_it() -> None:
    vault = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v"
    body = {"location": '{"$answer": "X"}', "key": answer("KEY")}
    line = shell(put(vault, body, {"VAULT": "properties.vaultUri"}))
    assert line.startswith("VAULT=$(az resource create --id ")
    assert line.endswith(" --query properties.vaultUri --output tsv)")
    printed = posix(f'az() {{ echo "$7"; }}; KEY="k\' x"; {line}; echo "$VAULT"').stdout
    assert json.loads(printed) == body | {"key": "k' x"}
    tenant = "T=$(az account show --subscription s --query tenantId --output tsv)"
    assert shell(read("/subscriptions/s", {"T": "tenantId"})) == tenant


def test_a_block_escapes_templates_and_imports_the_resource() -> None:
    text = terraform([PlannedCall(0, RULE, (RULE,))])
    assert text.startswith("import {\n  to = azurerm_network_security_rule._nsg_ssh\n")
    assert "$${path.module}" in text
    assert "%%{ if true }" in text
    assert '  destination_port_ranges = ["22", "80-90"]\n' in text
    assert "removed" in terraform([PlannedCall(0, delete(f"{GROUP}/securityRules/ssh"), (RULE,))])


def test_blocks_are_valid_terraform_with_arguments_of_the_provider() -> None:
    arguments = tomllib.loads((Path(__file__).parent / "data" / "terraform_arguments.toml").read_text(encoding="utf-8"))
    text = terraform([PlannedCall(0, RULE, (RULE,)), PlannedCall(1, delete(f"{GROUP}/securityRules/old"), (RULE,))])
    (rule,) = resources(text, arguments)
    assert rule["priority"] == BODY["priority"]
    assert {kind: len(listed) for kind, listed in blocks(text).items()} == {"import": 1, "resource": 1, "removed": 1}


@pytest.mark.parametrize("name", ["two-groups-let-in", "kops"])
def test_the_blocks_of_a_plan_are_valid_terraform(name: str, azure_cloud: AzureProxy) -> None:
    arguments = tomllib.loads((Path(__file__).parent / "data" / "terraform_arguments.toml").read_text(encoding="utf-8"))
    azure_cloud.azure = Azure(SCENES[name].build())
    planned = pipeline.plan(collected(azure_cloud), Declarations(admin_cidrs=(OFFICE,)))
    text = pipeline.export(planned, "terraform")
    resources(text, arguments)
    assert blocks(text)
