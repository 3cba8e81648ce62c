"""cloud-api-access: permissions of the cluster's cloud identities that Kubernetes does not need."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import NODE, SOURCE, host, snapshot
from cloudguard.model.identity import Condition, Identities, Identity, PolicyKind, Statement
from cloudguard.model.source import FactKind, Gap, Reason
from cloudguard.results.document_edit import DocumentEdit, StatementFate
from cloudguard.results.finding import Severity
from cloudguard.results.hop import HopKind
from cloudguard.results.report import Verdict
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
    finding_of,
    iam_catalog,
    need,
    row,
    severities,
)
from judged import rows_of


def test_an_identity_granted_exactly_its_need_passes() -> None:
    result = row(account(document(*NEED.statements)))
    assert (result.verdict, result.findings, result.unknown) == (Verdict.PASS, (), ())
    assert result.why == "no identity is granted more than it needs"


@pytest.mark.parametrize("granted", [(allow("*"),), (allow("*"), deny("*", on=BUCKET)), (allow("role:*"),)])
def test_an_identity_that_can_grant_itself_everything_is_an_administrator(granted: tuple[Statement, ...]) -> None:
    facts = account(document(*granted))
    result = row(facts)
    assert severities(result) == {"administrator": Severity.CRITICAL}
    finding = finding_of(result, "cloud-api-access/administrator")
    assert finding.message.startswith("masters (control-plane) ")
    assert finding.witness.summary == f"role:Assume on {ROLE}"
    assert [(hop.kind, hop.name, hop.rule) for hop in finding.witness.path] == [(HopKind.STATEMENT, "p", "#1")]
    assert finding.evidence[0].rule == "p/#1"
    assert (finding.hosts, finding.resource.id) == (("cp",), ROLE)
    (change,) = changes(facts)
    assert (change.kind, change.proved, finding.changes) == ("permission.narrow", True, (change.id,))
    (edit,) = change.edits
    assert isinstance(edit, DocumentEdit)
    gone = [change for change in edit.changes if change.fate in {StatementFate.NARROW, StatementFate.DROP}]
    assert [(change.policy, change.statement) for change in gone] == [("p", granted[0])]
    assert [(statement.actions, statement.resources) for statement in edit.statements] == [
        (("disk:DescribeVolumes",), ("*",)),
        (("disk:DeleteVolume",), (VOLUMES,)),
    ]
    assert PlainDocuments().read(edit.documents[0])


def test_messages_distinguish_administrators_from_possible_ones() -> None:
    everything = finding_of(row(account(document(allow("*")))), "cloud-api-access/administrator").message
    assert everything == "masters (control-plane) is an administrator: almost every action is allowed, by p"
    itself = finding_of(row(account(document(allow("role:*")))), "cloud-api-access/administrator").message
    assert itself == "masters (control-plane) can make itself an administrator: it becomes whoever it likes"


def test_an_escalation_path_on_its_own_identity_must_reach_it_unconditionally() -> None:
    elsewhere = allow("role:Assume", on=("n:p:role::1:role/other",))
    assert severities(row(account(document(elsewhere)))) == {"outside": Severity.HIGH}
    bound = allow("role:Assume", when=(Condition("StringEquals", "x", ("y",)),))
    assert severities(row(account(document(bound)))) == {"outside": Severity.HIGH}
    itself = allow("role:Assume", on=(ROLE,))
    assert severities(row(account(document(itself)))) == {"administrator": Severity.CRITICAL}


def test_passing_any_role_to_a_service_is_an_escalation() -> None:
    passing = document(
        allow("role:PassRole", when=(Condition("StringEquals", "to", ("disk",)),)), allow("disk:CreateVolume")
    )
    finding = finding_of(row(account(passing)), "cloud-api-access/escalation")
    assert finding.severity is Severity.CRITICAL
    assert "role:PassRole on n:p:role::1:role/any" in finding.witness.summary
    assert ("escalation path pass", "passes any role (a book)") in finding.witness.facts
    policy = document(allow("role:PassRole", on=("n:p:role::1:role/nodes",)), allow("disk:CreateVolume"))
    assert severities(row(account(policy))) == {"outside": Severity.HIGH}
    half = document(allow("role:PassRole"))
    assert severities(row(account(half))) == {"outside": Severity.HIGH}


def test_passing_one_other_role_of_the_cluster_is_enough() -> None:
    policy = document(allow("role:PassRole", on=("n:p:role::1:role/nodes",)), allow("disk:CreateVolume"))
    facts = account(policy)
    other = Identity("n:p:role::1:role/nodes", "nodes", ("node",), (), SOURCE)
    both = replace(facts.identities, identities=(*facts.identities.identities, other))
    assert severities(row(replace(facts, identities=both)))["escalation"] is Severity.CRITICAL


def test_a_needed_escalation_path_is_advice_without_a_change() -> None:
    passing = (allow("role:PassRole"), allow("disk:CreateVolume"))
    result = row(account(document(*passing)), iam_catalog(need(*passing)))
    assert (result.verdict, severities(result)) == (Verdict.PASS, {})
    assert finding_of(result, "cloud-api-access/escalation").severity is Severity.LOW
    more = row(account(document(*passing, allow("store:PutObject"))), iam_catalog(need(*passing)))
    assert finding_of(more, "cloud-api-access/outside").changes
    assert not finding_of(more, "cloud-api-access/escalation").changes


def test_excess_on_data_is_high_outside_the_cluster_and_medium_inside() -> None:
    outside = row(account(document(*NEED.statements, allow("disk:DeleteVolume", "store:GetObject", name="wide"))))
    assert severities(outside) == {"outside": Severity.HIGH}
    finding = finding_of(outside, "cloud-api-access/outside")
    assert "may use disk:DeleteVolume, store:GetObject on resources outside the cluster" in finding.message
    assert finding.witness.summary == "store:GetObject on n:p:store:::any/any"
    assert finding.evidence[0].rule == "p/wide"
    inside = row(account(document(*NEED.statements, allow("store:PutObject", when=(OWN,)))))
    assert severities(inside) == {"inside": Severity.MEDIUM}
    assert (
        finding_of(inside, "cloud-api-access/inside").witness.summary
        == "store:PutObject on n:p:store:::any/any with tag prod"
    )
    listing = row(account(document(*NEED.statements, allow("store:ListAll"))))
    assert (listing.verdict, severities(listing)) == (Verdict.PASS, {})
    assert finding_of(listing, "cloud-api-access/listing").message == (
        "masters (control-plane) may use store:ListAll, and does not need to"
    )


def test_a_witness_prefers_an_action_of_an_escalation_path() -> None:
    result = row(account(document(allow("disk:*"))))
    assert finding_of(result, "cloud-api-access/outside").witness.summary.startswith("disk:CreateSnapshot on ")


def test_excess_by_provider_mandated_policies_is_advice() -> None:
    wide = document(*NEED.statements, allow("store:*"), name="managed", by="provider")
    mandated = iam_catalog(NEED, provider_mandated=(("control-plane", "managed", ""),))
    result = row(account(wide), mandated)
    assert (result.verdict, severities(result)) == (Verdict.PASS, {})
    assert finding_of(result, "cloud-api-access/imposed").severity is Severity.LOW
    both = row(account(wide, document(allow("store:PutObject"))), mandated)
    assert severities(both) == {}, "what the mandated policy grants too cannot be taken away"
    more = row(account(wide, document(allow("role:PassRole"))), mandated)
    assert "may use role:PassRole on" in finding_of(more, "cloud-api-access/outside").message
    other = iam_catalog(NEED, provider_mandated=(("node", "managed", ""),))
    assert severities(row(account(wide), other)) == {"outside": Severity.HIGH}


def test_an_escalation_path_by_a_mandated_policy_is_advice() -> None:
    passing = document(*NEED.statements, allow("role:PassRole", "disk:CreateVolume"), name="managed", by="provider")
    mandated = iam_catalog(NEED, provider_mandated=(("control-plane", "managed", ""),))
    result = row(account(passing), mandated)
    assert finding_of(result, "cloud-api-access/escalation").severity is Severity.LOW
    assert severities(row(account(passing)))["escalation"] is Severity.CRITICAL


def test_missing_permissions_and_idle_statements_are_advice() -> None:
    nowhere = allow("store:PutObject", on=("n:p:disk:::x",), name="nowhere")
    result = row(account(document(NEED.statements[0], nowhere)))
    assert (result.verdict, severities(result)) == (Verdict.PASS, {})
    missing = finding_of(result, "cloud-api-access/missing")
    assert missing.message == "masters (control-plane) lacks disk:DeleteVolume, which it may need"
    assert missing.evidence[0].fact == "compared with these needs: part"
    assert finding_of(result, "cloud-api-access/idle").message == (
        "p/nowhere of masters (control-plane) cannot match any request: "
        "no action applies to a named resource, or a condition never holds"
    )


def test_a_deny_and_a_boundary_reduce_the_excess_exactly() -> None:
    wide = allow("*")
    shut = row(account(document(wide, deny("role:*", "store:*", "disk:Create*", "disk:ListRegions"))))
    assert severities(shut) == {"outside": Severity.HIGH}
    within = document(*NEED.statements, name="edge", kind=PolicyKind.BOUNDARY)
    assert row(account(document(wide), within)).verdict is Verdict.PASS
    elsewhere = deny("disk:DeleteVolume", on=("n:p:store:*:*:*",))
    assert severities(row(account(document(allow("disk:DeleteVolume"), elsewhere)))) == {"outside": Severity.HIGH}


def test_organization_limits_reduce_the_excess_and_unread_ones_leave_it_undecided() -> None:
    wide, limit = document(allow("*")), document(*NEED.statements, name="limit", kind=PolicyKind.ORGANIZATION_LIMIT)
    assert row(account(wide, limit, organization_limits=(("limit",),))).verdict is Verdict.PASS
    result = row(account(wide, organization_limits=(("unread",),)))
    assert result.verdict is Verdict.UNKNOWN
    assert "unread limits the account and was not read" in result.unknown[0]
    unseen = row(account(document(*NEED.statements), unread_limits="denied"))
    assert (unseen.verdict, unseen.why.endswith("organization limits were not read: denied")) == (Verdict.PASS, True)
    assert severities(row(account(wide, unread_limits="denied"))) == {"administrator": Severity.CRITICAL}


def test_a_grant_by_a_resource_policy_counts() -> None:
    given = document(allow("store:GetObject", on=BUCKET), name="bucket", kind=PolicyKind.RESOURCE)
    assert severities(row(account(given))) == {"outside": Severity.HIGH}


def test_an_assumption_leaves_the_row_unknown_and_is_named() -> None:
    uncertain = allow("store:GetObject", on=("n:p:store:::${who}/*",))
    result = row(account(document(uncertain)))
    assert (result.verdict, severities(result)) == (Verdict.UNKNOWN, {})
    assert result.unknown[0].startswith(
        "whether masters (control-plane) is granted more than it needs is undecided: it is unknown which "
    )
    sure = row(account(document(uncertain, allow("store:PutObject"))))
    assert (sure.verdict, sure.unknown) == (Verdict.FAIL, ())


def test_an_identity_with_an_unread_policy_is_unknown() -> None:
    partial = row(account(document(*NEED.statements), complete=False))
    assert (partial.verdict, severities(partial)) == (Verdict.UNKNOWN, {})
    assert partial.unknown[0] == "a policy of masters could not be read"
    facts = account(document(*NEED.statements))
    gone = replace(facts.identities, policies=())
    assert row(replace(facts, identities=gone)).verdict is Verdict.UNKNOWN
    nobody = row(replace(facts, identities=Identities()))
    assert (nobody.verdict, nobody.unknown) == (Verdict.UNKNOWN, (f"the identity {ROLE} was not read",))


def test_an_identity_of_unknown_role_is_unknown_and_names_the_flags() -> None:
    facts = account(document(allow("*")))
    identity = replace(facts.identities.identities[0], roles=())
    result = row(replace(facts, identities=replace(facts.identities, identities=(identity,))))
    assert result.verdict is Verdict.UNKNOWN
    assert "name the hosts with --control-plane-tag" in result.unknown[0]


def test_without_an_iam_catalog_only_an_identity_without_grants_passes() -> None:
    rows = rows_of(account(document(allow("disk:DescribeVolumes"))))
    assert rows["cloud-api-access"].verdict is Verdict.UNKNOWN
    assert rows["cloud-api-access"].unknown[0].endswith("judge the snapshot where the provider test is installed")
    assert rows_of(account())["cloud-api-access"].verdict is Verdict.PASS


def test_a_cluster_without_hosts_and_identities_is_unknown() -> None:
    assert row(snapshot()).verdict is Verdict.UNKNOWN
    bare = row(snapshot([host("n", NODE)]))
    assert (bare.verdict, bare.why) == (Verdict.PASS, "the cluster's identities have no permissions")


RESTS_ON = {FactKind.HOSTS, FactKind.POOLS, FactKind.IDENTITIES}


@pytest.mark.parametrize("facet", sorted(FactKind))
def test_a_gap_in_the_row_s_facts_makes_it_unknown(facet: FactKind) -> None:
    gap = Gap("test:Read", "*", Reason.DENIED, "denied", (facet,), "test:read")
    result = row(account(document(*NEED.statements), gaps=(gap,)))
    assert result.verdict is (Verdict.UNKNOWN if facet in RESTS_ON else Verdict.PASS)
