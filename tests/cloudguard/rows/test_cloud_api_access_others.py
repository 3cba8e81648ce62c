"""cloud-api-access: the choice of needs, conditions on tags, the metadata service, and trust policies."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from builders import CONTROL_PLANE, SAID, SOURCE
from cloudguard.model.cluster import MetadataService, Pool
from cloudguard.model.iam_catalog import Caller, CallerKind
from cloudguard.model.identity import Condition, PolicyKind, ServiceAccountIdentity, Statement
from cloudguard.needs.declarations import Declarations, DeclaredOutsider, DeclaredPermission
from cloudguard.results.finding import Severity
from cloudguard.results.report import RowResult, Verdict
from cloudguard.rows.identity.instance_metadata import MetadataFault, fault_of
from identities import (
    MASTER,
    NEED,
    OWN,
    ROLE,
    SHUT,
    WORKER,
    account,
    allow,
    deny,
    document,
    finding_of,
    iam_catalog,
    need,
    row,
    severities,
)
from trust import WordPrincipals


def test_needs_are_chosen_by_declaration_grant_and_service_account() -> None:
    extra = allow("store:PutObject")
    addon = need(extra, name="backup", addon="backup", service_accounts=("kube-system:backup*",))
    snapshot = account(document(*NEED.statements, extra))
    result = row(snapshot, iam_catalog(NEED, addon))
    assert severities(result) == {"outside": Severity.HIGH}
    assert finding_of(result, "cloud-api-access/outside").advice == (
        'If one of these add-ons runs with this identity, declare it: addons = ["backup"]'
    )
    declared = Declarations(addons=("backup",))
    assert row(snapshot, iam_catalog(NEED, addon), declared).verdict is Verdict.PASS
    permission = DeclaredPermission("control-plane", ("store:PutObject",), ("*",), "uploads")
    assert row(snapshot, iam_catalog(NEED), Declarations(permissions=(permission,))).verdict is Verdict.PASS
    assert (
        row(snapshot, iam_catalog(NEED), Declarations(permissions=(replace(permission, role="node"),))).verdict
        is Verdict.FAIL
    )
    assert row(snapshot, iam_catalog(NEED, replace(addon, implied_by_grant=True))).verdict is Verdict.PASS
    elsewhere = replace(addon, implied_by_grant=True, holders=("node",))
    assert row(snapshot, iam_catalog(NEED, elsewhere)).verdict is Verdict.FAIL
    always = replace(addon, addon="")
    assert row(snapshot, iam_catalog(NEED, always)).verdict is Verdict.PASS
    moved = ServiceAccountIdentity("n:p:role::1:role/backup", "backup", ("kube-system:backup-controller",), "", SOURCE)
    with_own = replace(snapshot, identities=replace(snapshot.identities, service_accounts=(moved,)))
    assert row(with_own, iam_catalog(NEED, always)).verdict is Verdict.FAIL
    unread = row(with_own, iam_catalog(NEED, addon), declared)
    assert (unread.verdict, unread.unknown) == (Verdict.UNKNOWN, (f"the identity {moved.identity} was not read",))


@pytest.mark.parametrize(
    ("fields", "applies"),
    [
        ({"installers": ("kubeadm",)}, True),
        ({"installers": ("other",)}, False),
        ({"except_installers": ("kubeadm",)}, False),
        ({"except_installers": ("other",)}, True),
        ({"traits": (("cni", "x"),)}, True),
        ({"traits": (("cni", "y"),)}, False),
    ],
)
def test_needs_are_chosen_by_installer_and_trait(fields: dict[str, Any], applies: bool) -> None:  # noqa: FBT001 - a case
    snapshot = account(document(allow("store:PutObject")))
    snapshot = replace(snapshot, cluster=replace(snapshot.cluster, traits=(("cni", "x"),)))
    result = row(snapshot, iam_catalog(need(allow("store:PutObject"), **fields)))
    assert (result.verdict is Verdict.PASS) is applies


def test_unconditional_tagging_voids_conditions_on_tags() -> None:
    guarded = allow("disk:DeleteVolume", when=(OWN,), name="guarded")
    result = row(account(document(guarded, allow("disk:CreateVolume", name="tags"))))
    finding = finding_of(result, "cloud-api-access/laundering")
    assert finding.severity is Severity.MEDIUM
    assert [fact.rule for fact in finding.evidence] == ["p/tags", "p/guarded"]
    assert finding.witness.summary == "disk:CreateVolume on n:p:disk:any:1:volume/any"
    bound = row(account(document(guarded, allow("disk:CreateVolume", when=(Condition("Bool", "x", ("true",)),)))))
    assert not [finding for finding in bound.findings if finding.check == "cloud-api-access/laundering"]
    needed = iam_catalog(need(guarded, allow("disk:CreateVolume")))
    free = row(account(document(guarded, allow("disk:CreateVolume"))), needed)
    assert (free.verdict, finding_of(free, "cloud-api-access/laundering").severity) == (Verdict.PASS, Severity.LOW)
    apart = row(account(document(allow("store:PutObject", when=(OWN,)), allow("disk:CreateVolume"))))
    assert not [finding for finding in apart.findings if finding.check == "cloud-api-access/laundering"]


@pytest.mark.parametrize(
    ("service", "fault", "setting"),
    [
        (SHUT, None, ""),
        (replace(SHUT, enabled=False, tokens_required=False, hop_limit=64), None, ""),
        (replace(SHUT, tokens_required=False), MetadataFault.TOKENS_OPTIONAL, "tokens are not required"),
        (replace(SHUT, hop_limit=2), MetadataFault.HOP_LIMIT, "the hop limit is 2"),
    ],
)
def test_pods_must_not_reach_the_metadata_service(
    service: MetadataService, fault: MetadataFault | None, setting: str
) -> None:
    assert fault_of(service) is fault
    snapshot = account(document(*NEED.statements))
    pool = Pool("asg", "asg", CONTROL_PLANE, (SAID,), ("private",), (), (), SOURCE, identity=ROLE, metadata=service)
    hosts = (replace(MASTER, metadata=service), replace(MASTER, id="cp2", metadata=service), WORKER)
    result = row(replace(snapshot, cluster=replace(snapshot.cluster, hosts=hosts, pools=(pool,))))
    if fault is None:
        assert (result.verdict, result.findings) == (Verdict.PASS, ())
        return
    finding = finding_of(result, "cloud-api-access/metadata")
    assert (finding.severity, finding.hosts) == (Severity.MEDIUM, ("cp", "cp2"))
    exposed = "pods can take the identity masters from the metadata service of 2 hosts and the next host of asg: "
    assert finding.message.startswith(f"{exposed}{setting}")
    assert finding.changes == (f"metadata.restrict:{ROLE}:{setting}",)
    assert [fact.resource.kind for fact in finding.evidence] == ["host", "host", "pool"]


def test_hosts_with_different_hop_limits_make_one_finding() -> None:
    snapshot = account(document(*NEED.statements))
    far = replace(MASTER, id="cp2", metadata=replace(SHUT, hop_limit=64))
    hosts = (replace(MASTER, metadata=replace(SHUT, hop_limit=2)), far)
    finding = finding_of(
        row(replace(snapshot, cluster=replace(snapshot.cluster, hosts=hosts))), "cloud-api-access/metadata"
    )
    assert [fact.fact for fact in finding.evidence] == ["the hop limit is 2, not 1", "the hop limit is 64, not 1"]
    assert finding.changes == (f"metadata.restrict:{ROLE}:the hop limit is 64",)


def test_pods_can_take_every_identity_of_their_host() -> None:
    snapshot = account(document(*NEED.statements))
    other = replace(snapshot.identities.identities[0], id="n:p:role::1:role/idle", name="idle", policies=())
    exposed = replace(MASTER, identity=other.id, further_identities=(ROLE,), metadata=replace(SHUT, hop_limit=2))
    identities = replace(snapshot.identities, identities=(*snapshot.identities.identities, other))
    result = row(replace(snapshot, cluster=replace(snapshot.cluster, hosts=(exposed, WORKER)), identities=identities))
    finding = finding_of(result, "cloud-api-access/metadata")
    assert (finding.resource.id, finding.hosts) == (ROLE, ("cp",))


def test_unread_metadata_settings_leave_the_row_unknown() -> None:
    snapshot = account(document(*NEED.statements))
    blind = replace(snapshot, cluster=replace(snapshot.cluster, hosts=(replace(MASTER, metadata=None), WORKER)))
    result = row(blind)
    assert result.verdict is Verdict.UNKNOWN
    assert "cp.prod" in result.unknown[0]
    bare = replace(
        snapshot, cluster=replace(snapshot.cluster, hosts=(replace(MASTER, metadata=None, identity=""), WORKER))
    )
    assert row(bare).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("principal", "severity", "condition"),
    [
        ("anyone", Severity.CRITICAL, ", without a condition on the caller"),
        ("account 2", Severity.HIGH, ", without a condition that only it can meet"),
        ("account 1", None, ""),
        ("nobody", None, ""),
    ],
)
def test_the_severity_of_a_trust_policy_depends_on_its_principal(
    principal: str, severity: Severity | None, condition: str
) -> None:
    trust = document(replace(allow("role:Assume"), principals=(principal,)), name="trust", kind=PolicyKind.TRUST)
    result = row(account(document(*NEED.statements), trust), iam_catalog(NEED, principals=WordPrincipals()))
    if severity is None:
        assert (result.verdict, result.findings) == (Verdict.PASS, ())
        return
    finding = finding_of(result, "cloud-api-access/trust")
    assert (finding.severity, finding.message) == (severity, f"{principal} may assume the identity masters{condition}")
    assert finding.evidence[0].rule == "trust/#1"
    assert finding.changes == (f"trust.narrow:{ROLE}",)
    assert result.verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("kind", "severities"),
    [
        (CallerKind.ANYONE, (Severity.CRITICAL, Severity.HIGH)),
        (CallerKind.OUTSIDER, (Severity.HIGH, Severity.MEDIUM)),
        (CallerKind.PODS, (Severity.HIGH, Severity.MEDIUM)),
        (CallerKind.ORGANIZATION, (Severity.MEDIUM, Severity.MEDIUM)),
    ],
)
def test_trust_with_a_condition_that_not_all_callers_meet_is_less_severe(
    kind: CallerKind, severities: tuple[Severity, Severity]
) -> None:
    trust = document(replace(allow("role:Assume"), principals=("anyone",)), name="trust", kind=PolicyKind.TRUST)
    found: list[Severity] = []
    for ordinary in ((), None):
        asking = (Caller(kind, "they", ("role:Assume",), (), (), ordinary),)
        facts = iam_catalog(NEED, principals=WordPrincipals(asking))
        finding = finding_of(row(account(document(*NEED.statements), trust), facts), "cloud-api-access/trust")
        found.append(finding.severity)
    assert tuple(found) == severities


def test_trust_with_a_condition_a_deny_and_excepted_principals() -> None:
    facts = iam_catalog(NEED, principals=WordPrincipals())

    def trusting(*statements: Statement) -> RowResult:
        trust = document(*statements, name="trust", kind=PolicyKind.TRUST)
        return row(account(document(*NEED.statements), trust), facts)

    anyone = replace(allow("role:Assume"), principals=("anyone",))
    all_denied = replace(deny("role:Assume"), principals=("anyone",))
    assert trusting(anyone, all_denied).findings == ()
    assert trusting(all_denied).findings == ()
    others = replace(allow("role:Assume"), not_principals=("account 2",))
    assert finding_of(trusting(others, anyone), "cloud-api-access/trust").severity is Severity.CRITICAL
    odd = replace(allow("role:Assume", when=(Condition("NoSuchOperator", "tag", ("x",)),)), principals=("anyone",))
    undecided = trusting(odd)
    assert undecided.verdict is Verdict.UNKNOWN
    assert undecided.unknown == ("whether anyone may assume masters is undecided: tag (NoSuchOperator): x",)


def test_a_declared_outsider_is_no_finding() -> None:
    facts = iam_catalog(NEED, principals=WordPrincipals())
    trust = document(
        replace(allow("role:Assume"), principals=("account 2", "account 3")), name="trust", kind=PolicyKind.TRUST
    )
    snapshot = account(document(*NEED.statements), trust)
    both = tuple(DeclaredOutsider(f"account {number}", "backups") for number in (2, 3))
    assert row(snapshot, facts, Declarations(outsiders=both)).findings == ()
    finding = finding_of(row(snapshot, facts, Declarations(outsiders=both[:1])), "cloud-api-access/trust")
    assert finding.message.startswith("account 3 may assume")
    elsewhere = tuple(replace(each, identity="node*") for each in both)
    assert len(row(snapshot, facts, Declarations(outsiders=elsewhere)).findings) == 1


def test_the_trust_policy_of_a_service_account_identity_is_judged() -> None:
    wide = replace(allow("role:Assume"), principals=("account 2",))
    trust = document(wide, name="trust", kind=PolicyKind.TRUST)
    snapshot = account(document(*NEED.statements))
    pods = ServiceAccountIdentity("n:p:role::1:role/backup", "backup", ("*:*",), "trust", SOURCE)
    identities = replace(snapshot.identities, policies=(*snapshot.identities.policies, trust), service_accounts=(pods,))
    finding = finding_of(
        row(replace(snapshot, identities=identities), iam_catalog(NEED, principals=WordPrincipals())),
        "cloud-api-access/trust",
    )
    assert (finding.severity, finding.resource.id) == (Severity.HIGH, "n:p:role::1:role/backup")


def test_without_known_principals_a_trust_policy_is_unknown() -> None:
    trust = document(replace(allow("role:Assume"), principals=("anyone",)), name="trust", kind=PolicyKind.TRUST)
    result = row(account(document(*NEED.statements), trust), iam_catalog(NEED))
    assert result.verdict is Verdict.UNKNOWN
    assert any(line.startswith("whether outsiders may assume masters: ") for line in result.unknown)


def test_an_unread_trust_policy_is_named() -> None:
    snapshot = account(document(*NEED.statements))
    pods = ServiceAccountIdentity(ROLE, "masters", ("n:a",), "trust that is not there", SOURCE)
    result = row(replace(snapshot, identities=replace(snapshot.identities, service_accounts=(pods,))))
    assert "a policy of masters could not be read" in result.unknown


def test_the_message_does_not_mention_tokens_if_the_metadata_service_has_none() -> None:
    snapshot = account(document(*NEED.statements))
    open_ = replace(SHUT, tokens_required=False, has_tokens=False)
    hosts = (replace(MASTER, metadata=open_), WORKER)
    result = row(replace(snapshot, cluster=replace(snapshot.cluster, hosts=hosts)))
    finding = finding_of(result, "cloud-api-access/metadata")
    assert finding.message.endswith("of 1 host: it answers every caller")
