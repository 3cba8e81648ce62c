"""Subscriptions where a program writes the resources to change: each change names it and where to edit."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from azure_clusters import capz, kops
from azure_fixtures import Subscription
from azure_proxy import AzureProxy
from azure_server import Azure
from azure_ways_in import aks, aks_peered
from cloudguard import pipeline
from cloudguard.needs.declarations import Declarations

Said = tuple[str, str, str]
"""Parts of the expected texts: the writer of a rule or endpoint, when it undoes manual edits, and where to edit."""

CASES: Mapping[str, tuple[Callable[[], Subscription], str, Said]] = {
    "AKS' group": (
        lambda: aks_peered(machine=True),
        "rule.",
        ("AKS", "by AKS", "your own network security group on the subnet"),
    ),
    "AKS' endpoint": (
        aks,
        "endpoint.",
        ("a call of the AKS API", "", "AKS cluster prod: apiServerAccessProfile.authorizedIPRanges"),
    ),
    "Cluster API": (
        capz,
        "rule.",
        ("Cluster API Provider Azure", "is removed", "AzureCluster prod: spec.networkSpec.subnets[].securityGroup"),
    ),
    "kops": (kops, "rule.", ("kops", "kops update cluster", "kops")),
}


@pytest.mark.parametrize("name", CASES)
def test_a_change_names_the_program_that_writes_its_resource_and_where_to_edit(
    name: str, azure_cloud: AzureProxy
) -> None:
    build, kind, said = CASES[name]
    azure_cloud.azure = Azure(build())
    where = {"subscription": (azure_cloud.azure.account.subscription,)}
    report = pipeline.check("azure", cluster="prod", options=where, declarations=Declarations())
    changes = [
        change for change in report.plan if change.kind.startswith(kind) and change.owner.startswith(said[0][:3])
    ]
    assert changes
    for change in changes:
        for text, words in zip((change.owner, change.undone, change.where), said, strict=True):
            assert words in text
            assert bool(words) is bool(text)
