"""The tables of owners are consistent, and tags and names of resources are only used as text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from builders import NODE, group, host, snapshot
from cloudguard.model.cluster import Pool
from cloudguard.model.owner import Owner
from cloudguard.provider.ownership.changes import with_owners
from cloudguard.provider.ownership.facts import OwnerFacts, Thing, filled, owner_facts
from cloudguard.provider.ownership.signs import Owners
from cloudguard.results.change import AttributeEdit, Change, GroupEdit, PeerOf, Resource, RulePeer
from docs import owners as page

CLOUDS = ("aws", "azure", "gcp")
EVERY = {(cloud, name): facts for cloud in CLOUDS for name, facts in owner_facts(f"cloudguard_{cloud}").items()}
ADDED = {"namespace", "service", "rule"}
"""Names that do not come from a sign alone: of a balancer's Service, of a rule."""
KOPS, CAPA = Owner("kops", "kops", undone="at the next update"), Owner("capa", "Cluster API")


@pytest.mark.parametrize("facts", EVERY.values(), ids=map(" ".join, EVERY))
def test_an_owner_has_a_source_and_places_with_names_that_its_signs_give(facts: OwnerFacts) -> None:
    assert facts.source
    assert facts.who
    patterns = [tag for sign in facts.signs for tag in (*sign.tags, sign.name, sign.description) if tag]
    known = {name: f"<{name}>" for pattern in patterns for name in pattern.groupindex} | dict.fromkeys(ADDED, "")
    for text in (facts.instead, *(place.where for place in facts.places)):
        assert "{" not in filled(text, known)
        assert text
    assert {name for place in facts.places for name in place.named} <= known.keys()


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize(
    "tags", [{}, {"Name": "web"}, {"": ""}, {"kubernetes.io/cluster/": "owned"}, {"a\n": "\x1b[2J"}]
)
def test_a_resource_without_a_sign_has_no_owner(cloud: str, tags: Mapping[str, str]) -> None:
    owners = Owners(f"cloudguard_{cloud}")
    things = {*Thing} - {Thing.ENDPOINT}
    assert {owners.of(thing, "launch-wizard-1", tags) for thing in things} == {None}
    assert owners.of_rule("launch-wizard-1", "") is None


def test_a_tag_s_value_is_kept_as_text() -> None:
    tags = {"aws:cloudformation:stack-name": "{logical_id}\n{stack}", "aws:cloudformation:logical-id": "\\1{stack}"}
    owner = Owners("cloudguard_aws").of(Thing.FILTER, "nodes", tags)
    assert owner is not None
    assert owner.instead == "the template of stack {logical_id}\n{stack}, resource \\1{stack}"


def owners_of(change: Change) -> tuple[str, str]:
    """Return the owners of what a change edits; one host is in a pool of another program, one in none."""
    hosts = [replace(host("n", NODE, "nodes"), pool="p", written_by=CAPA), replace(host("m", NODE), written_by=CAPA)]
    pool = Pool("p", "p", NODE, (), (), (), (), hosts[0].source, written_by=KOPS)
    facts = snapshot(hosts, [group("nodes")])
    facts = replace(facts, cluster=replace(facts.cluster, pools=(pool,)))
    (edit,) = with_owners(facts, [change], {})
    return edit.owner, edit.undone


def change(kind: str, resource: Resource, *edits: AttributeEdit | GroupEdit) -> Change:
    """Return a change of this kind."""
    return Change("c", "row", kind, resource, edits)


IDENTITY = Resource("identity", "i")


@pytest.mark.parametrize(
    ("made", "owners"),
    [
        (change("metadata.restrict", IDENTITY, AttributeEdit("m", "", "", (Resource("host", "n"),))), ("kops",)),
        (change("metadata.restrict", IDENTITY, AttributeEdit("m", "", "", (Resource("host", "m"),))), ("Cluster API",)),
        (
            change(
                "metadata.restrict",
                IDENTITY,
                AttributeEdit("m", "", "", (Resource("host", "m"), Resource("pool", "p"))),
            ),
            ("Cluster API", "kops"),
        ),
        (change("pool.encrypt", Resource("pool", "p"), AttributeEdit("disks", "", "")), ("kops",)),
        (
            change(
                "group.add",
                Resource("group", "new"),
                GroupEdit(RulePeer(PeerOf.NEW_GROUP, "node"), "new", "net", (Resource("pool", "p"),)),
            ),
            ("kops",),
        ),
        (change("trust.narrow", IDENTITY), ()),
        (change("disk.encrypt", Resource("disk", "gone")), ()),
    ],
)
def test_a_host_of_a_pool_has_the_pool_s_owner(made: Change, owners: tuple[str, ...]) -> None:
    found, undone = owners_of(made)
    assert found == "; ".join(owners)
    assert bool(undone) is ("kops" in owners)


def test_the_page_of_owners_is_up_to_date() -> None:
    assert {path: path.read_text(encoding="utf-8") for path in page.pages()} == page.pages(), "run: make docs"
