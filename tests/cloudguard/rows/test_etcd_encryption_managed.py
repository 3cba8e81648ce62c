"""etcd-encryption with etcd run by the provider: the user's keys, first of all the key of Secrets."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from builders import NODE, SOURCE, host, snapshot
from cloudguard.model.keys import Key, KeyManager, KeyState, SecretsEncryption
from cloudguard.model.snapshot import Snapshot
from cloudguard.model.source import FactKind, Gap, Reason
from cloudguard.needs.declarations import Declarations
from cloudguard.results.finding import Severity
from cloudguard.results.report import RowResult, Verdict
from judged import rows_of

STRICT = Declarations(require_customer_key=True)


def row(facts: Snapshot, policy: Declarations | None = None) -> RowResult:
    return rows_of(facts, policy)["etcd-encryption"]


def key(
    name: str,
    state: KeyState = KeyState.ENABLED,
    manager: KeyManager = KeyManager.CUSTOMER,
    *,
    rotates: bool | None = None,
) -> Key:
    return Key(name, manager, state, SOURCE, rotates)


def severities_of(result: RowResult) -> dict[str, Severity]:
    return {finding.check: finding.severity for finding in result.findings}


def managed(secrets: str | None, *keys: Key, gaps: Iterable[Gap] = ()) -> Snapshot:
    encryption = None if secrets is None else SecretsEncryption(secrets, SOURCE)
    return snapshot([host("n1", NODE)], managed=True, secrets=encryption, keys=keys, gaps=gaps)


def test_a_managed_control_plane_has_the_verdict_provider() -> None:
    for facts in (managed("k", key("k")), managed(None)):
        result = row(facts)
        assert (result.verdict, result.findings, result.unknown) == (Verdict.PROVIDER, (), ())
    assert "a managed service" in row(managed(None)).why


def test_a_provider_key_is_advice_unless_a_customer_key_is_required() -> None:
    result = row(managed(""))
    assert (result.verdict, severities_of(result)) == (Verdict.PROVIDER, {"etcd-encryption/secrets": Severity.LOW})
    assert result.findings[0].changes == ("secrets.encrypt:prod",)
    assert result.why.endswith("you can still encrypt Secrets with your own key")
    provider_key = key("k", manager=KeyManager.PROVIDER)
    assert severities_of(row(managed("k", provider_key))) == {"etcd-encryption/secrets": Severity.LOW}
    assert row(managed("k", provider_key), STRICT).verdict is Verdict.FAIL
    assert row(managed("k", key("k")), STRICT).verdict is Verdict.PROVIDER
    strict = row(managed(""), STRICT)
    assert (strict.verdict, severities_of(strict)) == (Verdict.FAIL, {"etcd-encryption/secrets": Severity.MEDIUM})


def test_an_expiring_key_of_secrets_is_high_and_an_unread_one_is_unknown() -> None:
    result = row(managed("k", key("k", KeyState.PENDING_DELETION)))
    assert (result.verdict, severities_of(result)) == (Verdict.FAIL, {"etcd-encryption/key": Severity.HIGH})
    assert result.why == result.findings[0].message == "the key k that encrypts Secrets is pending deletion"
    for facts in (managed("k"), managed("k", key("k", KeyState.UNKNOWN))):
        open_one = row(facts)
        assert (open_one.verdict, open_one.findings) == (Verdict.PROVIDER, ())
        assert "the key k that encrypts Secrets" in open_one.unknown[0]


@pytest.mark.parametrize("facet", [FactKind.ENDPOINT, FactKind.KEYS])
def test_a_managed_cluster_with_unread_settings_is_incomplete(facet: FactKind) -> None:
    gap = Gap("test:Read", "*", Reason.DENIED, "denied", (facet,), "test:read")
    assert row(managed(None, gaps=[gap])).unknown


def test_a_user_s_other_keys_count_beside_the_key_of_secrets() -> None:
    fine = row(managed("k", key("k"), key("disks")))
    assert (fine.verdict, fine.findings, fine.unknown) == (Verdict.PROVIDER, (), ())
    dying = row(managed("k", key("k"), key("disks", KeyState.DISABLED)))
    assert (dying.verdict, severities_of(dying)) == (Verdict.FAIL, {"etcd-encryption/key": Severity.HIGH})
    assert dying.why == "the key disks that encrypts the control plane's disks and copies is disabled"
    assert row(managed("k", key("k"), key("disks", KeyState.UNKNOWN))).unknown


def test_a_key_of_secrets_without_rotation_is_advice() -> None:
    result = row(managed("k", key("k", rotates=False)))
    assert (result.verdict, severities_of(result)) == (Verdict.PROVIDER, {"etcd-encryption/rotation": Severity.LOW})
