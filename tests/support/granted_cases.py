"""Clusters on three clouds with one identity that has policies, judged without an account."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import builders
from builders import CONTROL_PLANE, NODE, SOURCE, host
from cloudguard.authorization.excess import Comparer
from cloudguard.authorization.replacement import replacement
from cloudguard.model.iam_catalog import IamCatalog
from cloudguard.model.identity import Condition, Effect, Identities, Identity, PolicyDocument, PolicyKind, Statement
from cloudguard.model.snapshot import Snapshot
from cloudguard.needs.declarations import Declarations
from cloudguard.results.document_edit import DocumentEdit
from cloudguard.results.report import RowResult
from cloudguard_aws.iam_catalog.catalog_of_cluster import iam_catalog as of_aws
from cloudguard_aws.identity.policy_documents import statements
from cloudguard_azure.iam_catalog.catalog_of_cluster import iam_catalog as of_azure
from cloudguard_azure.identity.resource_names import actions_of
from cloudguard_gcp.access.resource_names import action
from cloudguard_gcp.iam_catalog.catalog_of_cluster import iam_catalog as of_gcp
from identities import SHUT
from judged import rows_of

ACCOUNT, SUBSCRIPTION, PROJECT = "111122223333", "00000000-0000-0000-0000-000000000001", "acme"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourcegroups/g/providers"
OWNERS = {"aws": ACCOUNT, "azure": SUBSCRIPTION, "gcp": PROJECT}
NAMES = {
    "aws": f"arn:aws:iam::{ACCOUNT}:role/r",
    "azure": f"{GROUP}/microsoft.managedidentity/userassignedidentities/r",
    "gcp": f"gcp:{PROJECT}:iam:serviceAccount::r@{PROJECT}.iam.gserviceaccount.com",
}
CATALOGS = {"aws": of_aws, "azure": of_azure, "gcp": of_gcp}
VOLUMES = "arn:aws:ec2:*:*:volume/*"
ALL_AZURE, ALL_DATA, ALL_GOOGLE = (
    f"azure:{SUBSCRIPTION}:*:*:*:*",
    f"azure-data:{SUBSCRIPTION}:*:*:*:*",
    "gcp:acme:*:*:*:*",
)


@dataclass(frozen=True)
class Case:
    """A cluster with one identity that has ``policies``."""

    cloud: str
    policies: tuple[PolicyDocument, ...]
    role: str = "control-plane"
    installer: str = "kubeadm"
    addons: tuple[str, ...] = ()

    @cached_property
    def snapshot(self) -> Snapshot:
        """The cluster's snapshot."""
        names = tuple(policy.id for policy in self.policies)
        identity = Identity(NAMES[self.cloud], "r", (self.role,), names, SOURCE)
        roles = {"control-plane": CONTROL_PLANE, "node": NODE}
        where = f"{GROUP}/microsoft.network/virtualnetworks/v/subnets/s" if self.cloud == "azure" else "private"
        hosts = [replace(host(name, found, where=where), metadata=SHUT) for name, found in roles.items()]
        own_hosts = [replace(host, identity=identity.id if host.name.startswith(self.role) else "") for host in hosts]
        if self.cloud == "azure":
            own_hosts = [replace(host, id=f"{GROUP}/microsoft.compute/virtualmachines/{host.id}") for host in own_hosts]
        identities = Identities((identity,), self.policies)
        account = OWNERS[self.cloud]
        return builders.snapshot(
            own_hosts,
            identities=identities,
            provider=self.cloud,
            account=account,
            region="eu-west-1",
            installer=self.installer,
        )

    @cached_property
    def catalog(self) -> IamCatalog:
        """The IAM catalog of its cloud."""
        return CATALOGS[self.cloud](self.snapshot)

    @cached_property
    def row(self) -> RowResult:
        """The result of the row cloud-api-access."""
        return rows_of(self.snapshot, Declarations(addons=self.addons), self.catalog)["cloud-api-access"]

    @cached_property
    def edit(self) -> DocumentEdit:
        """The edit that replaces the identity's policies."""
        snapshot = self.snapshot
        comparer = Comparer(snapshot.cluster, snapshot.identities, self.catalog, Declarations(addons=self.addons))
        return replacement(comparer.of(snapshot.identities.identities[0]))


def aws(*actions: str, on: str = "*", by: str = "user", when: object = None, **rest: Any) -> Case:  # noqa: ANN401 - fields of a case
    """Return a case on AWS. ``when``: the statement's Condition."""
    granted = {"Effect": "Allow", "Action": actions, "Resource": on} | ({"Condition": when} if when else {})
    text = json.dumps({"Version": "2012-10-17", "Statement": [granted]})
    return replace(
        Case("aws", (PolicyDocument("p", "p", PolicyKind.GRANT, by, text, statements(text), SOURCE),)), **rest
    )


def action_in_model(cloud: str, permission: str) -> str:
    """Return a permission, in the cloud's form, as an action of the model."""
    return actions_of(permission)[0] if cloud == "azure" else action(permission)


def other(cloud: str, on: str, *permissions: str, by: str = "user", named: str = "", **rest: Any) -> Case:  # noqa: ANN401 - fields of a case
    """Return a case on another cloud, with permissions in its form. ``named``: the resource name in a condition."""
    when = (Condition("StringLike", "resource.name", (named,)),) if named else ()
    actions = tuple(action_in_model(cloud, permission) for permission in permissions)
    statement = Statement("#1", Effect.ALLOW, actions, resources=(on,), conditions=when)
    policy = PolicyDocument("p", "p", PolicyKind.GRANT, by, "{}", (statement,), SOURCE)
    return replace(Case(cloud, (policy,)), **rest)
