"""cloud-api-access: what may the cluster's cloud identities do that Kubernetes does not need."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import NODE, SOURCE, host, snapshot
from cloudguard.model.identity import Condition, Identities, Identity, PolicyKind, Statement
from cloudguard.model.source import FactKind, Gap, Reason
from cloudguard.needs.declarations import Declarations
from cloudguard.results.change import DocumentEdit, StatementFate
from cloudguard.results.finding import Severity
from cloudguard.results.hop import HopKind
from cloudguard.results.report import Verdict
from cloudguard.rows.judge import judge
from drawn_policies import PlainDocuments
from identities import (
    BUCKET,
    NEED,
    OWN,
    ROLE,
    VOLUMES,
    account,
    allow,
    changes,
    deny,
    document,
    known,
    only,
    part,
    row,
    told,
)


def test_what_is_needed_is_no_finding() -> None:
    found = row(account(document(*NEED.statements)))
    assert (found.verdict, found.findings, found.unknown) == (Verdict.PASS, (), ())
    assert found.why == "no identity is granted more than it needs, by 1"


@pytest.mark.parametrize("granted", [(allow("*"),), (allow("*"), deny("*", on=BUCKET)), (allow("role:*"),)])
def test_who_can_give_itself_everything_is_an_administrator(granted: tuple[Statement, ...]) -> None:
    made = account(document(*granted))
    found = row(made)
    assert told(found) == {"administrator": Severity.CRITICAL}
    finding = only(found, "cloud-api-access/administrator")
    assert finding.message.startswith("masters (control-plane) ")
    assert finding.witness.summary == f"role:Assume on {ROLE}"
    assert [(hop.kind, hop.name, hop.rule) for hop in finding.witness.path] == [(HopKind.STATEMENT, "p", "#1")]
    assert finding.evidence[0].rule == "p/#1"
    assert (finding.hosts, finding.resource.id) == (("cp",), ROLE)
    (change,) = changes(made)
    assert (change.kind, change.proved, finding.changes) == ("permission.narrow", True, (change.id,))
    (edit,) = change.edits
    assert isinstance(edit, DocumentEdit)
    gone = [one for one in edit.changes if one.fate in {StatementFate.NARROW, StatementFate.DROP}]
    assert [(one.policy, one.statement) for one in gone] == [("p", granted[0])]
    assert [(one.actions, one.resources) for one in edit.statements] == [
        (("disk:DescribeVolumes",), ("*",)),
        (("disk:DeleteVolume",), (VOLUMES,)),
    ]
    assert PlainDocuments().read(edit.documents[0])


def test_who_is_as_good_as_everything_and_who_is_not() -> None:
    everything = only(row(account(document(allow("*")))), "cloud-api-access/administrator").message
    assert everything == "masters (control-plane) is an administrator: almost every action is allowed, by p"
    itself = only(row(account(document(allow("role:*")))), "cloud-api-access/administrator").message
    assert itself == "masters (control-plane) can make itself an administrator: it becomes whoever it likes"


def test_a_way_up_must_reach_the_identity_itself_without_a_condition() -> None:
    elsewhere = allow("role:Assume", on=("n:p:role::1:role/other",))
    assert told(row(account(document(elsewhere)))) == {"outside": Severity.HIGH}
    bound = allow("role:Assume", when=(Condition("StringEquals", "x", ("y",)),))
    assert told(row(account(document(bound)))) == {"outside": Severity.HIGH}
    itself = allow("role:Assume", on=(ROLE,))
    assert told(row(account(document(itself)))) == {"administrator": Severity.CRITICAL}


def test_passing_any_role_where_it_is_used_is_an_escalation() -> None:
    passing = document(
        allow("role:PassRole", when=(Condition("StringEquals", "to", ("disk",)),)), allow("disk:CreateVolume")
    )
    finding = only(row(account(passing)), "cloud-api-access/escalation")
    assert finding.severity is Severity.CRITICAL
    assert "role:PassRole on n:p:role::1:role/any" in finding.witness.summary
    assert ("escalation path pass", "passes any role (a book)") in finding.witness.facts
    one = document(allow("role:PassRole", on=("n:p:role::1:role/nodes",)), allow("disk:CreateVolume"))
    assert told(row(account(one))) == {"outside": Severity.HIGH}
    half = document(allow("role:PassRole"))
    assert told(row(account(half))) == {"outside": Severity.HIGH}


def test_a_role_that_can_be_passed_and_is_the_clusters_is_enough() -> None:
    one = document(allow("role:PassRole", on=("n:p:role::1:role/nodes",)), allow("disk:CreateVolume"))
    made = account(one)
    other = Identity("n:p:role::1:role/nodes", "nodes", ("node",), (), SOURCE)
    both = replace(made.identities, identities=(*made.identities.identities, other))
    assert told(row(replace(made, identities=both)))["escalation"] is Severity.CRITICAL


def test_a_way_up_that_is_needed_whole_is_advice() -> None:
    passing = (allow("role:PassRole"), allow("disk:CreateVolume"))
    found = row(account(document(*passing)), known(part(*passing)))
    assert (found.verdict, told(found)) == (Verdict.PASS, {})
    assert only(found, "cloud-api-access/escalation").severity is Severity.LOW


def test_what_is_written_or_read_beyond_need_is_high_outside_the_cluster_and_medium_inside() -> None:
    outside = row(account(document(*NEED.statements, allow("disk:DeleteVolume", "store:GetObject", label="wide"))))
    assert told(outside) == {"outside": Severity.HIGH}
    finding = only(outside, "cloud-api-access/outside")
    assert "may use disk:DeleteVolume, store:GetObject on resources outside the cluster" in finding.message
    assert finding.witness.summary == "store:GetObject on n:p:store:::any/any"
    assert finding.evidence[0].rule == "p/wide"
    inside = row(account(document(*NEED.statements, allow("store:PutObject", when=(OWN,)))))
    assert told(inside) == {"inside": Severity.MEDIUM}
    assert (
        only(inside, "cloud-api-access/inside").witness.summary
        == "store:PutObject on n:p:store:::any/any with tag prod"
    )
    listing = row(account(document(*NEED.statements, allow("store:ListAll"))))
    assert (listing.verdict, told(listing)) == (Verdict.PASS, {})
    assert only(listing, "cloud-api-access/listing").message == (
        "masters (control-plane) may use store:ListAll, and does not need to"
    )


def test_a_witness_is_of_an_action_that_opens_a_way_up_if_one_does() -> None:
    found = row(account(document(allow("disk:*"))))
    assert only(found, "cloud-api-access/outside").witness.summary.startswith("disk:CreateSnapshot on ")


def test_what_the_provider_insists_on_is_advice() -> None:
    wide = document(*NEED.statements, allow("store:*"), name="managed", by="provider")
    insisted = known(NEED, provider_mandated=(("control-plane", "managed"),))
    found = row(account(wide), insisted)
    assert (found.verdict, told(found)) == (Verdict.PASS, {})
    assert only(found, "cloud-api-access/imposed").severity is Severity.LOW
    both = row(account(wide, document(allow("store:PutObject"))), insisted)
    assert told(both) == {"outside": Severity.HIGH}
    assert "may use store:PutObject on" in only(both, "cloud-api-access/outside").message
    other = known(NEED, provider_mandated=(("node", "managed"),))
    assert told(row(account(wide), other)) == {"outside": Severity.HIGH}


def test_what_is_missing_or_idle_fails_nothing() -> None:
    nowhere = allow("store:PutObject", on=("n:p:disk:::x",), label="nowhere")
    found = row(account(document(NEED.statements[0], nowhere)))
    assert (found.verdict, told(found)) == (Verdict.PASS, {})
    missing = only(found, "cloud-api-access/missing")
    assert missing.message == "masters (control-plane) lacks disk:DeleteVolume, which it may need"
    assert missing.evidence[0].fact == "compared with what part needs"
    assert only(found, "cloud-api-access/idle").message == (
        "p/nowhere of masters (control-plane) can match no request: what it names does not exist"
    )


def test_a_deny_and_a_boundary_take_what_they_take_and_no_more() -> None:
    wide = allow("*")
    shut = row(account(document(wide, deny("role:*", "store:*", "disk:Create*", "disk:ListRegions"))))
    assert told(shut) == {"outside": Severity.HIGH}
    within = document(*NEED.statements, name="edge", kind=PolicyKind.BOUNDARY)
    assert row(account(document(wide), within)).verdict is Verdict.PASS
    elsewhere = deny("disk:DeleteVolume", on=("n:p:store:*:*:*",))
    assert told(row(account(document(allow("disk:DeleteVolume"), elsewhere)))) == {"outside": Severity.HIGH}


def test_limits_of_the_account_bound_it_and_those_not_read_leave_it_open() -> None:
    wide, limit = document(allow("*")), document(*NEED.statements, name="limit", kind=PolicyKind.ORGANIZATION_LIMIT)
    assert row(account(wide, limit, organization_limits=(("limit",),))).verdict is Verdict.PASS
    found = row(account(wide, organization_limits=(("unread",),)))
    assert found.verdict is Verdict.UNKNOWN
    assert "unread limits the account and was not read" in found.unknown[0]
    unseen = row(account(document(*NEED.statements), unread_limits="denied"))
    assert (unseen.verdict, unseen.why.endswith("organization limits were not read: denied")) == (Verdict.PASS, True)
    assert told(row(account(wide, unread_limits="denied"))) == {"administrator": Severity.CRITICAL}


def test_what_a_resource_allows_an_identity_counts() -> None:
    given = document(allow("store:GetObject", on=BUCKET), name="bucket", kind=PolicyKind.RESOURCE)
    assert told(row(account(given))) == {"outside": Severity.HIGH}


def test_a_doubt_leaves_the_row_open_and_is_named() -> None:
    doubtful = allow("store:GetObject", on=("n:p:store:::${who}/*",))
    found = row(account(document(doubtful)))
    assert (found.verdict, told(found)) == (Verdict.UNKNOWN, {})
    assert found.unknown[0].startswith(
        "whether masters (control-plane) is granted more than it needs is undecided: which "
    )
    sure = row(account(document(doubtful, allow("store:PutObject"))))
    assert (sure.verdict, sure.unknown) == (Verdict.FAIL, ())


def test_an_identity_that_was_not_read_whole_is_no_pass() -> None:
    partial = row(account(document(*NEED.statements), complete=False))
    assert (partial.verdict, told(partial)) == (Verdict.UNKNOWN, {})
    assert partial.unknown[0] == "some policy of masters could not be read"
    made = account(document(*NEED.statements))
    gone = replace(made.identities, policies=())
    assert row(replace(made, identities=gone)).verdict is Verdict.UNKNOWN
    nobody = row(replace(made, identities=Identities()))
    assert (nobody.verdict, nobody.unknown) == (Verdict.UNKNOWN, (f"the identity {ROLE} was not read",))


def test_an_identity_of_unknown_role_is_open_and_says_how_to_tell() -> None:
    made = account(document(allow("*")))
    identity = replace(made.identities.identities[0], roles=())
    found = row(replace(made, identities=replace(made.identities, identities=(identity,))))
    assert found.verdict is Verdict.UNKNOWN
    assert "name the hosts with --control-plane-tag" in found.unknown[0]


def test_without_knowledge_of_permissions_nothing_passes_but_nothing() -> None:
    rows, _ = judge(account(document(allow("disk:DescribeVolumes"))), Declarations())
    assert rows[2].verdict is Verdict.UNKNOWN
    assert rows[2].unknown[0].endswith("judge it where the provider test is installed")
    assert judge(account(), Declarations())[0][2].verdict is Verdict.PASS


def test_no_host_and_no_identity_is_no_pass() -> None:
    assert row(snapshot()).verdict is Verdict.UNKNOWN
    bare = row(snapshot([host("n", NODE)]))
    assert (bare.verdict, bare.why) == (Verdict.PASS, "the cluster's identities are granted nothing")


RESTS_ON = {FactKind.HOSTS, FactKind.POOLS, FactKind.IDENTITIES}


@pytest.mark.parametrize("facet", sorted(FactKind))
def test_what_the_row_rests_on_must_have_been_read(facet: FactKind) -> None:
    gap = Gap("test:Read", "*", Reason.DENIED, "denied", (facet,), "test:read")
    found = row(account(document(*NEED.statements), gaps=(gap,)))
    assert found.verdict is (Verdict.UNKNOWN if facet in RESTS_ON else Verdict.PASS)
