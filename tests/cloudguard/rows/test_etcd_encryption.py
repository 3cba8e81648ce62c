"""etcd-encryption: encryption and keys of the disks that hold etcd."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from builders import CONTROL_PLANE, ETCD, NODE, SAID, SOURCE, host, snapshot
from cloudguard.comparison.widths import inside
from cloudguard.model.cluster import Disk, DiskSnapshot, DiskTemplate, Pool, Role
from cloudguard.model.keys import Key, KeyManager, KeyState, SecretsEncryption
from cloudguard.model.snapshot import Snapshot
from cloudguard.model.source import FactKind, Gap, Reason
from cloudguard.needs.declarations import Declarations
from cloudguard.results.finding import Finding, Severity
from cloudguard.results.report import RowResult, Verdict
from judged import rows_of

MASTER = host("cp", CONTROL_PLANE)
STRICT = Declarations(require_customer_key=True)


def row(facts: Snapshot, policy: Declarations | None = None) -> RowResult:
    return rows_of(facts, policy)["etcd-encryption"]


def disk(name: str, where: str = "cp", *, encrypted: bool = True, key: str = "", etcd: str = "") -> Disk:
    return Disk(name, "", where, "/dev/b", encrypted, key, SOURCE, replace(SAID, text=etcd) if etcd else None)


def key(
    name: str,
    state: KeyState = KeyState.ENABLED,
    manager: KeyManager = KeyManager.CUSTOMER,
    *,
    rotates: bool | None = None,
) -> Key:
    return Key(name, manager, state, SOURCE, rotates)


def copied(volume: Disk, *, encrypted: bool = True, shared: tuple[str, ...] | None = ()) -> Disk:
    return replace(volume, snapshots=(DiskSnapshot("snap", volume.id, encrypted, shared, SOURCE),))


def pool(*disks: DiskTemplate, roles: tuple[Role, ...] = CONTROL_PLANE, template: str = "lt") -> Pool:
    return Pool("asg", "masters", roles, (), ("private",), ("m",), ("m",), SOURCE, template=template, disks=disks)


def answer(
    *disks: Disk, keys: Iterable[Key] = (), pools: Iterable[Pool] = (), policy: Declarations | None = None
) -> RowResult:
    return row(snapshot([MASTER], disks=disks, keys=keys, pools=pools), policy)


def severities_of(result: RowResult) -> dict[str, Severity]:
    return {finding.check: finding.severity for finding in result.findings}


def test_encrypted_disks_pass() -> None:
    result = answer(disk("d1"), disk("d2", key="k"), keys=[key("k")])
    assert (result.verdict, result.findings, result.unknown) == (Verdict.PASS, (), ())


def test_an_unencrypted_disk_of_an_etcd_host_is_high() -> None:
    result = answer(disk("d1", encrypted=False))
    assert result.verdict is Verdict.FAIL
    assert severities_of(result) == {"etcd-encryption/disk": Severity.HIGH}
    (finding,) = result.findings
    assert finding.hosts == ("cp",)
    assert finding.changes == ("disk.encrypt:d1",)
    assert "whose etcd disk is unknown" in finding.evidence[0].fact


@pytest.mark.parametrize("check", ["disk", "key", "rotation", "pool"])
def test_another_disk_with_the_fault_makes_the_finding_wider(check: str) -> None:
    def found(number: int) -> Finding:
        names, by = [f"d{each}" for each in range(number)], "k1" if check in {"key", "rotation"} else ""
        disks = [disk(name, encrypted=check != "disk", key=by) for name in names]
        keys = [key("k1", KeyState.DISABLED if check == "key" else KeyState.ENABLED, rotates=False)]
        templates = [DiskTemplate(f"/dev/{name}", encrypted=check != "pool") for name in names]
        (finding,) = answer(*disks, keys=keys, pools=[pool(*templates)]).findings
        assert finding.check == f"etcd-encryption/{check}"
        return finding

    then, today = found(1), found(2)
    assert then.id == today.id
    assert inside(then.width, today.width)
    assert not inside(today.width, then.width)


def test_a_key_with_a_worse_fault_is_a_wider_finding() -> None:
    states = KeyState.DISABLED, KeyState.PENDING_DELETION
    disabled, going = (answer(disk("d1", key="k1"), keys=[key("k1", state)]).findings[0].width for state in states)
    assert disabled == ("disabled", "disk d1")
    assert not inside(going, disabled)


def test_if_etcd_s_disk_is_known_other_disks_do_not_count() -> None:
    result = answer(disk("root", encrypted=False), disk("d2", etcd="tagged etcd"))
    assert (result.verdict, result.findings) == (Verdict.PASS, ())
    assert severities_of(answer(disk("root"), disk("d2", etcd="tagged etcd", encrypted=False))) == {
        "etcd-encryption/disk": Severity.HIGH
    }


def test_a_detached_etcd_disk_counts_and_proves_nothing_about_hosts() -> None:
    result = answer(disk("d1", encrypted=False), disk("old", "", etcd="tagged etcd", encrypted=False))
    (finding,) = result.findings
    assert [fact.resource.id for fact in finding.evidence] == ["d1", "old"]
    assert (finding.hosts, len(finding.changes)) == (("cp",), 2)
    (alone,) = answer(disk("d1"), disk("old", "", etcd="tagged etcd", encrypted=False)).findings
    assert "old (detached)" in alone.message
    assert not alone.hosts


def test_disks_of_nodes_hold_no_etcd() -> None:
    facts = snapshot([MASTER, host("n1", NODE)], disks=[disk("d1"), disk("d2", "n1", encrypted=False)])
    assert row(facts).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("state", "words"), [(KeyState.DISABLED, "disabled"), (KeyState.PENDING_DELETION, "pending deletion")]
)
def test_a_disabled_or_expiring_key_is_one_high_finding_for_all_its_disks(state: KeyState, words: str) -> None:
    masters = [MASTER, host("cp2", CONTROL_PLANE)]
    facts = snapshot(masters, disks=[disk("d1", key="k"), disk("d2", "cp2", key="k")], keys=[key("k", state)])
    result = row(facts)
    assert severities_of(result) == {"etcd-encryption/key": Severity.HIGH}
    (finding,) = result.findings
    assert words in finding.message
    assert "(and 1 more)" in finding.message
    assert finding.hosts == ("cp", "cp2")
    assert finding.resource.id == "k"


@pytest.mark.parametrize("state", [KeyState.UNKNOWN, KeyState.UNAVAILABLE])
def test_a_key_with_an_unknown_state_makes_the_row_unknown(state: KeyState) -> None:
    result = answer(disk("d1", key="k"), keys=[key("k", state)])
    assert (result.verdict, result.findings) == (Verdict.UNKNOWN, ())


def test_an_unread_key_is_unknown_even_if_a_customer_key_is_required() -> None:
    result = answer(disk("d1", key="k"), policy=STRICT)
    assert (result.verdict, result.findings) == (Verdict.UNKNOWN, ())
    assert "the key k of d1 was not read" in result.why


@pytest.mark.parametrize(
    ("encrypted", "shared", "words"),
    [
        (False, (), "is not encrypted"),
        (True, ("all",), "is shared with all"),
        (False, ("1234",), "is not encrypted and is shared with 1234"),
    ],
)
def test_an_unencrypted_or_shared_snapshot_is_high(encrypted: bool, shared: tuple[str, ...], words: str) -> None:  # noqa: FBT001 - a case
    result = answer(copied(disk("d1"), encrypted=encrypted, shared=shared))
    assert severities_of(result) == {"etcd-encryption/snapshot": Severity.HIGH}
    assert words in result.findings[0].message


def test_a_private_snapshot_passes_and_one_with_unread_sharing_is_unknown() -> None:
    assert answer(copied(disk("d1"))).verdict is Verdict.PASS
    result = answer(copied(disk("d1"), shared=None))
    assert (result.verdict, result.findings) == (Verdict.UNKNOWN, ())


def test_a_customer_key_is_demanded_only_if_it_is_required() -> None:
    assert answer(disk("d1")).verdict is Verdict.PASS
    assert severities_of(answer(disk("d1"), policy=STRICT)) == {"etcd-encryption/customer-key": Severity.MEDIUM}
    theirs = key("k", manager=KeyManager.PROVIDER)
    assert severities_of(answer(disk("d1", key="k"), keys=[theirs], policy=STRICT)) == {
        "etcd-encryption/customer-key": Severity.MEDIUM
    }
    assert answer(disk("d1", key="k"), keys=[key("k")], policy=STRICT).verdict is Verdict.PASS


def test_an_unencrypted_disk_of_the_next_host_is_medium() -> None:
    result = answer(
        disk("d1"), pools=[pool(DiskTemplate("/dev/a", encrypted=False), DiskTemplate("/dev/b", encrypted=True))]
    )
    assert severities_of(result) == {"etcd-encryption/pool": Severity.MEDIUM}
    assert "/dev/a" in result.findings[0].message
    assert "/dev/b" not in result.findings[0].message
    assert result.findings[0].evidence[0].fact == "template lt"
    bare = answer(disk("d1"), pools=[pool(DiskTemplate("/dev/a", encrypted=False), template="")])
    assert bare.findings[0].evidence[0].fact == "its template"
    assert answer(disk("d1"), pools=[pool(DiskTemplate("/dev/a", encrypted=False), roles=NODE)]).verdict is Verdict.PASS


@pytest.mark.parametrize("disks", [(), (DiskTemplate("/dev/a", encrypted=None),)])
def test_a_pool_with_unknown_disks_makes_the_row_unknown(disks: tuple[DiskTemplate, ...]) -> None:
    result = answer(disk("d1"), pools=[pool(*disks)])
    assert (result.verdict, result.findings) == (Verdict.UNKNOWN, ())
    assert answer(disk("d1"), pools=[pool(*disks, roles=NODE)]).verdict is Verdict.PASS


@pytest.mark.parametrize("root", [False, None], ids=["unencrypted", "unknown"])
@pytest.mark.parametrize("made_by", ["asg", ""], ids=["pool with a host", "pool without a host"])
def test_only_etcd_s_known_device_of_a_template_counts(root: bool | None, made_by: str) -> None:  # noqa: FBT001 - a case
    cp = replace(MASTER, pool=made_by)
    data = disk("d1", etcd="tag")
    moved, workers = pool(DiskTemplate("/dev/a", encrypted=root)), pool(DiskTemplate("/dev/b", encrypted=root))
    assert row(snapshot([cp], disks=[data], pools=[moved])).verdict is Verdict.PASS
    assert row(snapshot([cp], disks=[data], pools=[workers])).verdict is not Verdict.PASS
    assert row(snapshot([cp], disks=[disk("d1")], pools=[moved])).verdict is not Verdict.PASS
    second = replace(MASTER, id="cp2", pool=made_by)
    both = [data, disk("d2", "cp2")]
    assert row(snapshot([cp, second], disks=both, pools=[moved])).verdict is not Verdict.PASS


def test_a_host_with_unread_disks_makes_the_row_unknown() -> None:
    assert "no disk of cp (cp.prod) was read" in answer().why
    two = replace(MASTER, disks=("d1", "d2"))
    half = row(snapshot([two], disks=[disk("d1")]))
    assert (half.verdict, half.why) == (Verdict.UNKNOWN, "d2 of cp (cp.prod) was not read")
    told_one = row(snapshot([two], disks=[disk("d1", etcd="tagged etcd")]))
    assert (told_one.verdict, told_one.why) == (Verdict.UNKNOWN, "d2 of cp (cp.prod) was not read"), "etcd's too, maybe"
    whole = [disk("d1", etcd="tagged etcd"), disk("d2", encrypted=False)]
    assert row(snapshot([two], disks=whole)).verdict is Verdict.PASS


def test_a_cluster_without_etcd_hosts_never_passes() -> None:
    assert row(snapshot()).verdict is Verdict.UNKNOWN
    assert row(snapshot([host("n1", NODE)], disks=[disk("d1", "n1")])).verdict is Verdict.UNKNOWN


def test_only_the_disks_of_dedicated_etcd_hosts_count() -> None:
    masters = [host("cp", (Role.CONTROL_PLANE,)), host("e1", ETCD)]
    result = row(snapshot(masters, disks=[disk("d1", encrypted=False), disk("d2", "e1")]))
    assert (result.verdict, result.findings) == (Verdict.PASS, ())


RESTS_ON = {FactKind.HOSTS, FactKind.DISKS, FactKind.KEYS, FactKind.POOLS}


@pytest.mark.parametrize("facet", sorted(FactKind))
def test_a_gap_in_the_row_s_facts_makes_it_unknown(facet: FactKind) -> None:
    gap = Gap("test:Read", "*", Reason.DENIED, "denied", (facet,), "test:read")
    result = row(snapshot([MASTER], disks=[disk("d1")], gaps=[gap]))
    assert result.verdict is (Verdict.UNKNOWN if facet in RESTS_ON else Verdict.PASS)
    assert ("grant test:read" in result.why) is (facet in RESTS_ON)


def test_finding_ids_do_not_depend_on_the_number_or_order_of_hosts() -> None:
    disks = [disk("d1", encrypted=False), disk("d2", "cp2", encrypted=False)]
    masters = [MASTER, host("cp2", CONTROL_PLANE)]
    one = {finding.id for finding in row(snapshot(masters, disks=disks)).findings}
    other = {finding.id for finding in row(snapshot(masters[::-1], disks=disks[::-1])).findings}
    assert one == other
    assert len(one) == 1


def test_disks_with_one_fault_are_one_finding_with_a_change_for_each() -> None:
    masters = [MASTER, host("cp2", CONTROL_PLANE)]
    disks = [disk("d2", "cp2", encrypted=False), disk("d1", encrypted=False)]
    result = row(snapshot(masters, disks=disks))
    (finding,) = result.findings
    assert finding.message == "d1 (/dev/b of cp) holds etcd and is not encrypted (and 1 more)"
    assert [fact.resource.id for fact in finding.evidence] == ["d1", "d2"]
    assert finding.changes == ("disk.encrypt:d1", "disk.encrypt:d2")
    assert finding.hosts == ("cp", "cp2")
    alone = row(snapshot(masters, disks=[disks[1], disk("d2", "cp2")])).findings
    assert [finding.id for finding in alone] == [finding.id]


def test_node_pools_are_ignored_and_hide_no_other_pool() -> None:
    nodes = replace(pool(DiskTemplate("/dev/b", encrypted=None), roles=(Role.NODE,)), id="a", name="nodes")
    result = answer(disk("d1"), pools=[nodes, pool(DiskTemplate("/dev/b", encrypted=None))])
    assert result.unknown == ("whether /dev/b of the next host of masters is encrypted: its template does not say",)


def test_a_key_without_rotation_is_one_advice_for_all_its_disks() -> None:
    result = answer(disk("d1", key="k"), disk("d2", key="k"), keys=[key("k", rotates=False)])
    assert (result.verdict, severities_of(result)) == (Verdict.PASS, {"etcd-encryption/rotation": Severity.LOW})
    assert result.findings[0].changes == ("key.rotate:k",)
    assert not answer(disk("d1", key="k"), keys=[key("k", rotates=True)]).findings


def test_the_settings_of_keys_and_pools_are_shown() -> None:
    until = replace(key("k"), expires="2027-01-01")
    pools = [
        replace(pool(roles=NODE), id=name, name=name, host_encryption=on) for name, on in (("a", True), ("b", False))
    ]
    facts = snapshot([host("n", NODE)], keys=[until], pools=pools)
    cluster = replace(facts.cluster, managed=True, secrets_encryption=SecretsEncryption("k", SOURCE))
    result = row(replace(facts, cluster=cluster))
    assert result.verdict is Verdict.PROVIDER
    assert result.basis.settings == (
        ("key of Secrets", "k (enabled, expires on 2027-01-01)"),
        ("encryption at host", "off (b), on (a)"),
    )


def test_an_unread_key_of_secrets_is_shown_as_unread() -> None:
    facts = snapshot([host("n", NODE)])
    cluster = replace(facts.cluster, managed=True, secrets_encryption=SecretsEncryption("k", SOURCE))
    assert row(replace(facts, cluster=cluster)).basis.settings == (("key of Secrets", "k (not read)"),)
