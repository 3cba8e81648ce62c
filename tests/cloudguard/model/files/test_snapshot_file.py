"""A snapshot is written to a file and read back unchanged. A wrong file is refused with all its faults."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

import sample
from builders import address_sets, balancer, managed_endpoint, subnet
from cloudguard.errors import ExitStatus, UsageError
from cloudguard.model.cluster import EvidenceKind, RoleEvidence, Strength
from cloudguard.model.files import snapshot_file
from cloudguard.model.files.faults import MOST_FAULTS
from cloudguard.model.filters import AddressList, Peer
from cloudguard.model.load_balancers import BackendTarget, ClientAddress, Listener
from cloudguard.model.network import Interface, NextHop
from cloudguard.model.snapshot import SCHEMA
from cloudguard.model.source import FactKind, Reason
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.services import ServiceSet

Document = dict[str, Any]
WHOLE = sample.snapshot(gaps=(sample.GAP,))
TEXT = snapshot_file.dump(WHOLE)


def refusal(data: bytes | str) -> str:
    """Return the error of ``load`` for ``data``."""
    with pytest.raises(UsageError) as caught:
        snapshot_file.load(data, "prod.json")
    assert caught.value.status is ExitStatus.USAGE
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_dumped_snapshot_is_loaded_unchanged() -> None:
    assert snapshot_file.load(snapshot_file.dump(WHOLE), "prod.json") == WHOLE
    assert snapshot_file.load(snapshot_file.dump(WHOLE).encode(), "prod.json") == WHOLE


def test_dumping_is_deterministic_and_begins_with_the_schema() -> None:
    text = snapshot_file.dump(WHOLE)
    assert text == snapshot_file.dump(sample.snapshot(gaps=(sample.GAP,)))
    assert next(iter(json.loads(text).items())) == ("schema", SCHEMA)


def test_hostile_names_are_kept_and_lone_surrogates_are_escaped() -> None:
    hostile = replace(WHOLE, cluster=replace(WHOLE.cluster, name=sample.HOSTILE))
    loaded = snapshot_file.load(snapshot_file.dump(hostile).encode(), "prod.json")
    assert loaded.cluster.name == sample.HOSTILE.replace("\ud800", "\\ud800")
    assert snapshot_file.dump(loaded) == snapshot_file.dump(hostile)


def test_every_fault_is_listed_at_once() -> None:
    document: Document = json.loads(snapshot_file.dump(WHOLE))
    document["schema"] = "cloudguard/snapshot/v9"
    document["extra"] = 1
    document["cluster"]["hosts"][0]["roles"] = ["node", "king"]
    document["cluster"]["managed"] = "yes"
    del document["topology"]["filters"][0]["rules"][1]["peer"]
    text = refusal(json.dumps(document))
    for part in (
        "'cloudguard/snapshot/v9'",
        "extra: no such field",
        "cluster.hosts[0].roles[1]: ",
        "cluster.managed: ",
        "topology.filters[0].rules[1].peer: missing",
    ):
        assert part in text


def test_faults_beyond_twenty_are_counted() -> None:
    document: Document = json.loads(snapshot_file.dump(WHOLE))
    document |= {f"extra{number}": 0 for number in range(25)}
    text = refusal(json.dumps(document))
    assert text.count("no such field") == MOST_FAULTS
    assert "and 5 more" in text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (TEXT[: len(TEXT) // 2], "damaged or cut short"),
        ("", "is empty"),
        ("  \n", "is empty"),
        ("[1, 2]", "is not a cloudguard snapshot"),
        ('{"schema": "cloudguard/report/v1"}', "'cloudguard/report/v1'"),
        (TEXT + "{", "damaged or cut short"),
        (TEXT.replace("10.0.0.10", "10.0.0.300"), "10.0.0.300"),
        (TEXT.replace("10.0.0.0/16", "10.0.0.1/16"), "host bits"),
        (TEXT.replace("tcp/6443", "tcp/66443"), "66443"),
    ],
    ids=["cut short", "empty", "blank", "list", "report", "trailing", "address", "host bits", "port"],
)
def test_a_wrong_file_is_refused(text: str, message: str) -> None:
    assert message in refusal(text)


def test_bytes_that_are_not_utf_8_are_refused() -> None:
    text = refusal(snapshot_file.dump(WHOLE).encode().replace(b'"prod"', b'"pr\xffod"'))
    assert "not UTF-8" in text
    assert "0xff" in text


@pytest.mark.parametrize("junk", [b"\0", b"x", b"[", b"{}", b'"', b"0,"], ids=repr)
def test_a_hundred_megabytes_of_garbage_are_refused(junk: bytes) -> None:
    garbage = junk * (100_000_000 // len(junk))
    assert "is not a cloudguard snapshot" in refusal(garbage)


LISTENER = Listener(
    "l-1",
    ServiceSet.parse("tcp/70"),
    (BackendTarget("m-1", AddressSet.parse("10.0.9.1"), ServiceSet.parse("tcp/71")),),
    ClientAddress.REPLACED,
    sample.READ,
    port_ranges=ServiceSet.parse("tcp/72-79"),
)
EVERYTHING = replace(
    WHOLE,
    cluster=replace(
        WHOLE.cluster,
        pod_ranges=AddressSet.parse("10.1.0.0/16"),
        disks=(replace(WHOLE.cluster.disks[0], etcd_evidence=sample.TAGGED, etcd_cluster="main"),),
    ),
    topology=replace(
        WHOLE.topology,
        address_lists=(
            AddressList("a-1", "offices", address_sets("10.2.0.0/17", "10.2.128.0/17"), known=True, source=sample.READ),
        ),
        balancers=(balancer("b-1", "tcp/443", ()), replace(balancer("b-2", "tcp/443", ()), listeners=(LISTENER,))),
        endpoints=(managed_endpoint("10.3.0.0/16", "list:a-1"),),
        external_members=(
            Interface(
                "i-1",
                "seg-1",
                address_sets("10.4.0.5", "10.4.1.0/28", "fd00::1"),
                sample.READ,
                address_sets("192.0.2.5"),
            ),
        ),
        outbound_addresses=AddressSet.of(("192.0.2.6", "192.0.2.7")),
        subnets=(
            subnet(
                "s-1",
                ("10.5.0.0/16", "fd00:5::/64"),
                ("10.6.0.0/16", NextHop.VPN, "v"),
                ("list:a-1", NextHop.PEER, "p"),
            ),
        ),
    ),
)


def test_sets_are_written_as_text_and_read_back() -> None:
    text = snapshot_file.dump(EVERYTHING)
    assert snapshot_file.load(text, "prod.json") == EVERYTHING
    assert snapshot_file.dump(snapshot_file.load(text, "prod.json")) == text
    topology = json.loads(text)["topology"]
    assert topology["filters"][0]["rules"][0]["services"] == "tcp/6443"
    assert topology["filters"][0]["rules"][0]["peer"] == {"kind": "range", "value": "0.0.0.0/0"}
    assert topology["external_members"][0]["addresses"] == ["10.4.0.5", "10.4.1.0/28", "fd00::1"]
    assert topology["outbound_addresses"] == ["192.0.2.6/31"]
    assert [route["destination"] for route in topology["subnets"][0]["routes"]] == ["10.6.0.0/16", ""]


@pytest.mark.parametrize("addresses", [(), ("10.0.0.0/8", "192.0.2.0/24", "fd00::/8")])
def test_a_peer_of_any_number_of_ranges_is_read_back(addresses: tuple[str, ...]) -> None:
    first, *rest = WHOLE.topology.filters
    rule = replace(first.rules[0], peer=Peer(AddressSet.of(addresses)))
    snapshot = replace(WHOLE, topology=replace(WHOLE.topology, filters=(replace(first, rules=(rule,)), *rest)))
    assert snapshot_file.load(snapshot_file.dump(snapshot), "prod.json") == snapshot


@pytest.mark.parametrize(
    ("text", "wrong", "place"),
    [
        ("tcp/6443", "tcp/66443", "topology.filters[0].rules[0].services"),
        ("tcp/70", "tcp/70000", "topology.balancers[1].listeners[0].service"),
        ("tcp/71", "tcp/70001", "topology.balancers[1].listeners[0].targets[0].service"),
        ("tcp/72-79", "tcp/79-72", "topology.balancers[1].listeners[0].port_ranges"),
        ("10.0.9.1", "10.0.9.300", "topology.balancers[1].listeners[0].targets[0].address"),
        ("10.0.0.10", "10.0.0.300", "cluster.hosts[0].interfaces[0].addresses[0]"),
        ("198.51.100.10", "198.51.100.300", "cluster.hosts[0].interfaces[0].public[0]"),
        ("10.0.0.0/16", "10.0.0.1/16", "topology.networks[0].ranges"),
        ("10.1.0.0/16", "10.1.0.0/40", "cluster.pod_ranges"),
        ("10.2.128.0/17", "10.2.128.0/40", "topology.address_lists[0].ranges[1]"),
        ("10.3.0.0/16", "10.3.0.0/40", "topology.endpoints[0].public_ranges"),
        ("10.4.1.0/28", "10.4.1.1/28", "topology.external_members[0].addresses[1]"),
        ("192.0.2.6/31", "192.0.2.7/31", "topology.outbound_addresses"),
        ("fd00:5::/64", "fd00:5::/164", "topology.subnets[0].ranges"),
        ("10.6.0.0/16", "10.6.0.0/x", "topology.subnets[0].routes[0].destination"),
        ("0.0.0.0/0", "0.0.0.0/", "topology.filters[0].rules[0].peer"),
        ('"f-masters"\n', '""\n', "topology.filters[1].rules[0].peer"),
    ],
)
def test_a_wrong_address_or_service_is_a_fault_with_its_path(text: str, wrong: str, place: str) -> None:
    dumped = snapshot_file.dump(EVERYTHING)
    assert text in dumped
    assert f"{place}: " in refusal(dumped.replace(text, wrong))


def test_a_file_of_the_former_schema_is_read() -> None:
    document: Document = json.loads(snapshot_file.dump(EVERYTHING))
    topology, document["schema"] = document["topology"], "cloudguard/snapshot/v1"
    for route in topology["subnets"][0]["routes"]:
        route["destination"] = route.pop("address_list") or route["destination"]
    topology["endpoints"][0]["public_ranges"] += topology["endpoints"][0].pop("public_lists")
    for one in topology["balancers"]:
        del one["listeners"][0]["port_ranges"]
    topology["balancers"][1]["listeners"][0]["service"] = "tcp/70,tcp/72-79"
    listener = replace(LISTENER, service=ServiceSet.parse("tcp/70,tcp/72-79"))
    balancers = (EVERYTHING.topology.balancers[0], replace(EVERYTHING.topology.balancers[1], listeners=(listener,)))
    cluster = document["cluster"]
    for host in cluster["hosts"]:
        host["evidence"] = [item["text"] for item in host.pop("role_evidence")]
    del cluster["disks"][0]["etcd_cluster"]
    cluster["disks"][0]["holds_etcd"] = cluster["disks"][0].pop("etcd_evidence")["text"]
    evidence = RoleEvidence(EvidenceKind.UNKNOWN, sample.TAGGED.text, Strength.WEAK)
    wanted = replace(
        EVERYTHING,
        topology=replace(EVERYTHING.topology, balancers=balancers),
        cluster=replace(
            EVERYTHING.cluster,
            hosts=tuple(replace(host, role_evidence=(evidence,)) for host in EVERYTHING.cluster.hosts),
            disks=(replace(EVERYTHING.cluster.disks[0], etcd_evidence=evidence, etcd_cluster=""),),
        ),
    )
    topology["segments"], topology["strangers"] = topology.pop("subnets"), topology.pop("external_members")
    topology["strangers"][0]["segment"] = topology["strangers"][0].pop("subnet")
    snapshot = snapshot_file.load(json.dumps(document), "prod.json")
    assert replace(snapshot, gaps=EVERYTHING.gaps) == wanted
    assert [gap.resource for gap in snapshot.gaps if gap.reason is Reason.NOT_ASKED] == ["cluster.disks.etcd_cluster"]


@pytest.mark.parametrize(
    ("place", "field", "kind"),
    [
        ("cluster", "pod_ranges", FactKind.HOSTS),
        ("cluster/hosts/0", "metadata", FactKind.HOSTS),
        ("cluster/disks/0", "snapshots", FactKind.DISKS),
        ("topology", "external_members", FactKind.MEMBERS),
        ("topology/subnets/0", "inspected", FactKind.ROUTES),
        ("topology/balancers/0", "published", FactKind.BALANCERS),
        ("identities", "unread_limits", FactKind.IDENTITIES),
    ],
)
def test_a_missing_field_of_an_older_file_is_a_gap_not_asked(place: str, field: str, kind: FactKind) -> None:
    document: Document = json.loads(snapshot_file.dump(EVERYTHING))
    holder: Any = document
    for step in place.split("/"):
        holder = holder[int(step)] if step.isdigit() else holder[step]
    del holder[field]
    [gap] = [gap for gap in snapshot_file.load(json.dumps(document), "x").gaps if gap.reason is Reason.NOT_ASKED]
    assert gap.resource == ".".join(step for step in (*place.split("/"), field) if not step.isdigit())
    assert kind in gap.hides


def test_fields_without_a_fact_may_be_missing() -> None:
    document: Document = json.loads(snapshot_file.dump(EVERYTHING))
    for host in document["cluster"]["hosts"]:
        del host["pool"]
    del document["asked"]
    assert snapshot_file.load(json.dumps(document), "x").gaps == EVERYTHING.gaps


def test_evidence_of_the_wrong_type_in_a_former_file_is_a_fault() -> None:
    document: Document = json.loads(TEXT) | {"schema": "cloudguard/snapshot/v1"}
    document["cluster"]["hosts"][0]["evidence"] = 7
    assert "cluster.hosts[0].role_evidence[0].text: " in refusal(json.dumps(document))


def test_a_note_in_an_older_file_becomes_written_by() -> None:
    document: Document = json.loads(TEXT)
    filters = document["topology"]["filters"]
    for filter_ in (*filters, *(rule for guard in filters for rule in guard["rules"])):
        del filter_["written_by"]
        filter_["note"] = ""
    filters[0]["note"] = "change the Service"
    snapshot = snapshot_file.load(json.dumps(document), "old.json")
    writers = [guard.written_by for guard in snapshot.topology.filters]
    assert [writer.instead for writer in writers if writer] == ["change the Service"]
    assert snapshot.gaps == snapshot_file.load(TEXT, "new.json").gaps


def test_pairs_that_trust_policies_show_are_left_out_of_an_older_file() -> None:
    document: Document = json.loads(TEXT)
    document["identities"]["admitted"] = [["n:p:role::1:role/a", "n:p:role::1:role/b"]]
    assert snapshot_file.load(json.dumps(document), "old.json") == WHOLE
