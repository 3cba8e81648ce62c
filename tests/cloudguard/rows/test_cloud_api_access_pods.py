"""cloud-api-access: the identities of service accounts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from builders import SOURCE
from cloudguard.authorization.excess import Comparer
from cloudguard.model.cluster import Strength
from cloudguard.model.identity import (
    SERVICE_ACCOUNT,
    Identity,
    IdentityProvider,
    PolicyDocument,
    ServiceAccountIdentity,
)
from cloudguard.model.snapshot import Snapshot
from cloudguard.needs.declarations import Declarations, DeclaredPermission
from cloudguard.results.finding import Severity
from cloudguard.results.report import Verdict
from identities import NEED, account, allow, document, finding_of, iam_catalog, need, row, severities

BACKUP = "n:p:role::1:role/backup"


def held_by_pods(*documents: PolicyDocument, account_name: str = "backups:job", **fields: Any) -> Snapshot:  # noqa: ANN401 - of Identities
    """Return a cluster with a service account that assumes an identity with these policies."""
    snapshot = account(document(*NEED.statements))
    pods = ServiceAccountIdentity(BACKUP, "backup", (account_name,), "", SOURCE, "issuer")
    identity = Identity(BACKUP, "backup", (SERVICE_ACCOUNT,), tuple(policy.id for policy in documents), SOURCE)
    identities = snapshot.identities
    return replace(
        snapshot,
        identities=replace(
            identities,
            identities=(*identities.identities, identity),
            policies=(*identities.policies, *documents),
            service_accounts=(pods,),
            **fields,
        ),
    )


def test_a_service_account_s_identity_is_compared_with_its_add_on_s_need() -> None:
    addon = need(allow("store:PutObject"), name="backup", addon="backup", service_accounts=("backups:*",))
    exact = held_by_pods(document(allow("store:PutObject"), name="q"))
    assert row(exact, iam_catalog(NEED, addon)).verdict is Verdict.PASS
    more = held_by_pods(document(allow("store:PutObject", "store:GetObject"), name="q"))
    finding = finding_of(row(more, iam_catalog(NEED, addon)), "cloud-api-access/outside")
    assert (finding.severity, finding.resource.id) == (Severity.HIGH, BACKUP)
    any_account = held_by_pods(document(allow("store:PutObject"), name="q"), account_name="*:*")
    assert row(any_account, iam_catalog(NEED, addon)).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("accounts", [("backups:job", "shop:api"), ("backups:job", "*:*"), ()], ids=str)
def test_the_need_of_an_identity_that_others_share_is_unknown(accounts: tuple[str, ...]) -> None:
    addon = need(allow("store:PutObject"), name="backup", addon="backup", service_accounts=("backups:*",))
    snapshot = held_by_pods(document(allow("store:PutObject", "store:GetObject"), name="q"))
    (pods,) = snapshot.identities.service_accounts
    shared = replace(snapshot.identities, service_accounts=(pods, replace(pods, service_accounts=accounts)))
    result = row(replace(snapshot, identities=shared), iam_catalog(NEED, addon))
    assert (result.verdict, severities(result)) == (Verdict.UNKNOWN, {})


def test_an_application_s_identity_is_unknown_except_for_escalation_paths() -> None:
    result = row(held_by_pods(document(allow("store:PutObject", "disk:DescribeVolumes"), name="q")))
    assert (result.verdict, result.findings) == (Verdict.UNKNOWN, ())
    assert result.unknown == (
        (
            "the need of backup (service-account) of backups:job is unknown, and it may use store:PutObject; "
            'declare the need: [[need]], role = "service-account", identity = "backup"'
        ),
    )
    assert row(held_by_pods(document(allow("disk:DescribeVolumes"), name="q"))).verdict is Verdict.PASS
    assert row(held_by_pods()).verdict is Verdict.PASS
    wide = row(held_by_pods(document(allow("*"), name="q")))
    assert severities(wide) == {"administrator": Severity.CRITICAL}
    assert (wide.unknown, wide.findings[0].changes) == ((), ())


def test_the_needs_of_an_application_can_be_declared_by_its_identity_s_name() -> None:
    snapshot = held_by_pods(document(allow("store:PutObject"), name="q"))
    declared = DeclaredPermission(SERVICE_ACCOUNT, ("store:PutObject",), ("*",), "uploads", "back*")
    assert row(snapshot, policy=Declarations(permissions=(declared,))).verdict is Verdict.PASS
    other = Declarations(permissions=(replace(declared, identity="payments"),))
    assert row(snapshot, policy=other).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("strength", Strength)
def test_an_identity_provider_known_by_name_alone_adds_findings_but_no_pass(
    strength: Strength,
) -> None:
    providers = (IdentityProvider("issuer", strength, SOURCE),)
    clean = row(held_by_pods(providers=providers))
    wide = finding_of(
        row(held_by_pods(document(allow("*"), name="q"), providers=providers)), "cloud-api-access/administrator"
    )
    by_name = "(only the name of the identity provider issuer links it to the cluster)"
    if strength is Strength.STRONG:
        assert clean.verdict is Verdict.PASS
        assert by_name not in wide.message
    else:
        assert clean.unknown == (
            (
                "whether the identity provider issuer is the cluster's: only its name suggests it; tag it as "
                "the installer does, or name the cluster's own provider with a flag"
            ),
        )
        assert wide.message.endswith(by_name)


def test_an_installer_s_own_need_overrides_and_options_count_if_granted() -> None:
    general = need(allow("store:PutObject"), name="backup", addon="backup", service_accounts=("backups:*",))
    option = replace(general, id="copies", addon="backup-copies", statements=(allow("store:GetObject"),))
    installed = replace(general, id="own", addon="own", statements=(allow("store:ListBucket"),), installers=("kops",))

    def needs_of(snapshot: Snapshot, installer: str, policy: Declarations | None = None) -> tuple[str, ...]:
        snapshot = replace(snapshot, cluster=replace(snapshot.cluster, installer=installer))
        facts = iam_catalog(NEED, general, option, installed)
        comparer = Comparer(snapshot.cluster, snapshot.identities, facts, policy)
        return tuple(choice.need.id for choice in comparer.of(snapshot.identities.identities[-1]).choices)

    snapshot = held_by_pods(document(allow("store:PutObject"), name="q"))
    both = held_by_pods(document(allow("store:PutObject", "store:GetObject"), name="q"))
    assert needs_of(snapshot, "kubeadm") == ("backup",)
    assert needs_of(both, "kubeadm") == ("backup", "copies")
    assert needs_of(snapshot, "kubeadm", Declarations(addons=("backup-copies",))) == ("backup", "copies")
    assert needs_of(held_by_pods(), "kops") == ("own",)


def test_an_uncertain_identity_provider_removes_no_need_from_the_hosts() -> None:
    base = replace(NEED, service_accounts=("backups:*",))
    for strength, verdict in ((Strength.STRONG, Verdict.FAIL), (Strength.WEAK, Verdict.UNKNOWN)):
        snapshot = held_by_pods(providers=(IdentityProvider("issuer", strength, SOURCE),))
        assert row(snapshot, iam_catalog(base)).verdict is verdict
