"""cloud-api-access: identities that are not the cluster's, and that its identities gain.

An identity must trust the one that assumes it, or the service that it is passed to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from builders import SOURCE
from cloudguard.model.iam_catalog import EscalationPath, Impact, PermissionNeed
from cloudguard.model.identity import Condition, Effect, Identity, PolicyKind, Statement
from cloudguard.results.finding import Severity
from cloudguard.results.report import RowResult, Verdict
from identities import NEED, account, allow, deny, document, finding_of, iam_catalog, need, row
from trust import WordPrincipals

CI, ADMIN = "n:p:role::1:role/ci", "n:p:role::1:role/admin"
POWERFUL = EscalationPath("power", ("disk:CreateSnapshot",), Impact.ADMINISTRATOR, "copies any disk", "a book")
ASSUME = EscalationPath("assume", ("role:Assume",), Impact.HOSTS, "assumes it", "a book", by_trust=True)
PASS = EscalationPath(
    "pass",
    ("role:PassRole", "disk:CreateVolume"),
    Impact.ROLE,
    "runs code as it",
    "a book",
    passrole_action="role:PassRole",
    passrole_conditions=(Condition("StringEquals", "to", ("disks",)),),
)
CATALOG = iam_catalog(NEED, escalation_paths=(POWERFUL, ASSUME, PASS), principals=WordPrincipals())
TO_CI, TO_ADMIN, POWER = allow("role:Assume", on=(CI,)), allow("role:Assume", on=(ADMIN,)), allow("disk:CreateSnapshot")
HARMLESS, START = allow("disk:DescribeVolumes"), allow("disk:CreateVolume")
ESCALATION = "cloud-api-access/escalation"


def trust(*principals: str, when: tuple[Condition, ...] = (), effect: Effect = Effect.ALLOW) -> Statement:
    return Statement("t", effect, ("role:Assume",), resources=("*",), principals=principals, conditions=when)


OURS, CIS = trust("user 1 masters"), trust("user 1 ci")


def judged(
    own: tuple[Statement, ...],
    others: Mapping[str, tuple[Statement, tuple[Statement, ...]]],
    *needs: PermissionNeed,
) -> RowResult:
    """Return the row. ``others``: the grant and the trust policy of each other identity."""
    snapshot = account(document(*NEED.statements, *own))
    grants = {name: document(grant, name=name) for name, (grant, _) in others.items()}
    trusts = {name: document(*given, name=f"{name}#t", kind=PolicyKind.TRUST) for name, (_, given) in others.items()}
    identities = tuple(
        Identity(name, name.rpartition("/")[2], (), (grants[name].id, trusts[name].id), SOURCE) for name in others
    )
    every = (*snapshot.identities.policies, *grants.values(), *trusts.values())
    whole = replace(snapshot, identities=replace(snapshot.identities, others=identities, policies=every))
    return row(whole, replace(CATALOG, needs=(NEED, *needs)))


def gained(found: RowResult) -> str:
    """Return the name of the identity that the cluster's identity gains, "" for none."""
    said = [finding.message for finding in found.findings if finding.check == ESCALATION]
    return said[0].partition("the permissions of ")[2].partition(":")[0] if said else ""


@pytest.mark.parametrize(
    ("own", "ci", "admin", "expected"),
    [
        ((TO_CI,), (POWER, (OURS,)), (HARMLESS, ()), "ci"),
        ((TO_CI,), (POWER, ()), (HARMLESS, ()), ""),
        ((TO_CI,), (POWER, (CIS,)), (HARMLESS, ()), ""),
        ((TO_CI,), (POWER, (trust("account 1"),)), (HARMLESS, ()), "ci"),
        ((TO_CI,), (POWER, (trust("account 1"), trust("user 1 masters", effect=Effect.DENY))), (HARMLESS, ()), ""),
        ((TO_CI,), (HARMLESS, (OURS,)), (POWER, (CIS,)), ""),
        ((TO_CI,), (TO_ADMIN, (OURS,)), (POWER, (CIS,)), "admin"),
        ((TO_CI,), (TO_ADMIN, (OURS,)), (POWER, ()), ""),
        ((TO_CI, deny("role:Assume", on=(CI,))), (POWER, (OURS,)), (HARMLESS, ()), ""),
        ((), (POWER, (OURS,)), (HARMLESS, ()), ""),
    ],
)
def test_a_powerful_identity_that_both_sides_let_it_assume_is_an_escalation(
    own: tuple[Statement, ...],
    ci: tuple[Statement, tuple[Statement, ...]],
    admin: tuple[Statement, tuple[Statement, ...]],
    expected: str,
) -> None:
    assert gained(judged(own, {CI: ci, ADMIN: admin})) == expected


def passes(*values: str, on: str = CI) -> Statement:
    when = (Condition("StringEquals", "to", values),) if values else ()
    return allow("role:PassRole", on=(on,), when=when)


@pytest.mark.parametrize(
    ("own", "trusted", "expected"),
    [
        ((passes(), START), trust("user service disks"), "ci"),
        ((passes("disks"), START), trust("user service disks"), "ci"),
        ((passes("stores"), START), trust("user service disks"), ""),
        ((passes(),), trust("user service disks"), ""),
        ((passes(), START), trust("user service stores"), ""),
        ((passes(), START), OURS, ""),
        ((passes(on=ADMIN), START), trust("user service disks"), ""),
    ],
)
def test_a_powerful_identity_that_it_passes_to_a_service_is_an_escalation(
    own: tuple[Statement, ...], trusted: Statement, expected: str
) -> None:
    assert gained(judged(own, {CI: (POWER, (trusted,))})) == expected


TAGGED = trust("account 1", when=(Condition("StringEquals", "tag", ("prod",)),))
UNHEARD_OF = trust("account 1", when=(Condition("StringMood", "tag", ("prod",)),))
NEEDED = need(TO_CI, name="other")


@pytest.mark.parametrize("trusted", [TAGGED, UNHEARD_OF])
def test_a_trust_with_a_condition_that_may_hold_leaves_the_row_undecided(trusted: Statement) -> None:
    found = judged((TO_CI,), {CI: (POWER, (trusted,))}, NEEDED)
    assert (found.verdict, gained(found)) == (Verdict.UNKNOWN, "")
    assert "can gain the permissions of ci is undecided: " in " ".join(found.unknown)


@pytest.mark.parametrize("trusted", [TAGGED, trust("user service disks", when=TAGGED.conditions)])
def test_what_is_undecided_is_not_told_beside_a_finding(trusted: Statement) -> None:
    found = judged((TO_CI, passes(), START), {CI: (POWER, (trusted,))})
    assert (found.verdict, gained(found), found.unknown) == (Verdict.FAIL, "", ())


def test_a_need_to_assume_an_identity_does_not_cover_what_that_identity_may_do() -> None:
    found = judged((TO_CI,), {CI: (POWER, (OURS,))}, NEEDED)
    assert finding_of(found, ESCALATION).severity is Severity.CRITICAL
    assert judged((TO_CI,), {CI: (HARMLESS, (OURS,))}, NEEDED).verdict is Verdict.PASS


def test_an_identity_that_is_passed_with_needed_permissions_is_advice() -> None:
    needed = need(passes("disks"), START, name="other")
    found = judged((passes("disks"), START), {CI: (POWER, (trust("user service disks"),))}, needed)
    finding = finding_of(found, ESCALATION)
    assert (found.verdict, finding.severity) == (Verdict.PASS, Severity.LOW)
    assert "ci with permissions that it needs" in finding.message
