"""cloud-api-access: identities that are not the cluster's, and that its identities gain if those trust them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import SOURCE
from cloudguard.model.iam_catalog import EscalationPath, Impact
from cloudguard.model.identity import Identity, Statement
from identities import NEED, ROLE, account, allow, deny, document, iam_catalog, row

CI, ADMIN = "n:p:role::1:role/ci", "n:p:role::1:role/admin"
PASS = EscalationPath("pass", ("role:PassRole",), Impact.ADMINISTRATOR, "passes itself", "a book")
ASSUME = EscalationPath("assume", ("role:Assume",), Impact.HOSTS, "assumes it", "a book", by_trust=True)
CATALOG = iam_catalog(NEED, escalation_paths=(PASS, ASSUME))
TO_CI, TO_ADMIN, POWER = allow("role:Assume", on=(CI,)), allow("role:Assume", on=(ADMIN,)), allow("role:PassRole")
HARMLESS = allow("disk:DescribeVolumes")
OURS_TO_CI, CI_TO_ADMIN = (ROLE, CI), (CI, ADMIN)


@pytest.mark.parametrize(
    ("own", "of_ci", "of_admin", "admitted", "gained"),
    [
        ((TO_CI,), POWER, HARMLESS, (OURS_TO_CI,), "ci"),
        ((TO_CI,), POWER, HARMLESS, (), ""),
        ((TO_CI,), HARMLESS, POWER, (OURS_TO_CI, CI_TO_ADMIN), ""),
        ((TO_CI,), TO_ADMIN, POWER, (OURS_TO_CI, CI_TO_ADMIN), "admin"),
        ((TO_CI,), TO_ADMIN, POWER, (OURS_TO_CI,), ""),
        ((TO_CI, deny("role:Assume", on=(CI,))), POWER, HARMLESS, (OURS_TO_CI,), ""),
        ((), POWER, HARMLESS, (OURS_TO_CI,), ""),
    ],
)
def test_a_powerful_identity_that_both_sides_let_it_assume_is_an_escalation(
    own: tuple[Statement, ...],
    of_ci: Statement,
    of_admin: Statement,
    admitted: tuple[tuple[str, str], ...],
    gained: str,
) -> None:
    snapshot = account(document(*NEED.statements, *own))
    policies = {CI: document(of_ci, name="ci"), ADMIN: document(of_admin, name="admin")}
    others = tuple(Identity(arn, policy.name, (), (policy.id,), SOURCE) for arn, policy in policies.items())
    every = (*snapshot.identities.policies, *policies.values())
    identities = replace(snapshot.identities, others=others, admitted=admitted, policies=every)
    findings = row(replace(snapshot, identities=identities), CATALOG).findings
    said = [finding.message for finding in findings if finding.check == "cloud-api-access/escalation"]
    assert [f"permissions of {gained}: that identity passes itself" in one for one in said] == [True] * bool(gained)
