"""Applied plans: check, make the plan's calls, check again. Each run tests a few scenes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aws_probe import Service
from cloudguard.formats import plan_diff
from cloudguard.needs.declarations import Declarations
from cloudguard.planning.edits.rule_writer import CANNOT_NAME
from cloudguard.results.finding import Severity
from cloudguard.results.report import Verdict
from cloudguard_gcp.changes.shell import shell
from gcp_applied import applied
from gcp_clusters import behind_balancer, kops
from gcp_probe import Reading
from gcp_project import Project
from gcp_proxy import Proxy
from gcp_scenes import SCENES
from marked_scenes import Scene
from probes import FRONT


@pytest.mark.parametrize(
    "name", ["balancer-not-denied", "gke-authorized-google", "shared-vpc", "gke-rule-of-another-name", "cilium-etcd"]
)
def test_every_failing_row_passes_after_the_calls_of_the_plan(name: str, google_cloud: Proxy) -> None:
    account = applied(google_cloud, SCENES[name])
    assert account.calls
    assert {after for _, after in account.verdicts.values()} == {Verdict.PASS}
    assert (account.opened, account.lost) == ("", "")


def test_the_private_side_still_admits_machines_beside_the_nodes(google_cloud: Proxy) -> None:
    account = applied(google_cloud, SCENES["gke-beside-a-machine"])
    (left,) = (item for item in account.plan.left if item.finding in {each.id for each in account.plan.report.findings})
    assert left.why.startswith("less is allowed after the plan, but ")
    assert left.why.endswith("; jenkins is in these ranges today")
    (stays,) = (
        finding for finding in account.after.row("api-server-access").findings if finding.severity > Severity.LOW
    )
    assert left.why.endswith(stays.message)


def test_a_policy_that_cannot_name_the_tags_of_hosts_stays_as_it_is(google_cloud: Proxy) -> None:
    account = applied(google_cloud, SCENES["allowed-above"])
    assert not account.calls
    (left,) = account.plan.left
    assert left.why.startswith(f"{CANNOT_NAME} tag/prod-k8s-io-role-control-plane, tag/prod-k8s-io-role-node: tcp/22 ")


def test_an_endpoint_by_name_stays_open_if_administrators_have_no_other_way(google_cloud: Proxy) -> None:
    account = applied(google_cloud, SCENES["gke-dns-for-everyone"])
    reasons = " ".join(item.why for item in account.plan.left)
    assert "the administrators would lose tcp/443 on the managed API" in reasons
    assert "endpoint.restrict" not in {change.kind for change in account.plan.changes}


def test_an_endpoint_by_name_is_shut_if_administrators_are_inside(google_cloud: Proxy) -> None:
    declared = Declarations(admin_cidrs=("10.0.0.64/26",))
    account = applied(google_cloud, replace(SCENES["gke-dns-for-everyone"], policy=declared))
    assert account.verdicts["api-server-access"] == (Verdict.FAIL, Verdict.PASS)
    assert (account.opened, account.lost) == ("", "")


def test_everyone_loses_a_role_unless_another_identity_has_it_too(google_cloud: Proxy) -> None:
    found = applied(google_cloud, SCENES["gke-dns-for-everyone"])
    assert found.verdicts["cloud-api-access"] == (Verdict.FAIL, Verdict.PASS)
    assert found.after.row("api-server-access").verdict is Verdict.PASS  # IAM guards the DNS name again
    everyone = {"role": "roles/container.clusterViewer", "member": "allAuthenticatedUsers"}
    removed = [each.call.parameters.get("remove") for step in found.plan.steps for each in step.calls]
    assert [everyone] in removed

    def build() -> Project:
        project = SCENES["gke-dns-for-everyone"].build()
        account, subnet = project.account("others"), project.link("regions/europe-west1/subnetworks/nodes")
        labels = {"goog-k8s-cluster-name": "prod", "goog-k8s-node-pool-name": "other"}
        project.instance("gke-prod-other-1", subnet, "10.0.0.77", labels=labels, account=account)
        return project

    found = applied(google_cloud, Scene(build, {}))
    assert all(each.call.parameters.get("remove") != [everyone] for step in found.plan.steps for each in step.calls)


def test_an_outsider_is_removed_from_the_bindings_of_a_service_account(google_cloud: Proxy) -> None:
    own, outsider, role = "user:ops@example.com", "serviceAccount:ci@elsewhere.iam.gserviceaccount.com", "roles/mint"

    def build() -> Project:
        project = kops()
        project.role(role, "iam.serviceAccounts.getAccessToken")
        project.bind(role, outsider, own, on=f"nodes@{project.name}.iam.gserviceaccount.com")
        return project

    account = applied(google_cloud, Scene(build, {}))
    call = next(each.call for step in account.plan.steps for each in step.calls)
    assert call.parameters["remove"] == [{"role": role, "member": outsider}]
    assert account.verdicts == {"cloud-api-access": (Verdict.FAIL, Verdict.PASS)}
    assert "iam service-accounts remove-iam-policy-binding nodes@acme-prod.iam" in shell(call)


def test_a_disk_is_replaced_by_a_copy_with_a_new_key_or_with_that_of_another_disk(google_cloud: Proxy) -> None:
    strict, own = (
        Declarations(require_customer_key=True),
        "projects/acme-prod/locations/europe-west1/keyRings/r/cryptoKeys/k",
    )
    for cmek in ("", own):

        def build(cmek: str = cmek) -> Project:
            project = kops()
            if cmek:
                agent = f"serviceAccount:service-{project.number}@compute-system.iam.gserviceaccount.com"
                project.answer(
                    "kms", cmek, {"name": cmek, "rotationPeriod": "7776000s", "primary": {"state": "ENABLED"}}
                )
                project.policy(cmek, "kms")
                project.set_policy(cmek, [{"role": "roles/cloudkms.cryptoKeyEncrypterDecrypter", "members": [agent]}])
                disks = project.lists["projects/acme-prod/zones/europe-west1-b/disks"]
                version = f"{cmek}/cryptoKeyVersions/1"
                project.answer("kms", version, {"name": version, "state": "ENABLED"})
                next(disk for disk in disks if disk["name"] == "master-a")["diskEncryptionKey"] = {
                    "kmsKeyName": version
                }
            return project

        account = applied(google_cloud, Scene(build, {}, policy=strict))
        assert account.verdicts == {"etcd-encryption": (Verdict.FAIL, Verdict.PASS)}
        assert (account.opened, account.lost) == ("", "")
        calls = [each.call for step in account.plan.steps for each in step.calls]
        assert [call.operation.rpartition(".")[2] for call in calls] == [
            *([] if cmek else ["create", "create", "setIamPolicy"]),
            *("stop", "createSnapshot", "insert", "detachDisk", "attachDisk", "start", "delete", "delete"),
        ]
        lines = [shell(call) for call in calls]
        assert len([line for line in lines if line.startswith("gcloud kms ")]) == (0 if cmek else 3)
        assert all(line.startswith("gcloud compute ") for line in lines[0 if cmek else 3 :])


def test_a_rule_for_tagged_machines_names_tags_and_no_service_accounts(google_cloud: Proxy) -> None:
    def build() -> Project:
        project = SCENES["open-ssh"].build()
        subnet = project.link("regions/europe-west1/subnetworks/nodes")
        project.instance("jenkins", subnet, "10.0.0.200", tags=["prod-k8s-io-role-node"])
        return project

    account = applied(google_cloud, Scene(build, {}))  # the accounts of the nodes would tell them from jenkins
    assert {after for _, after in account.verdicts.values()} == {Verdict.PASS}
    assert (account.opened, account.lost) == ("", "")


def test_a_change_of_a_later_round_names_a_finding_of_the_report(google_cloud: Proxy) -> None:
    def build() -> Project:
        project = SCENES["gke-public"].build()
        for number, node in enumerate(project.lists["projects/acme-prod/zones/europe-west1-b/instances"], 7):
            node["networkInterfaces"][0]["accessConfigs"] = [{"name": "nat", "natIP": f"34.76.0.{number}"}]
        return project

    plan = applied(google_cloud, Scene(build, {})).plan
    assert {"endpoint.restrict", "endpoint.guard"} <= {change.kind for change in plan.changes}
    assert {name for change in plan.changes for name in change.mends} <= {
        finding.id for finding in plan.report.findings
    }
    assert "+ private side on\n" in plan_diff.render(plan)


def test_a_probe_sees_the_front_of_a_balancer() -> None:
    denied, open_too = (fronts(behind_balancer(denied=one)) for one in (True, False))
    assert ("front web", ("6", 443)) in denied & open_too  # the rule for the balancer's address
    assert ("front web", ("6", 22)) in open_too - denied  # the rule for all addresses of the nodes


def fronts(project: Project) -> set[tuple[str, Service]]:
    return {pair[1:] for pair in Reading([project]).open_pairs() if pair[0] == "8.8.8.8" and pair[1].startswith(FRONT)}


def test_a_probe_sees_what_a_rule_opens() -> None:
    project = kops()
    before = Reading([project]).open_pairs()
    network = project.link("global/networks/default")
    project.firewall(network, "wide", "tcp:22", "0.0.0.0/0", targetTags=["prod-k8s-io-role-node"])
    opened = Reading([project]).open_pairs() - before
    assert ("8.8.8.8", "node-1", ("6", 22)) in opened
    assert ("master-a", "replaces node-1", ("6", 22)) not in opened  # the outsider had access before
    assert not any(target == "master-a" for _, target, _ in opened)


def test_a_probe_sees_no_connection_to_a_network_without_a_route_back() -> None:
    shut, routed = (kops(api={"allow": "tcp:22", "sourceRanges": ["0.0.0.0/0"]}) for _ in range(2))
    shut.lists[f"projects/{shut.name}/global/routes"] = []
    reached = [{pair for pair in Reading([project]).open_pairs() if pair[0] == "8.8.8.8"} for project in (shut, routed)]
    assert not any(service[0] == "6" for _, _, service in reached[0])
    assert ("8.8.8.8", "master-a", ("6", 22)) in reached[1]
