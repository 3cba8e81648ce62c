"""A Terraform state names the block that made the resource of a change."""

from __future__ import annotations

import json

import pytest

from cloudguard.errors import UsageError
from cloudguard.provider.ownership.terraform_state import load, with_terraform
from cloudguard.results.change import Change, Resource

AZURE = "/subscriptions/1/resourceGroups/prod/providers/Microsoft.Network/networkSecurityGroups/nodes"
NETWORK = "projects/acme/global/networks/default"


def block(address: str, **values: object) -> dict[str, object]:
    """Return a resource in the state's form."""
    return {"address": address, "type": address.split(".")[-2], "values": values}


STATE = {
    "format_version": "1.0",
    "values": {
        "root_module": {
            "resources": [
                block("aws_vpc_security_group_ingress_rule.ssh", id="sgr-1"),
                block("aws_security_group_rule.api", id="sgrule-12", security_group_rule_id="sgr-2"),
                block("aws_security_group.nodes", id="sg-1", ingress=[{"from_port": 22}]),
                block("aws_security_group.masters", id="sg-2", ingress=[]),
                block("google_compute_firewall.ssh", id="projects/acme/global/firewalls/ssh"),
            ],
            "child_modules": [
                {
                    "resources": [
                        block("module.net.azurerm_network_security_rule.ssh", id=f"{AZURE}/securityRules/SSH".upper()),
                        block("module.net.aws_eks_cluster.this", id="prod", arn="arn:aws:eks:eu-west-1:1:cluster/prod"),
                    ]
                }
            ],
        }
    },
}


def change(kind: str, resource: str, rule: str = "", owner: str = "") -> Change:
    """Return a change of a resource."""
    return Change("c", "row", "k", Resource(kind, resource), (), rule, owner=owner)


@pytest.mark.parametrize(
    ("made", "where"),
    [
        (change("filter", "sg-9", "sgr-1"), "aws_vpc_security_group_ingress_rule.ssh"),
        (change("filter", "sg-9", "sgr-2"), "aws_security_group_rule.api"),
        (change("filter", "sg-1", "sgr-9"), "aws_security_group.nodes (inline rules)"),
        (change("filter", "sg-2", "sgr-9"), ""),
        (change("filter", AZURE, "ssh#2"), "module.net.azurerm_network_security_rule.ssh"),
        (change("filter", NETWORK, "ssh"), "google_compute_firewall.ssh"),
        (change("endpoint", "arn:aws:eks:eu-west-1:1:cluster/prod"), "module.net.aws_eks_cluster.this"),
        (change("disk", "vol-1"), ""),
    ],
)
def test_the_block_that_made_the_resource_is_named(made: Change, where: str) -> None:
    (edit,) = with_terraform([made], load(json.dumps(STATE).encode(), "state.json"))
    assert (edit.owner, edit.where) == (("Terraform", where) if where else ("", ""))
    assert bool(edit.undone) is bool(where)


def test_a_resource_that_an_installer_writes_by_terraform_names_both() -> None:
    edit = change("filter", "sg-9", "sgr-1", owner="kops")
    (found,) = with_terraform([edit], load(json.dumps(STATE).encode(), "state.json"))
    assert found.owner == "kops, through Terraform"


@pytest.mark.parametrize(
    "text", ["", "[]", "{", "{}", '{"format_version": "1.0"}', '{"values": {"root_module": {"resources": []}}}']
)
def test_a_file_that_is_no_state_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(UsageError, match=r"^state\.json is no"):
        load(text.encode(), "state.json")
