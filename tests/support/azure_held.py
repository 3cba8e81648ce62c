"""The row cloud-api-access for a made-up subscription. Machines whose names begin with "m" are control planes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from azure_fixtures import Subscription
from azure_ids import Item
from azure_proxy import AzureProxy
from azure_server import Azure
from builders import CONTROL_PLANE, NODE, SAID, SOURCE, host, snapshot
from cloudguard.model.cluster import Host, MetadataService, Pool
from cloudguard.model.snapshot import Snapshot
from cloudguard.provider.port import CollectRequest, silent
from cloudguard.results.finding import Severity
from cloudguard.results.report import RowResult
from cloudguard_azure.access.ids import canonical
from cloudguard_azure.access.session import begin
from cloudguard_azure.iam_catalog.catalog_of_cluster import iam_catalog
from cloudguard_azure.identity.aks_places import aks_traits
from cloudguard_azure.identity.holders import attachments, known
from cloudguard_azure.identity.identities import ClusterHolders, read_identities
from judged import rows_of

_SHUT = MetadataService(enabled=False, tokens_required=False, hop_limit=1)


def collected(cloud: AzureProxy, account: Subscription, *, azure: Azure | None = None) -> Snapshot:
    """Return a snapshot with the identities of an account's machines, and of its managed cluster if it has one."""
    cloud.azure = azure or Azure(account)
    api, _ = begin(CollectRequest(options={"subscription": (account.subscription,)}), silent)
    attached = attachments(api, _of(account, "virtualMachines", "virtualMachineScaleSets"))
    hosts = tuple(known(host, attached) for host in _hosts(account))
    pools = tuple(known(pool, attached) for pool in _pools(account))
    managed = next(_of(account, "managedClusters"), None)
    traits = aks_traits(api, managed) if managed else ()
    identities = read_identities(api, ClusterHolders("prod", hosts, pools, attached, managed))
    facts = snapshot(hosts, identities=identities, gaps=api.gaps)
    cluster = replace(
        facts.cluster,
        name="prod",
        provider="azure",
        account=account.subscription,
        installer="aks" if managed else "kubeadm",
        managed=managed is not None,
        pools=pools,
        traits=traits,
    )
    return replace(facts, cluster=cluster)


def row_of(facts: Snapshot) -> RowResult:
    """Return the row cloud-api-access."""
    return rows_of(facts, known=iam_catalog(facts))["cloud-api-access"]


def findings_of_identities(cloud: AzureProxy, account: Subscription) -> dict[str, Severity]:
    """Return check and identity ("outside prod-agentpool") → severity, for the findings above low."""
    row = row_of(collected(cloud, account))
    return {
        f"{finding.check.partition('/')[2]} {finding.resource.name}": finding.severity
        for finding in row.findings
        if finding.severity > Severity.LOW
    }


def _of(account: Subscription, *kinds: str) -> Iterator[Item]:
    wanted = {kind.lower() for kind in kinds}
    return (item for item in account.items.values() if item.get("type", "").rpartition("/")[2].lower() in wanted)


def _hosts(account: Subscription) -> Iterator[Host]:
    for item in _of(account, "virtualMachines"):
        own, name = canonical(item["id"]), item["name"]
        roles = CONTROL_PLANE if name.startswith("m") else NODE
        pool = own.rpartition("/virtualmachines/")[0] if "/virtualmachinescalesets/" in own else ""
        nic = item["properties"]["networkProfile"]["networkInterfaces"][0]["id"]
        subnet = account.properties(nic)["ipConfigurations"][0]["properties"]["subnet"]["id"]
        node = host(name, roles, where=canonical(subnet), pool=pool)
        yield replace(node, id=own, metadata=_SHUT)


def _pools(account: Subscription) -> Iterator[Pool]:
    for item in _of(account, "virtualMachineScaleSets"):
        own, name = canonical(item["id"]), item["name"]
        roles = CONTROL_PLANE if name.startswith("m") else NODE
        profile = item["properties"]["virtualMachineProfile"]["networkProfile"]
        (nic,) = profile["networkInterfaceConfigurations"]
        subnet = canonical(nic["properties"]["ipConfigurations"][0]["properties"]["subnet"]["id"])
        yield Pool(own, name, roles, (SAID,), (subnet,), (), (), SOURCE, metadata=_SHUT)
