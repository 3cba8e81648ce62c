"""etcd-access: who can open a connection to etcd's ports."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import (
    CONTROL_PLANE,
    NODE,
    RANGE,
    SOURCE,
    WORLD,
    balancer,
    group,
    host,
    interface,
    snapshot,
    to,
)
from cloudguard.comparison.widths import inside
from cloudguard.model.cluster import Host
from cloudguard.model.filters import Filter, Group, Peer
from cloudguard.model.load_balancers import ClientAddress
from cloudguard.model.snapshot import Snapshot
from cloudguard.model.source import FactKind, Gap, Reason
from cloudguard.needs.declarations import Declarations, DeclaredNeed
from cloudguard.results.change import Change
from cloudguard.results.finding import Finding, Severity
from cloudguard.results.report import RowResult, Verdict
from edits import after, lets
from judged import changes_of, rows_of

MASTER = host("cp", CONTROL_PLANE, "masters")
WORKER = host("n1", NODE, "nodes")
CILIUM = (("etcd-cluster", "cilium"),)


def row(facts: Snapshot, policy: Declarations | None = None) -> RowResult:
    return rows_of(facts, policy)["etcd-access"]


def severities_of(result: RowResult) -> dict[str, Severity]:
    """Return severities by check, without the advice that every such cluster has."""
    listed = {finding.check: finding.severity for finding in result.findings}
    assert listed.pop("etcd-access/tls", None) is Severity.LOW
    return listed


def only_finding(result: RowResult, check: str) -> Finding:
    (finding,) = (finding for finding in result.findings if finding.check == check)
    return finding


def cluster(
    *allowed: tuple[str, str], installer: str = "kubeadm", labels: tuple[tuple[str, str], ...] = ()
) -> Snapshot:
    return snapshot([MASTER, WORKER], [group("masters", *allowed), group("nodes")], installer=installer, traits=labels)


def test_access_from_the_control_plane_alone_passes_with_advice_on_tls() -> None:
    result = row(cluster(("tcp/2379-2380", "masters"), ("tcp/6443", "nodes")))
    assert (result.verdict, severities_of(result)) == (Verdict.PASS, {})
    addresses = MASTER.interfaces[0].addresses[0]
    assert row(cluster(("tcp/2379-2380", str(addresses)))).verdict is Verdict.PASS
    assert row(cluster(("tcp/2379", "10.0.1.10/32"))).verdict is Verdict.FAIL, "an address that is nobody's today"


@pytest.mark.parametrize(
    "allowed",
    [
        [("tcp/2379", "nodes")],
        [("tcp/2380", "nodes")],
        [("all", "nodes")],
        [("tcp/2379", RANGE)],
        [("tcp/1-2378", "nodes"), ("tcp/2381-65535", "nodes"), ("all", "nodes")],
        [("tcp/0-65535", "0.0.0.0/1")],
    ],
)
def test_access_from_nodes_and_from_inside_is_high(allowed: list[tuple[str, str]]) -> None:
    result = row(cluster(*allowed))
    assert (result.verdict, severities_of(result)) == (Verdict.FAIL, {"etcd-access/inside": Severity.HIGH})
    assert "etcd" in only_finding(result, "etcd-access/inside").message


def test_port_ranges_around_etcd_s_ports_give_no_access() -> None:
    assert row(cluster(("tcp/1-2378", "nodes"), ("tcp/2381-65535", "nodes"), ("udp", "nodes"))).verdict is Verdict.PASS


def test_access_from_the_internet_is_critical_and_its_rule_has_one_finding() -> None:
    master = host("cp", CONTROL_PLANE, "masters", where="public", public="203.0.113.9")
    result = row(snapshot([master, WORKER], [group("masters", ("tcp/2379-2380", WORLD)), group("nodes")]))
    assert (result.verdict, severities_of(result)) == (Verdict.FAIL, {"etcd-access/internet": Severity.CRITICAL})
    finding = only_finding(result, "etcd-access/internet")
    assert finding.witness.summary.startswith("198.51.100.7 → tcp 2379 on cp")
    assert finding.hosts == ("cp",)


def test_an_open_rule_on_private_hosts_is_high_and_latent() -> None:
    result = row(cluster(("tcp/2379", WORLD)))
    assert severities_of(result) == {"etcd-access/inside": Severity.HIGH}
    assert (
        "latent: tcp/2379 from 0.0.0.0/0 would let the internet in"
        in only_finding(result, "etcd-access/inside").message
    )


def test_strangers_in_a_shared_group_are_named() -> None:
    facts = cluster(("tcp/2379", "masters"))
    ci = replace(interface("ci", "private", "10.0.1.250", "masters"), owner="i-ci")
    result = row(replace(facts, topology=replace(facts.topology, external_members=(ci,))))
    assert severities_of(result) == {"etcd-access/inside": Severity.HIGH}
    finding = only_finding(result, "etcd-access/inside")
    assert "an interface outside the cluster in group masters" in finding.message
    assert "10.0.1.250 (i-ci)" in finding.witness.summary
    assert any(evidence.resource.id == "ci" for evidence in finding.evidence)


@pytest.mark.parametrize(("owner", "verdict"), [("4321", Verdict.FAIL), ("", Verdict.UNKNOWN)])
def test_a_group_with_unknown_members_is_judged_by_its_owner(owner: str, verdict: Verdict) -> None:
    facts = cluster(("tcp/2379", "theirs"))
    foreign = Group("theirs", "theirs", SOURCE, members_known=False, owner=owner)
    assert row(replace(facts, topology=replace(facts.topology, groups=(foreign,)))).verdict is verdict


@pytest.mark.parametrize(
    ("installer", "labels", "services", "check"),
    [
        ("kubeadm", (), "tcp/2379", "etcd-access/inside"),
        ("kubeadm", (), "tcp/4001", ""),
        ("kops", (), "tcp/4001", "etcd-access/inside"),
        ("kops", (), "tcp/4002", "etcd-access/inside"),
        ("kops", (), "tcp/2381", "etcd-access/inside"),
        ("kops", (), "tcp/2379", ""),
        ("kops", (), "tcp/3996", "etcd-access/auxiliary"),
        ("kops", CILIUM, "tcp/4003", ""),
        ("kops", CILIUM, "tcp/2382", "etcd-access/inside"),
        ("kops", (), "tcp/2382", "etcd-access/auxiliary"),
        ("kops", (("etcd-cluster", "leases"),), "tcp/4004", "etcd-access/inside"),
        ("kops", (), "tcp/4004", ""),
        ("rke2", (), "tcp/2381", "etcd-access/auxiliary"),
        ("rke2", (), "tcp/2380", "etcd-access/inside"),
        ("canonical-k8s", (), "tcp/9000", "etcd-access/inside"),
        ("canonical-k8s", (), "tcp/2380", "etcd-access/inside"),
        ("microk8s", (), "tcp/19001", "etcd-access/inside"),
        ("microk8s", (), "tcp/12379", "etcd-access/inside"),
        ("microk8s", (), "tcp/2379", ""),
        ("k3s", (), "tcp/2381-2382", "etcd-access/auxiliary"),
        ("unknown", (), "tcp/2379", "etcd-access/inside"),
    ],
)
def test_the_installer_decides_the_judged_ports(
    installer: str, labels: tuple[tuple[str, str], ...], services: str, check: str
) -> None:
    result = row(cluster((services, "nodes"), installer=installer, labels=labels))
    assert severities_of(result) == (
        {check: Severity.LOW if check == "etcd-access/auxiliary" else Severity.HIGH} if check else {}
    )
    assert result.verdict is (Verdict.FAIL if check == "etcd-access/inside" else Verdict.PASS)


def test_an_etcd_that_nodes_may_use_is_closed_to_others() -> None:
    result = row(cluster(("tcp/4003", RANGE), installer="kops", labels=CILIUM))
    assert severities_of(result) == {"etcd-access/inside": Severity.HIGH}
    assert "anyone inside vpc" in only_finding(result, "etcd-access/inside").message


def test_etcd_s_tls_can_be_declared_with_a_reason() -> None:
    facts = snapshot([MASTER], [group("masters")])
    declarations = Declarations(etcd_tls="checked on every host", stated_in=(("etcd-tls", "--etcd-tls"),))
    result = row(facts, declarations)
    assert [finding.check for finding in row(facts).findings] == ["etcd-access/tls"]
    assert (result.findings, result.basis.declared) == ((), ("etcd-tls",))


def test_declared_ports_are_judged_instead() -> None:
    odd = Declarations(etcd_ports=("tcp/2399",))
    assert severities_of(row(cluster(("tcp/2399", "nodes")), odd)) == {"etcd-access/inside": Severity.HIGH}
    assert severities_of(row(cluster(("tcp/2379", "nodes")), odd)) == {}


def test_internet_access_to_etcd_s_helpers_is_advice_unless_their_ports_are_declared() -> None:
    master = host("cp", CONTROL_PLANE, "masters", where="public", public="203.0.113.9")
    facts = snapshot([master], [group("masters", ("tcp/3996", WORLD))], installer="kops")
    assert severities_of(row(facts)) == {"etcd-access/auxiliary": Severity.LOW}
    assert "etcd's helper programs (tcp/3996)" in only_finding(row(facts), "etcd-access/auxiliary").message
    assert severities_of(row(facts, Declarations(etcd_ports=("tcp/3996",)))) == {
        "etcd-access/internet": Severity.CRITICAL
    }


@pytest.mark.parametrize("name", ["group/of/nodes", "urn:group", "1234/nodes"])
def test_a_group_s_id_may_contain_slashes_and_colons(name: str) -> None:
    hosts = [MASTER, host("n1", NODE, name)]
    facts = snapshot(hosts, [group("masters", ("tcp/2379", "nodes")), group(name)])
    rule = replace(facts.topology.filters[0].rules[0], peer=Peer(group=name))
    named = replace(facts.topology.filters[0], rules=(rule, *facts.topology.filters[0].rules[1:]))
    facts = replace(facts, topology=replace(facts.topology, filters=(named, facts.topology.filters[1])))
    assert row(facts).verdict is Verdict.FAIL
    needed = Declarations(needs=(DeclaredNeed(name, "etcd", "tcp/2379", "monitoring"),))
    assert row(facts, needed).verdict is Verdict.PASS


def test_a_declared_need_is_expected_by_address_and_by_group() -> None:
    by_range = Declarations(needs=(DeclaredNeed("10.0.1.0/24", "etcd", "tcp/2379", "backup"),))
    assert row(cluster(("tcp/2379", "10.0.1.0/24")), by_range).verdict is Verdict.PASS
    assert row(cluster(("tcp/2379", "10.0.0.0/23")), by_range).verdict is Verdict.FAIL
    by_group = Declarations(needs=(DeclaredNeed("nodes", "etcd", "tcp/2379", "monitoring"),))
    assert row(cluster(("tcp/2379", "nodes")), by_group).verdict is Verdict.PASS
    assert row(cluster(("tcp/2379-2380", "nodes")), by_group).verdict is Verdict.FAIL


def test_a_balancer_that_speaks_plain_http_to_etcd_is_medium() -> None:
    def answer(service: str, *, plaintext: bool) -> RowResult:
        front = balancer(
            "etcd",
            "tcp/80",
            [to(MASTER, service)],
            "front",
            facing=False,
            seen=ClientAddress.REPLACED,
            plaintext=plaintext,
        )
        return row(snapshot([MASTER], [group("masters", ("tcp/2379", "front")), group("front")], balancers=[front]))

    result = answer("tcp/2379", plaintext=True)
    assert (result.verdict, severities_of(result)) == (Verdict.FAIL, {"etcd-access/plaintext": Severity.MEDIUM})
    assert only_finding(result, "etcd-access/plaintext").witness.summary == "nlb/etcd tcp/80 → tcp/2379"
    assert severities_of(answer("tcp/2379", plaintext=False)) == {}
    assert severities_of(answer("tcp/8080", plaintext=True)) == {}


def test_plain_http_to_another_host_widens_the_finding_and_to_a_pool_does_not() -> None:
    def width(*hosts: Host) -> tuple[str, ...]:
        sent = [to(host, "tcp/2379") for host in hosts]
        front = balancer("etcd", "tcp/80", sent, "front", facing=False, seen=ClientAddress.REPLACED, plaintext=True)
        groups = [group("masters", ("tcp/2379", "front")), group("front")]
        return only_finding(row(snapshot(hosts, groups, balancers=[front])), "etcd-access/plaintext").width

    first, second = MASTER, host("cp2", CONTROL_PLANE, "masters", address="10.0.0.77")
    assert width(first) == (f"tcp/2379 to host {first.id}",)
    assert not inside(width(first, second), width(first))
    of_pool = [replace(host, pool="asg") for host in (first, second)]
    assert width(of_pool[0]) == width(of_pool[1]) == ("tcp/2379 to the hosts of pool asg",)


def test_the_provider_runs_a_managed_control_plane_s_etcd() -> None:
    result = row(snapshot([WORKER], [group("nodes", ("all", WORLD))], managed=True))
    assert (result.verdict, result.findings) == (Verdict.PROVIDER, ())


@pytest.mark.parametrize("facts", [snapshot(), snapshot([WORKER], [group("nodes")])])
def test_a_cluster_without_etcd_hosts_never_passes(facts: Snapshot) -> None:
    result = row(facts)
    assert (result.verdict, result.findings) == (Verdict.UNKNOWN, ())
    assert "--etcd-tag" in result.why


ELSEWHERE = {FactKind.ADDRESS_LISTS, FactKind.ENDPOINT, FactKind.IDENTITIES, FactKind.DISKS, FactKind.KEYS}


@pytest.mark.parametrize("facet", sorted(FactKind))
def test_a_gap_in_the_row_s_facts_makes_it_unknown(facet: FactKind) -> None:
    gap = Gap("test:Read", "*", Reason.DENIED, "denied", (facet,), "test:read")
    facts = replace(cluster(("tcp/2379", "masters")), gaps=(gap,))
    assert row(facts).verdict is (Verdict.PASS if facet in ELSEWHERE else Verdict.UNKNOWN)


def test_an_unread_filter_makes_the_row_unknown() -> None:
    facts = snapshot([MASTER, WORKER], [group("nodes")])
    result = row(facts)
    assert result.verdict is Verdict.UNKNOWN
    assert "filter masters could not be read" in " ".join(result.unknown)


def changes_in(facts: Snapshot) -> list[Change]:
    return [*changes_of(facts, row="etcd-access")]


def test_the_edit_removes_etcd_s_ports_and_keeps_the_group() -> None:
    (change,) = changes_in(cluster(("tcp/1-65535", "nodes")))
    assert change.kind == "rule.narrow"
    assert after(change) == (lets("tcp/1-2378,tcp/2381-65535", "nodes"),)
    (gone,) = changes_in(cluster(("tcp/2379-2380", "nodes")))
    assert (gone.kind, after(gone)) == ("rule.remove", ())


def test_the_edit_of_a_shared_rule_keeps_the_control_plane_s_access() -> None:
    (change,) = changes_in(cluster(("tcp/2379-2380", RANGE)))
    assert after(change) == (lets("tcp/2379-2380", "masters"),)


def test_finding_ids_do_not_depend_on_the_number_or_order_of_hosts() -> None:
    filters: list[Filter] = [group("masters", ("tcp/2379", "nodes")), group("nodes")]
    more = [WORKER, host("n2", NODE, "nodes"), MASTER, host("cp2", CONTROL_PLANE, "masters")]
    one = {finding.id for finding in row(snapshot([MASTER, WORKER], filters)).findings}
    other = {finding.id for finding in row(snapshot(more, filters[::-1])).findings}
    assert one == other
    assert len(one) == 2
