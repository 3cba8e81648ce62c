"""Requirements of the core on every adapter, tested for each adapter on whole clusters."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, fields, is_dataclass, replace
from importlib import import_module
from typing import Any

import boto3
import pytest
from moto import mock_aws

from azure_everything import everything as azure_everything
from azure_proxy import AzureProxy, asking
from azure_scenes import SCENES as AZURE
from azure_server import Azure
from cloudguard.errors import ClusterNotFoundError, UsageError
from cloudguard.model.files import snapshot_file
from cloudguard.model.snapshot import SCHEMA, Snapshot
from cloudguard.model.source import Gap, Source
from cloudguard.model.ways_in import WayInTarget, WayState
from cloudguard.provider.port import Adapter, CollectRequest, installed, load
from docs import ways_in
from gcp_everything import everything
from gcp_proxy import Proxy
from gcp_scenes import SCENES as GOOGLE
from gcp_server import Google
from moto_fixtures.aws.builder import REGION, Account
from moto_fixtures.aws.scene import scenes

NAMES = installed()
BUILT = [
    *(("aws", name) for name in ("eks_public", "external_member", "kops_ha", "showcase")),
    *(
        ("gcp", name)
        for name in ("everything", "gke-authorized-google", "threat-list", "service-account", "shared-vpc")
    ),
    *(("azure", name) for name in ("everything", "aks-private", "kops")),
]


@dataclass(frozen=True)
class Cloud:
    """An adapter, the request for its only cluster "prod", and the collected snapshot."""

    adapter: Adapter
    request: CollectRequest
    snapshot: Snapshot


@pytest.fixture(scope="module", params=BUILT, ids="/".join)
def cloud(request: pytest.FixtureRequest, google_proxy: Proxy, azure_proxy: AzureProxy) -> Iterator[Cloud]:
    """Each cluster in turn, built and collected once for all tests. No test changes it."""
    provider, name = request.param
    adapter = load(provider)
    wanted = CollectRequest(cluster="prod", options={"region": (REGION,)} if provider == "aws" else {})
    wanted = asking() if provider == "azure" else wanted
    with ExitStack() as stack:
        if provider == "aws":
            stack.enter_context(mock_aws())
            scenes()[name].build(Account(boto3.Session(region_name=REGION)))
        else:
            patch = stack.enter_context(pytest.MonkeyPatch.context())
            proxy = azure_proxy if provider == "azure" else google_proxy
            for variable, value in proxy.environment.items():
                patch.setenv(variable, value)
        if provider == "azure":
            azure_proxy.azure = Azure(AZURE[name].build() if name in AZURE else azure_everything())
        elif provider == "gcp":
            scene = GOOGLE.get(name)
            google_proxy.google = Google(scene.build(), beside=scene.beside()) if scene else Google(everything())
        yield Cloud(adapter, wanted, adapter.collect(wanted))


def test_every_installed_provider_is_tested() -> None:
    left_out = {*NAMES} - {provider for provider, _ in BUILT}
    assert left_out == set(), "name clusters of the provider in BUILT, and build them in `cloud`"


@pytest.mark.parametrize("name", NAMES)
def test_an_adapter_has_its_name_and_valid_options_and_needs_a_cluster_name(name: str) -> None:
    adapter = load(name)
    assert adapter.name == name
    flags = [option.name for option in adapter.options]
    assert len(flags) == len(set(flags))
    assert all(option.name == option.name.lower() and option.help.endswith(".") for option in adapter.options)
    with pytest.raises(UsageError):
        adapter.collect(CollectRequest())


@pytest.mark.parametrize("name", NAMES)
def test_the_printed_permissions_cover_every_declared_call(name: str) -> None:
    calls: Any = import_module(f"cloudguard_{name}.access.calls")
    printed = load(name).permissions()
    assert all(f'"{permission}"' in printed for call in calls.CALLS for permission in call.permissions)


@pytest.mark.parametrize("name", NAMES)
def test_every_way_in_has_a_state_declared_calls_and_a_source(name: str) -> None:
    calls: Any = import_module(f"cloudguard_{name}.access.calls")
    declared, ways = {call.name for call in calls.CALLS}, load(name).ways_in()
    left_out = set(WayInTarget) - {entered for way in ways for entered in way.leads_to}
    assert left_out == set(), "ways_in.toml has no way that leads there"
    assert len({way.id for way in ways}) == len({way.name for way in ways}) == len(ways)
    for way in ways:
        assert set(way.calls) <= declared, way.id
        assert (way.state is WayState.NOT_ASKED) == bool(way.would_help or way.pointer), way.id
        assert way.source.startswith("https://"), way.id


def test_the_readmes_list_every_way_in() -> None:
    written = ways_in.pages()
    assert len(written) == 1 + len(NAMES)
    stale = [path for path, text in written.items() if path.read_text(encoding="utf-8") != text]
    assert stale == [], "run `make docs`"


def test_a_snapshot_lists_the_ways_in_that_were_read(cloud: Cloud) -> None:
    ways = cloud.adapter.ways_in()
    assert cloud.snapshot.asked == tuple(way.id for way in ways if way.state is not WayState.NOT_ASKED)


def test_a_snapshot_refers_only_to_what_it_contains(cloud: Cloud) -> None:
    snapshot = cloud.snapshot
    assert snapshot.schema == SCHEMA
    assert snapshot_file.load(snapshot_file.dump(snapshot), "it") == snapshot
    assert [*_dangling(snapshot)] == []


def _dangling(snapshot: Snapshot) -> Iterator[str]:
    """Yield each reference of a snapshot to an object that it does not contain."""
    topology, cluster, identities = snapshot.topology, snapshot.cluster, snapshot.identities
    filters, segments = {guard.id for guard in topology.filters}, {subnet.id for subnet in topology.subnets}
    hosts = {*(host.id for host in cluster.hosts), *(pool.id for pool in cluster.pools)}
    policies = {policy.id for policy in identities.policies}
    groups, lists = (
        {group.id for group in topology.groups},
        {address_list.id for address_list in topology.address_lists},
    )
    known = {identity.id for identity in identities.identities}
    for host in cluster.hosts:
        yield from (f"{host.id} has a role without evidence" for _ in host.roles if not host.evidence)
        yield from (f"identity {host.identity}" for _ in [0] if host.identity and host.identity not in known)
        for interface in host.interfaces:
            yield from (f"filter {name}" for name in interface.filters if name not in filters)
            yield from (f"segment {interface.subnet}" for _ in [0] if interface.subnet not in segments)
    for pool in cluster.pools:
        yield from (f"filter {name} of {pool.id}" for name in pool.filters if name not in filters)
    for guard in topology.filters:
        for rule in guard.rules:
            known_peer = not rule.peer.group or rule.peer.group in groups
            known_peer = known_peer and (not rule.peer.address_list or rule.peer.address_list in lists)
            yield from (f"peer {rule.peer}" for _ in [0] if not known_peer)
        ids = [rule.id for rule in guard.rules]
        yield from (f"two rules of {guard.id} have one id" for _ in [0] if len(ids) != len(set(ids)))
    for balancer in topology.balancers:
        targets = [target.host for listener in balancer.listeners for target in listener.targets if target.host]
        yield from (f"host {name} of {balancer.id}" for name in targets if name not in hosts)
        yield from (f"filter {name} of {balancer.id}" for name in balancer.filters if name not in filters)
        yield from (f"segment {name} of {balancer.id}" for name in balancer.subnets if name not in segments)
    for identity in identities.identities:
        yield from (f"policy {name}" for name in identity.policies if identity.complete and name not in policies)


def test_every_source_names_a_declared_call(cloud: Cloud) -> None:
    snapshot = cloud.snapshot
    calls: Any = import_module(f"cloudguard_{cloud.adapter.name}.access.calls")
    declared = {call.name for call in calls.CALLS}
    assert {source.call for source in _sources(snapshot)} <= declared
    assert {gap.call for gap in snapshot.gaps} <= declared


def _sources(value: Any) -> Iterator[Source]:  # noqa: ANN401 - anything in a snapshot
    """Yield every source in a snapshot."""
    if isinstance(value, Source):
        yield value
    elif value.__class__ is tuple:
        yield from (source for item in value for source in _sources(item))
    elif is_dataclass(value) and not isinstance(value, Gap):
        yield from (source for field in fields(value) for source in _sources(getattr(value, field.name)))


def test_two_collections_of_one_cluster_give_equal_snapshots(cloud: Cloud) -> None:
    first, second = cloud.snapshot, cloud.adapter.collect(cloud.request)
    assert replace(first, started="", finished="") == replace(second, started="", finished="")


def test_the_error_for_an_unknown_cluster_lists_the_clusters_that_exist(cloud: Cloud) -> None:
    with pytest.raises(ClusterNotFoundError) as caught:
        cloud.adapter.collect(replace(cloud.request, cluster="elsewhere"))
    assert "prod" in str(caught.value) + caught.value.hint


def test_discover_finds_the_cluster(cloud: Cloud) -> None:
    assert "prod" in {cluster.name for cluster in cloud.adapter.discover(cloud.request)}


def test_the_iam_catalog_is_complete(cloud: Cloud) -> None:
    known = cloud.adapter.iam_catalog(cloud.snapshot)
    assert known.catalog.version
    assert len({need.id for need in known.needs}) == len(known.needs)
    assert all(need.source.startswith("https://") and need.holders for need in (*known.needs,))
    assert all(path.source and path.actions for path in known.escalation_paths)
    for need in known.needs:
        assert all(statement.actions and statement.resources for statement in need.statements)
