"""The replacement policy narrows needs with a known place, keeps needs without one, and lists what it adds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cloudguard.authorization.excess import Comparer
from cloudguard.authorization.replacement import replacement
from cloudguard.model.iam_catalog import IamCatalog, UnplacedStatement
from cloudguard.model.identity import Condition, PolicyDocument, Statement
from cloudguard.results.document_edit import DocumentEdit, StatementFate
from cloudguard.results.finding import Severity
from cloudguard.results.report import Verdict
from identities import OWN, VOLUMES, account, allow, document, finding_of, iam_catalog, need, row, severities

BOUND = need(
    allow("disk:DescribeVolumes"),
    allow("disk:DeleteVolume", on=(VOLUMES,), when=(OWN,)),
    name="disks/controller",
    documented=(allow("disk:DeleteVolume"),),
)
ANY_BUCKET = allow("store:GetObject", on=("n:p:store:::*/prod/*",))
STORED = need(name="state", unplaced=(UnplacedStatement("the state store", ANY_BUCKET),))


def edit_of(*documents: PolicyDocument, facts: IamCatalog) -> DocumentEdit:
    snapshot = account(*documents)
    (identity,) = snapshot.identities.identities
    return replacement(Comparer(snapshot.cluster, snapshot.identities, facts).of(identity))


def actions_of(edit: DocumentEdit, fate: StatementFate) -> list[tuple[str, ...]]:
    """Return the actions of each changed statement with this fate."""
    return [change.statement.actions for change in edit.changes if change.fate is fate]


@pytest.mark.parametrize("granted", [allow("disk:DeleteVolume"), allow("disk:DeleteVolume", on=(VOLUMES,))])
def test_a_need_documented_on_all_resources_is_narrowed_all_the_same(granted: Statement) -> None:
    policy = document(allow("disk:DescribeVolumes"), granted)
    result = row(account(policy), iam_catalog(BOUND))
    assert severities(result) == {"narrowable": Severity.MEDIUM}
    finding = finding_of(result, "cloud-api-access/narrowable")
    assert "disk:DeleteVolume on resources outside the cluster" in finding.message
    assert finding.changes
    edit = edit_of(policy, facts=iam_catalog(BOUND))
    assert not edit.unproved
    assert [statement.conditions for statement in edit.statements if "disk:DeleteVolume" in statement.actions] == [
        (OWN,)
    ]


def test_a_need_bound_to_the_cluster_by_another_tag_passes() -> None:
    other = Condition("StringEquals", "tag/two", ("prod",))
    facts = iam_catalog(BOUND, cluster_resources=(allow("*", when=(OWN,)), allow("*", when=(other,))))
    granted = document(allow("disk:DescribeVolumes"), allow("disk:DeleteVolume", on=(VOLUMES,), when=(other,)))
    assert row(account(granted), facts).verdict is Verdict.PASS


def test_an_action_beside_the_documented_need_is_outside() -> None:
    granted = document(allow("disk:DescribeVolumes"), allow("disk:DeleteVolume", "disk:CreateSnapshot"))
    found = severities(row(account(granted), iam_catalog(BOUND)))
    assert found == {"outside": Severity.HIGH, "narrowable": Severity.MEDIUM}


def test_a_wide_need_in_the_provider_s_own_policy_alone_is_advice() -> None:
    granted = document(*BOUND.statements, *BOUND.documented, by="provider")
    result = row(account(granted), iam_catalog(BOUND))
    assert (result.verdict, severities(result)) == (Verdict.PASS, {})
    assert finding_of(result, "cloud-api-access/narrowable").severity is Severity.LOW
    both = row(account(granted, replace(document(allow("disk:DeleteVolume")), id="q")), iam_catalog(BOUND))
    assert severities(both) == {"narrowable": Severity.MEDIUM}


def test_a_need_without_a_known_place_is_kept_and_the_edit_is_unproved() -> None:
    granted = document(allow("store:*"))
    edit = edit_of(granted, facts=iam_catalog(STORED))
    assert "the state store" in edit.unproved
    assert [(statement.actions, statement.resources) for statement in edit.statements] == [
        (ANY_BUCKET.actions, ANY_BUCKET.resources)
    ]
    assert severities(row(account(granted), iam_catalog(STORED))) == {"outside": Severity.HIGH}


def test_a_grant_that_may_be_a_need_without_a_known_place_is_undecided() -> None:
    result = row(account(document(ANY_BUCKET)), iam_catalog(STORED))
    assert (result.verdict, severities(result)) == (Verdict.UNKNOWN, {})
    assert any("which resource is the state store" in text for text in result.unknown)


def test_an_ungranted_need_without_a_known_place_is_not_added() -> None:
    edit = edit_of(document(allow("disk:DeleteVolume")), facts=iam_catalog(STORED, BOUND))
    assert not any("store:GetObject" in statement.actions for statement in edit.statements)
    assert not edit.unproved


def test_the_edit_lists_every_added_action() -> None:
    facts = iam_catalog(need(allow("disk:DescribeVolumes", "disk:ListRegions", "store:ListAll")))
    edit = edit_of(document(allow("disk:*", "role:Assume")), facts=facts)
    assert actions_of(edit, StatementFate.ADD) == [("store:ListAll",)]


def test_a_wider_resource_than_today_is_listed_as_added() -> None:
    facts = iam_catalog(need(allow("store:GetObject", on=("n:p:store:::b*",))))
    edit = edit_of(document(allow("store:GetObject", on=("n:p:store:::b1/*",)), allow("role:Assume")), facts=facts)
    assert actions_of(edit, StatementFate.ADD) == [("store:GetObject",)]


def test_a_narrowed_statement_keeps_the_needed_part() -> None:
    facts = iam_catalog(need(allow("disk:DescribeVolumes", "disk:ListRegions", "store:*")))
    edit = edit_of(document(allow("disk:*Volumes", "store:GetObject", "role:Assume")), facts=facts)
    (narrowed,) = (change for change in edit.changes if change.fate is StatementFate.NARROW)
    assert [remain.actions for remain in narrowed.remains] == [("disk:DescribeVolumes", "store:GetObject")]


def test_statements_are_named_after_the_parts_that_need_them() -> None:
    other = need(allow("disk:ListRegions"), allow("store:PutObject", on=("n:p:store:::b1/*",)), name="node/a b")
    more = (need(allow("store:ListAll"), name=f"part-{number}") for number in range(3))
    edit = edit_of(document(allow("*")), facts=iam_catalog(BOUND, other, *more))
    names = [statement.name for statement in edit.statements]
    assert all(name.isalnum() for name in names)
    assert len(set(names)) == len(names)
    assert {"DisksController", "NodeAB"} <= set(names)
    assert any(name.startswith("DisksControllerAndNodeABAndPart0") for name in names)


def test_a_grant_that_a_mandated_policy_repeats_leaves_the_edit_proved() -> None:
    facts = iam_catalog(BOUND, provider_mandated=(("", "managed", ""),))
    mandated = document(allow("store:ListAll"), *BOUND.statements, name="managed", by="provider")
    edit = edit_of(mandated, document(allow("store:ListAll", "role:Assume")), facts=facts)
    assert not edit.unproved


@pytest.mark.parametrize(("required_by", "severity"), [("disks/controller", None), ("other", Severity.HIGH)])
def test_a_policy_is_mandated_only_for_identities_with_the_need(required_by: str, severity: Severity | None) -> None:
    facts = iam_catalog(BOUND, provider_mandated=(("control-plane", "managed", required_by),))
    granted = document(*BOUND.statements, allow("store:PutObject"), name="managed", by="provider")
    assert severities(row(account(granted), facts)).get("outside") is severity
