"""Patches have the fields and types of their documents' schemas, and set the values that the change leaves."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from builders import NODE, SOURCE, WORLD, group, host, managed_endpoint, snapshot
from cloudguard.model.cluster import Disk, Pool
from cloudguard.model.filters import Direction
from cloudguard.model.owner import Owner
from cloudguard.model.snapshot import Snapshot
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.provider.ownership.changes import SnapshotOwners
from cloudguard.provider.ownership.facts import Edited, OwnerFacts, Place, owner_facts
from cloudguard.provider.ownership.patches import source
from cloudguard.results.change import (
    AttributeEdit,
    Change,
    ListEdit,
    PeerOf,
    Resource,
    RuleEdit,
    RuleOp,
    RulePeer,
    RuleTraffic,
)

FIELDS: Mapping[str, Any] = tomllib.loads(
    (Path(__file__).parents[2] / "support" / "owner_fields.toml").read_text(encoding="utf-8")
)
OFFICE = "198.51.100.0/24"
NAMES = {
    "cluster": "prod",
    "stack": "net\nwork: {}",
    "logical_id": "Nodes",
    "instance_group": "nodes-a",
    "etcd": "main",
    "member": "a",
    "namespace": "shop",
    "service": "web",
    "node_class": "default",
    "rule": "AllowSSH",
}
ALTERNATIVES = {
    "role": ("node", "controlplane", "apiserver-lb", "bastion"),
    "kind": ("ssh-external-to-node", "https-api", "nodeport-external-to-node", "cluster"),
    "rule": ("AllowSSH", "AllowKubernetesAPI", "AllowNodePortTCP"),
    "ingress": ("web",),
}
"""Values of the names that decide the place of an edit."""


def places() -> Iterator[tuple[str, OwnerFacts, Place]]:
    """Yield each place of every provider that has a patch."""
    for cloud in ("aws", "azure", "gcp"):
        for facts in owner_facts(f"cloudguard_{cloud}").values():
            yield from ((cloud, facts, place) for place in facts.places if place.patch)


PLACES = {f"{cloud} {facts.id} {place.where}": (cloud, facts, place) for cloud, facts, place in places()}


def names_for(place: Place) -> tuple[tuple[str, str], ...]:
    """Return the names of an owner with which an edit has this place."""
    found = dict(NAMES)
    if "ingress" in place.named:
        del found["service"]
    for name, pattern in place.named.items():
        values = ALTERNATIVES.get(name, (NAMES.get(name, ""),))
        found[name] = next(value for value in values if pattern.fullmatch(value))
    if "role" not in place.named and "role" not in found:
        found["role"] = "node"
    found.setdefault("kind", "cluster")
    return tuple(found.items())


def snapshot_and_change(facts: OwnerFacts, place: Place) -> tuple[Snapshot, Change]:
    """Return a snapshot where an owner writes the resource edited at a place, and the change to that resource."""
    owner = Owner(facts.id, facts.who, names=names_for(place))
    guard = group("nodes", ("tcp/22", WORLD), closed=True)
    services = next(iter(str(place.services or ServiceSet.parse("tcp/22")).split(",")))
    rule = replace(guard.rules[0], services=ServiceSet.parse(services), written_by=owner, target_groups=("tag/prod",))
    guard = replace(guard, rules=(rule,), written_by=owner)
    worker = replace(host("n", NODE, "nodes"), written_by=owner)
    pool = Pool("p", "p", NODE, (), (), (), (), worker.source, written_by=owner)
    endpoint = replace(managed_endpoint(WORLD), written_by=owner)
    found = snapshot([worker], [guard], endpoints=(endpoint,), pools=(pool,))
    disk = Disk("d", "d", "n", "/dev/x", encrypted=False, key="", source=SOURCE, written_by=owner)
    found = replace(found, cluster=replace(found.cluster, disks=(disk,)))
    return found, _change(next(iter(place.of)), rule.id, rule.services, services)


def _change(edited: Edited, rule: str, services: ServiceSet, text: str) -> Change:
    office, everyone = RulePeer(PeerOf.RANGE, OFFICE), RulePeer(PeerOf.RANGE, WORLD)
    match edited:
        case Edited.RULE:
            before = RuleTraffic(Direction.INGRESS, services, everyone)
            edit = RuleEdit(RuleOp.MODIFY, rule, before, replace(before, peer=office))
            return Change("c", "row", "rule.narrow", Resource("filter", "nodes"), (edit,), rule)
        case Edited.ENDPOINT:
            lists = ListEdit("public ranges", text, (everyone,), (office,))
            return Change("c", "row", "endpoint.restrict", Resource("endpoint", "api"), (lists,))
        case Edited.METADATA:
            on = AttributeEdit("metadata service", "", "", (Resource("host", "n"),))
            return Change("c", "row", "metadata.restrict", Resource("identity", "i"), (on,))
        case Edited.NEXT_DISKS:
            return Change("c", "row", "pool.encrypt", Resource("pool", "p"), (AttributeEdit("disks", "", ""),))
        case _:
            return Change("c", "row", "disk.encrypt", Resource("disk", "d"), ())


def faults(value: object, declared: object, path: str) -> Iterator[str]:
    """Yield the parts of a value that do not fit the declaration of its source."""
    if isinstance(declared, Mapping):
        if not isinstance(value, Mapping):
            yield f"{path}: no object"
            return
        known = cast("Mapping[str, object]", declared)
        for key, item in cast("Mapping[str, object]", value).items():
            if key in known:
                yield from faults(item, known[key], f"{path}.{key}")
            else:
                yield f"{path}.{key}: no such field"
    elif isinstance(declared, Sequence) and not isinstance(declared, str):
        if not isinstance(value, list):
            yield f"{path}: no list"
            return
        for item in cast("list[object]", value):
            yield from faults(item, cast("Sequence[object]", declared)[0], f"{path}[]")
    elif not _is(value, str(declared)):
        yield f"{path}: {value!r} is no {declared}"


def _is(value: object, kind: str) -> bool:
    if kind.startswith("["):
        return isinstance(value, list) and all(_is(item, kind[1:-1]) for item in cast("list[object]", value))
    if kind.startswith("{"):
        return value in kind[1:-1].split("|")
    if kind == "truth value":
        return isinstance(value, bool)
    return isinstance(value, int) and not isinstance(value, bool) if kind == "whole number" else isinstance(value, str)


def declared_of(document: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return the values that a document sets, and the fields of its kind."""
    if "Resources" in document:
        (item,) = document["Resources"].values()
        return item["Properties"], FIELDS[item["Type"]]
    kind = FIELDS[f"{document['apiVersion']} {document['kind']}"]
    return {key: value for key, value in document.items() if key not in {"apiVersion", "kind"}}, kind


@pytest.mark.parametrize("name", PLACES)
def test_a_patch_has_the_fields_and_types_of_its_document(name: str) -> None:
    _, facts, place = PLACES[name]
    found, change = snapshot_and_change(facts, place)
    (resource,) = SnapshotOwners(found).owned(change)
    assert resource.owner.id == facts.id
    text = source(found, [change], {facts.id: replace(facts, places=(place,))})
    (document,) = yaml.safe_load_all(text)
    assert document is not None, text
    value, declared = declared_of(document)
    assert list(faults(value, declared, "")) == []
    assert declared["source"]
    if Edited.RULE in place.of or Edited.ENDPOINT in place.of:
        assert OFFICE in text
        assert WORLD not in text


def test_a_hostile_name_stays_on_its_line_of_the_patch() -> None:
    """A hostile stack name does not end a comment and is not read as YAML."""
    (name,) = [one for one in PLACES if "cloudformation stack {stack}: resource {logical_id}, SecurityGroup" in one]
    _, facts, place = PLACES[name]
    found, change = snapshot_and_change(facts, place)
    text = source(found, [change], {facts.id: facts})
    assert re.search(r"^# .*net\?work: \{\}", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("peer", "words"),
    [
        (RulePeer(PeerOf.GROUP, "sg-1"), "accepts only ranges, not sg-1"),
        (RulePeer(PeerOf.ADMINISTRATORS), "first set --admin-cidr"),
    ],
)
def test_a_patch_says_which_peer_its_field_cannot_express(peer: RulePeer, words: str) -> None:
    facts = owner_facts("cloudguard_aws")["kops"]
    place = next(place for place in facts.places if place.where.endswith("spec.sshAccess"))
    found, change = snapshot_and_change(facts, place)
    (edit,) = change.edits
    assert isinstance(edit, RuleEdit)
    assert edit.after
    change = replace(change, edits=(replace(edit, after=replace(edit.after, peer=peer)),))
    text = source(found, [change], {"kops": facts})
    assert words in text
    assert list(yaml.safe_load_all(text)) in ([], [None])


def test_a_field_for_two_rules_is_set_once_and_only_if_both_change() -> None:
    facts = owner_facts("cloudguard_aws")["kops"]
    place = next(place for place in facts.places if place.where.endswith("spec.sshAccess"))
    found, change = snapshot_and_change(facts, place)
    other = replace(found.topology.filters[0], id="masters", name="masters")
    found = replace(found, topology=replace(found.topology, filters=(*found.topology.filters, other)))
    assert "also writes another rule" in source(found, [change], {"kops": facts})
    both = [change, replace(change, id="d", resource=Resource("filter", "masters"))]
    (document,) = yaml.safe_load_all(source(found, both, {"kops": facts}))
    assert document["spec"] == {"sshAccess": [OFFICE]}


@pytest.mark.parametrize(
    ("owner", "where", "empty"),
    [
        ("kops", "spec.sshAccess", True),
        ("capa", "spec.network.nodePortIngressRuleCidrBlocks", False),
        ("capa", "spec.bastion.allowedCIDRBlocks", False),
        ("capa", "spec.controlPlaneLoadBalancer.ingressRules", False),
        ("capa", "spec.network.additionalNodeIngressRules", True),
        ("load-balancer-controller", "spec.loadBalancerSourceRanges", False),
        ("cloudformation", "SecurityGroupIngress", True),
    ],
)
def test_a_list_is_emptied_only_if_an_empty_list_lets_in_nobody(owner: str, where: str, *, empty: bool) -> None:
    facts = owner_facts("cloudguard_aws")[owner]
    place = next(place for place in facts.places if where in place.where)
    found, change = snapshot_and_change(facts, place)
    (edit,) = change.edits
    assert isinstance(edit, RuleEdit)
    change = replace(change, edits=(replace(edit, op=RuleOp.REMOVE, after=None),))
    text = source(found, [change], {owner: replace(facts, places=(place,))})
    assert ("would empty its field" in text) is not empty
    assert ("[]" in text) is empty


def test_a_field_with_fixed_ports_cannot_express_fewer_ports() -> None:
    facts = owner_facts("cloudguard_aws")["capa"]
    place = next(place for place in facts.places if "nodePortIngressRuleCidrBlocks" in place.where)
    found, change = snapshot_and_change(facts, place)
    (edit,) = change.edits
    assert isinstance(edit, RuleEdit)
    assert edit.after
    fewer = replace(edit.after, services=ServiceSet.parse("tcp/31000"))
    text = source(found, [replace(change, edits=(replace(edit, after=fewer),))], {"capa": facts})
    assert "its field accepts no ports: it always means tcp/30000-32767" in text


def test_a_rule_written_by_a_person_has_no_source() -> None:
    facts = snapshot([host("n", NODE, "nodes")], [group("nodes", ("tcp/22", WORLD))])
    change = Change("c", "row", "rule.remove", Resource("filter", "nodes"), (), "nodes-0")
    assert "no program is known to write it" in source(facts, [change], {})
