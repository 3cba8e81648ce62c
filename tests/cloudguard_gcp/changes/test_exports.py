"""Command lines for ``gcloud`` and Terraform blocks: values stay one word each, whatever a rule's description contains.

No test runs the lines, because ``gcloud`` is in no package registry.
"""

from __future__ import annotations

import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest

from cloudguard import pipeline
from cloudguard.needs.declarations import Declarations
from cloudguard.results.api_call import ApiCall, PlannedCall
from cloudguard_gcp.changes.role_calls import bound
from cloudguard_gcp.changes.shell import shell
from cloudguard_gcp.changes.terraform import terraform
from gcp_applied import collected
from gcp_proxy import Proxy
from gcp_scenes import SCENES
from gcp_server import Google
from terraform_blocks import assert_arguments, blocks, resources

HOSTILE = '\'; $(reboot) `id` "${path.module}" %{ if true } \n#'
NETWORK = "projects/p/global/networks/default"
BODY: dict[str, Any] = {
    "description": HOSTILE,
    "direction": "INGRESS",
    "priority": 1000,
    "allowed": [{"IPProtocol": "tcp", "ports": ["22", "80-90"]}, {"IPProtocol": "icmp"}],
    "sourceRanges": ["192.0.2.0/24"],
    "sourceTags": [],
    "targetTags": ["nodes"],
}
PATCH = ApiCall("compute.googleapis.com", "compute.firewalls.patch", {"project": "p", "firewall": "ssh", "body": BODY})
DELETE = ApiCall("compute.googleapis.com", "compute.firewalls.delete", {"project": "p", "firewall": "ssh"})


def test_a_firewall_is_one_command_with_each_value_a_word() -> None:
    found = shlex.split(shell(PATCH))
    assert found[:5] == ["gcloud", "compute", "firewall-rules", "update", "ssh"]
    assert f"--description={HOSTILE}" in found
    assert "--rules=tcp:22,tcp:80-90,icmp" in found
    assert "--source-ranges=192.0.2.0/24" in found
    assert "--source-tags=" in found


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (DELETE, "gcloud compute firewall-rules delete ssh --project=p --quiet"),
        (
            bound("projects/p", remove={"role": "roles/editor", "member": "serviceAccount:a@p"}),
            (
                "gcloud projects remove-iam-policy-binding p --member=serviceAccount:a@p --role=roles/editor "
                "--condition=None --quiet"
            ),
        ),
        (
            ApiCall(
                "compute.googleapis.com",
                "compute.regionNetworkFirewallPolicies.removeRule",
                {"project": "p", "region": "europe-west1", "firewallPolicy": "x", "priority": 100},
            ),
            (
                "gcloud compute network-firewall-policies rules delete 100 --firewall-policy=x --project=p "
                "--firewall-policy-region=europe-west1 --quiet"
            ),
        ),
    ],
)
def test_every_kind_of_call_has_a_command(call: ApiCall, text: str) -> None:
    assert shell(call) == text


def test_a_block_escapes_templates_and_imports_the_resource() -> None:
    text = terraform(NETWORK, [PlannedCall(0, PATCH, (PATCH,))])
    assert text.startswith('import {\n  to = google_compute_firewall.ssh\n  id = "projects/p/global/firewalls/ssh"\n')
    assert "$${path.module}" in text
    assert "%%{ if true }" in text
    assert '    ports = ["22", "80-90"]\n' in text
    assert "removed" in terraform(NETWORK, [PlannedCall(0, DELETE, (PATCH,))])


def test_blocks_are_valid_terraform_with_arguments_of_the_provider() -> None:
    arguments = tomllib.loads((Path(__file__).parent / "data" / "terraform_arguments.toml").read_text(encoding="utf-8"))
    text = terraform(NETWORK, [PlannedCall(0, PATCH, (PATCH,)), PlannedCall(1, DELETE, (PATCH,))])
    (rule,) = resources(text, arguments)
    for allowed in rule["allow"]:
        assert_arguments(allowed, arguments["google_compute_firewall"]["allow"])
    assert {kind: len(listed) for kind, listed in blocks(text).items()} == {"import": 1, "resource": 1, "removed": 1}


@pytest.mark.parametrize("name", ["open-ssh", "cilium-etcd"])
def test_the_blocks_of_a_plan_are_valid_terraform(name: str, google_cloud: Proxy) -> None:
    arguments = tomllib.loads((Path(__file__).parent / "data" / "terraform_arguments.toml").read_text(encoding="utf-8"))
    google_cloud.google = Google(SCENES[name].build(), beside=SCENES[name].beside())
    planned = pipeline.plan(collected(), Declarations(admin_cidrs=("198.51.100.0/24",)))
    text = pipeline.export(planned, "terraform")
    resources(text, arguments)
    assert blocks(text)
