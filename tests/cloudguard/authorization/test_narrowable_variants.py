"""Needs that a policy grants on all resources, in three clouds. Each id names the grant and the cluster of the role."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from builders import SOURCE
from cloudguard.model.identity import PolicyDocument, PolicyKind
from cloudguard.results.document_edit import StatementFate
from cloudguard.results.finding import Severity
from cloudguard.results.report import Verdict
from granted_cases import ALL_AZURE, ALL_DATA, ALL_GOOGLE, SUBSCRIPTION, VOLUMES, Case, aws, other

AUTOSCALER, DRIVER, DNS = ("cluster-autoscaler",), ("ebs-csi",), ("external-dns",)
NARROWABLE: dict[str, Case] = {
    "aws: any volume": aws("ec2:DeleteVolume", "ec2:DetachVolume"),
    "aws: any volume, by a name pattern": aws("ec2:AttachVolume", on=VOLUMES),
    "aws: any balancer": aws("elasticloadbalancing:RegisterTargets", "elasticloadbalancing:DeleteLoadBalancer"),
    "aws: any security group": aws("ec2:RevokeSecurityGroupIngress", on="arn:aws:ec2:*:*:security-group/*"),
    "aws: any route table": aws("ec2:CreateRoute", "ec2:DeleteRoute"),
    "aws: creation of volumes without a tag": aws("ec2:CreateVolume"),
    "aws: tags of any resource": aws("ec2:CreateTags"),
    "aws: any scaling group": aws("autoscaling:SetDesiredCapacity", addons=AUTOSCALER),
    "aws: snapshots of any volume": aws("ec2:CreateSnapshot", on=VOLUMES, addons=DRIVER),
    "aws: any volume in one region": aws(
        "ec2:DeleteVolume", when={"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}
    ),
    "azure: any disk": other("azure", ALL_AZURE, "Microsoft.Compute/disks/delete"),
    "azure: any balancer": other("azure", ALL_AZURE, "Microsoft.Network/loadBalancers/write"),
    "azure: any security group": other("azure", ALL_AZURE, "Microsoft.Network/networkSecurityGroups/write"),
    "gcp: any disk": other("gcp", ALL_GOOGLE, "compute.disks.delete", "compute.disks.list"),
    "gcp: any machine": other("gcp", ALL_GOOGLE, "compute.instances.detachDisk", "compute.instances.get"),
    "gcp: any machine, by a predefined role": other("gcp", ALL_GOOGLE, "compute.instances.update", by="provider"),
    "gcp: any snapshot": other("gcp", ALL_GOOGLE, "compute.snapshots.delete", "compute.snapshots.useReadOnly"),
    "gcp: creation of images": other("gcp", ALL_GOOGLE, "compute.images.create"),
    "gcp: machines in any instance group": other("gcp", ALL_GOOGLE, "compute.instances.use"),
    "gcp: deletion of any machine": other("gcp", ALL_GOOGLE, "compute.instances.delete", addons=AUTOSCALER),
    "gcp: any disk, by a resource pattern": other("gcp", "gcp:acme:compute:*:*:*", "compute.disks.resize"),
    "gcp: machines made by the cluster's own machine API": other(
        "gcp",
        ALL_GOOGLE,
        *(f"compute.instances.{verb}" for verb in ("create", "delete", "setMetadata", "setServiceAccount", "update")),
        *("compute.disks.create", "compute.subnetworks.use", "iam.serviceAccounts.actAs"),
        installer="openshift",
        addons=("machine-api",),
    ),
}


@pytest.mark.parametrize("case", NARROWABLE.values(), ids=NARROWABLE)
def test_a_need_with_a_known_place_gets_a_proved_narrower_replacement(case: Case) -> None:
    row, edit = case.row, case.edit
    findings = {finding.check.partition("/")[2]: finding for finding in row.findings if finding.severity > Severity.LOW}
    assert {name: finding.severity for name, finding in findings.items()} == {"narrowable": Severity.MEDIUM}
    assert findings["narrowable"].changes
    assert (row.verdict, edit.unproved) == (Verdict.FAIL, "")
    granted = {name for policy in case.policies for statement in policy.statements for name in statement.actions}
    statements = [statement for statement in edit.statements if granted & {*statement.actions}]
    assert statements
    bound = {"aws": "Tag/", "gcp": "resource.name"}
    assert case.cloud not in bound or any(
        bound[case.cloud] in condition.key for statement in statements for condition in statement.conditions
    )
    assert all(statement.name[:1].isupper() and statement.name.isalnum() for statement in edit.statements)
    for document in edit.documents if case.cloud == "aws" else ():
        assert all("Sid" in item for item in json.loads(document)["Statement"])


@pytest.mark.parametrize("case", NARROWABLE.values(), ids=NARROWABLE)
def test_the_replacement_passes_and_lists_what_it_adds(case: Case) -> None:
    """The edit lists each action that the replacement adds to today's grants."""
    written = PolicyDocument("new", "new", PolicyKind.GRANT, "user", "{}", case.edit.statements, SOURCE)
    after = replace(case, policies=(written,))
    assert after.row.verdict is Verdict.PASS
    assert not after.edit.unproved
    today = {name for policy in case.policies for statement in policy.statements for name in statement.actions}
    added = {
        name for change in case.edit.changes if change.fate is StatementFate.ADD for name in change.statement.actions
    }
    assert {name for statement in case.edit.statements for name in statement.actions} <= today | added


VIA = {"StringLike": {"kms:ViaService": ["ec2.eu-west-1.amazonaws.com", "s3.*.amazonaws.com"]}}
NEEDS: dict[str, Case] = {
    "aws: a node pulls images": aws("ecr:GetAuthorizationToken", "ecr:BatchGetImage", role="node"),
    "aws: a control plane pulls images": aws("ecr:GetDownloadUrlForLayer"),
    "aws: listing": aws("ec2:DescribeInstances", "elasticloadbalancing:DescribeLoadBalancers"),
    "aws: listing zones' records": aws("route53:ListResourceRecordSets", "route53:ListHostedZones", addons=DNS),
    "aws: keys through the services that use them": aws(
        "kms:Decrypt", "kms:GenerateDataKey*", installer="kops", when=VIA
    ),
    "aws: the provider's own policy": aws("ec2:DeleteVolume", by="provider"),
    "azure: images": other("azure", ALL_AZURE, "Microsoft.ContainerRegistry/registries/pull/read", role="node"),
    "azure: listing zones": other("azure", ALL_AZURE, "Microsoft.Network/dnsZones/read", addons=("cert-manager",)),
    "azure: disks of the cluster's group": other(
        "azure", f"azure:{SUBSCRIPTION}:g:*:*:*", "Microsoft.Compute/disks/delete"
    ),
    "gcp: images": other("gcp", ALL_GOOGLE, "artifactregistry.repositories.downloadArtifacts", role="node"),
    "gcp: listing zones": other("gcp", ALL_GOOGLE, "dns.managedZones.list", addons=DNS),
}


@pytest.mark.parametrize("case", NEEDS.values(), ids=NEEDS)
def test_a_grant_that_cannot_be_narrowed_or_edited_is_at_most_advice(case: Case) -> None:
    assert (case.row.verdict, case.row.unknown) == (Verdict.PASS, ())


def test_decrypting_with_any_key_through_any_service_is_no_need() -> None:
    findings = aws("kms:Decrypt", installer="kops").row.findings
    assert max(finding.severity for finding in findings) is Severity.HIGH


BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"
UNPLACED: dict[str, tuple[Case, Verdict, str, str]] = {
    "aws: any zone": (
        aws("route53:ChangeResourceRecordSets", on="arn:aws:route53:::hostedzone/*", addons=DNS),
        Verdict.UNKNOWN,
        "the DNS zone",
        "route53:ChangeResourceRecordSets",
    ),
    "azure: any zone": (
        other("azure", ALL_AZURE, "Microsoft.Network/dnsZones/TXT/write", addons=("cert-manager",)),
        Verdict.UNKNOWN,
        "the DNS zone",
        "Microsoft.Network:dnsZones/TXT/write",
    ),
    "gcp: any zone": (
        other("gcp", ALL_GOOGLE, "dns.resourceRecordSets.create", addons=DNS),
        Verdict.UNKNOWN,
        "the DNS zone",
        "dns:resourceRecordSets.create",
    ),
    "aws: any bucket": (aws("s3:GetObject", installer="kops"), Verdict.FAIL, "the state store", "s3:Get*"),
    "aws: any bucket's backups": (
        aws("s3:PutObject", on="arn:aws:s3:::*/prod/backups/etcd/main/*", installer="kops"),
        Verdict.UNKNOWN,
        "the store of etcd's backups",
        "s3:PutObject",
    ),
    "gcp: any bucket": (
        other("gcp", ALL_GOOGLE, "storage.objects.get", installer="kops"),
        Verdict.UNKNOWN,
        "the state store",
        "storage:objects.get",
    ),
    "gcp: any bucket, of a node": (
        other("gcp", ALL_GOOGLE, "storage.objects.list", installer="kops", role="node"),
        Verdict.UNKNOWN,
        "the state store",
        "storage:objects.list",
    ),
    "gcp: any bucket's backups": (
        other("gcp", ALL_GOOGLE, "storage.objects.delete", installer="kops"),
        Verdict.UNKNOWN,
        "the store of etcd's backups",
        "storage:objects.delete",
    ),
    "azure: any storage account": (
        other("azure", ALL_DATA, BLOBS, installer="kops"),
        Verdict.UNKNOWN,
        "the state store",
        "Microsoft.Storage:storageAccounts/blobServices/containers/blobs/read",
    ),
}


@pytest.mark.parametrize(("case", "verdict", "place", "kept"), UNPLACED.values(), ids=UNPLACED)
def test_a_need_without_a_known_place_is_kept_and_its_edit_is_unproved(
    case: Case, verdict: Verdict, place: str, kept: str
) -> None:
    edit = case.edit
    assert case.row.verdict is verdict
    assert place in edit.unproved
    assert any(kept in statement.actions for statement in edit.statements)


def test_a_dns_zone_named_in_a_policy_is_the_need_s_place() -> None:
    case = aws("route53:ChangeResourceRecordSets", on="arn:aws:route53:::hostedzone/Z0123456789ABC", addons=DNS)
    assert (case.row.verdict, case.edit.unproved) == (Verdict.PASS, "")
