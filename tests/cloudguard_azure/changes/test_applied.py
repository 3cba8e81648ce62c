"""Applied plans: check, make the plan's calls, check again. Each run tests a few scenes."""

from __future__ import annotations

import re

import pytest

from aws_probe import Service
from azure_applied import applied, collected
from azure_clusters import OFFICE, Clean
from azure_fixtures import Subscription
from azure_probe import Reading
from azure_proxy import AzureProxy
from azure_rules import rule
from azure_scenes import SCENES
from azure_server import Azure
from azure_ways_in import aks, keyed, translated
from cloudguard import pipeline
from cloudguard.needs.declarations import Declarations
from cloudguard.results.report import Verdict
from marked_scenes import Scene
from probes import FRONT


@pytest.mark.parametrize(
    "name",
    ["basic-without-group", "nat-rule", "contributor", "no-customer-key", "aks-integrated-public"],
)
def test_every_failing_row_passes_after_the_calls_of_the_plan(name: str, azure_cloud: AzureProxy) -> None:
    account = applied(azure_cloud, SCENES[name])
    assert account.calls
    assert {after for _, after in account.verdicts.values()} == {Verdict.PASS}
    assert (account.opened, account.lost) == ("", "")


@pytest.mark.parametrize(("expires", "made"), [(0, 0), (4102444800, 1)], ids=["lasts", "expires"])
def test_a_disk_gets_the_encryption_set_of_another_disk_if_its_key_lasts(
    expires: int, made: int, azure_cloud: AzureProxy
) -> None:
    def build() -> Subscription:
        account = keyed(expires=expires)
        encryption = account.id("Microsoft.Compute/diskEncryptionSets", "etcd")
        user = account.get(encryption)["identity"]["principalId"]
        account.assign(
            user, "Key Vault Crypto Service Encryption User", account.id("Microsoft.KeyVault/vaults", "vault")
        )
        account.properties(account.id("Microsoft.Compute/disks", "prod-cp-0-os"))["encryption"] = {
            "type": "EncryptionAtRestWithPlatformKey"
        }
        return account

    found = applied(azure_cloud, Scene(build, {}, policy=Declarations(require_customer_key=True)))
    assert found.verdicts == {"etcd-encryption": (Verdict.FAIL, Verdict.PASS)}
    calls = [each.call.operation for step in found.plan.steps for each in step.calls]
    assert calls.count("Vaults_CreateOrUpdate") == made


@pytest.mark.parametrize("name", ["aks-without-kms", "aks-kms-key-expired"])
def test_secrets_of_a_managed_cluster_are_encrypted_with_a_usable_key(name: str, azure_cloud: AzureProxy) -> None:
    account = applied(azure_cloud, SCENES[name])
    assert account.verdicts == {"etcd-encryption": (Verdict.FAIL, Verdict.PROVIDER)}
    assert (account.opened, account.lost) == ("", "")


def test_the_hosts_of_scale_sets_join_new_groups_in_place_of_a_rule_for_their_subnet(azure_cloud: AzureProxy) -> None:
    account = applied(azure_cloud, SCENES["rke2"])
    after = {row: verdict for row, (_, verdict) in account.verdicts.items()}
    assert (after["api-server-access"], after["node-access"]) == (Verdict.PASS, Verdict.PASS)
    assert (account.opened, account.lost) == ("", "")
    calls = [each for step in account.plan.steps for each in step.calls]
    (moved, *_) = (call for call in calls if call.call.operation == "VirtualMachineScaleSets_CreateOrUpdate")
    operations = [call.operation.partition("_")[2] for call in moved.inverse]
    assert operations == ["CreateOrUpdate", "UpdateInstances"]


def test_the_number_of_rules_that_the_plan_names_is_enough(azure_cloud: AzureProxy) -> None:
    azure_cloud.azure = Azure(SCENES["rke2"].build())
    facts, declared = collected(azure_cloud), Declarations(admin_cidrs=(OFFICE,))
    (left,) = pipeline.plan(facts, declared).plan.left
    needed = re.search(r"--most-rules (\d+)", left.why)
    assert needed
    assert not pipeline.plan(facts, declared, most_rules=int(needed[1])).plan.left


def test_a_shared_link_to_a_copy_of_etcd_is_closed(azure_cloud: AzureProxy) -> None:
    def build() -> Clean:
        account = Clean()
        account.snapshot("backup", account.id("Microsoft.Compute/disks", "prod-cp-0_etcddisk"), diskState="ActiveSAS")
        return account

    found = applied(azure_cloud, Scene(build, {}))
    assert found.verdicts == {"etcd-encryption": (Verdict.FAIL, Verdict.PASS)}
    calls = [each.call.operation for step in found.plan.steps for each in step.calls]
    assert calls == ["Snapshots_RevokeAccess", "Snapshots_CreateOrUpdate"]


def test_the_next_host_of_a_scale_set_is_encrypted_on_its_physical_host(azure_cloud: AzureProxy) -> None:
    def build() -> Subscription:
        local = {"createOption": "FromImage", "diffDiskSettings": {"option": "Local", "placement": "CacheDisk"}}
        account = Clean()
        subnet = f"{account.vnet}/subnets/prod-controlplane-subnet"
        tags = account.get(account.id("Microsoft.Compute/virtualMachines", "prod-cp-0"))["tags"]
        account.scale_set("prod-cp", subnet, tags=tags, profile={"storageProfile": {"osDisk": local}})
        return account

    found = applied(azure_cloud, Scene(build, {}))
    change = next(change for change in found.plan.changes if change.kind == "pool.encrypt")
    assert [finding.check for finding in found.plan.report.findings if finding.id in change.mends] == [
        "etcd-encryption/pool"
    ]
    assert "etcd-encryption/pool" not in {finding.check for finding in found.after.findings}


def test_a_credential_of_another_issuer_is_deleted(azure_cloud: AzureProxy) -> None:
    github, issuer = "https://token.actions.githubusercontent.com", "https://oidc.example/prod"

    def build() -> Subscription:
        account = aks(oidcIssuerProfile={"enabled": True, "issuerURL": issuer})
        shop = account.identity("shop")
        account.federated(shop, "shop", issuer, "system:serviceaccount:shop:cart")
        account.federated(shop, "ci", github, "repo:acme/shop:ref:refs/heads/main")
        account.assign(account.principal(shop), "Reader")
        return account

    found = applied(azure_cloud, Scene(build, {}))
    (change,) = (change for change in found.plan.changes if change.kind == "trust.narrow")
    (call,) = (each for step in found.plan.steps if step.change == change.id for each in step.calls)
    assert call.call.parameters["id"].endswith("/shop/federatedIdentityCredentials/ci")
    assert call.inverse[0].parameters["body"]["properties"]["issuer"] == github
    reports = (found.plan.report, found.after)
    assert ["cloud-api-access/trust" in {finding.check for finding in each.findings} for each in reports] == [
        True,
        False,
    ]


def test_a_probe_sees_the_front_of_a_balancer() -> None:
    account = translated()
    assert ("8.8.8.8", ("6", 2200)) in fronts(account)  # the front's port is 2200; behind it is port 22
    rules = account.properties(account.security_group("others"))["securityRules"]
    for own, item in account.items.items():
        if own.endswith("/networksecuritygroups/prod-node-nsg"):
            item["properties"]["securityRules"] = rules
    assert ("8.8.8.8", ("6", 2200)) not in fronts(account)


def fronts(account: Subscription) -> set[tuple[str, Service]]:
    return {(sender, service) for sender, target, service in Reading(account).open_pairs() if target.startswith(FRONT)}


def test_a_probe_sees_what_a_rule_opens() -> None:
    account = Subscription()
    nsg = account.security_group("nodes")
    account.machine("w0", account.subnet(account.network(), nsg=nsg), "10.0.0.5")
    before = Reading(account).open_pairs()
    account.properties(nsg)["securityRules"].append({"id": f"{nsg}/securityRules/ssh", **rule("ssh", 100, "22")})
    opened = Reading(account).open_pairs() - before
    assert {(sender, service) for sender, target, service in opened if target.endswith("/w0")} >= {
        ("8.8.8.8", ("6", 22)),
        ("198.51.100.7", ("6", 22)),
    }
    assert all(service == ("6", 22) for _, _, service in opened)


def test_a_probe_sees_no_connection_to_a_subnet_whose_routes_drop_the_answers() -> None:
    reached = list[set[str]]()
    for hop in ("None", "Internet"):
        account = Subscription()
        nsg, table = (
            account.security_group("nodes", rule("ssh", 100, "22")),
            account.route_table("out", ("8.0.0.0/8", hop, "")),
        )
        account.machine("w0", account.subnet(account.network(), nsg=nsg, routes=table), "10.0.0.5")
        pairs = Reading(account).open_pairs()
        reached.append({sender for sender, target, service in pairs if target.endswith("/w0") and service == ("6", 22)})
    assert reached[1] - reached[0] == {"8.8.8.8"}
