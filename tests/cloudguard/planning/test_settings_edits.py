"""Edits of disks on the model: what the planner assumes of a disk once a procedure is carried out."""

from __future__ import annotations

from builders import CONTROL_PLANE, SOURCE, host, snapshot
from cloudguard import pipeline
from cloudguard.model.cluster import Disk
from cloudguard.model.keys import Key, KeyManager, KeyState
from cloudguard.needs.declarations import Declarations
from cloudguard.planning.planner import Planned

PROVIDERS = Key("aws/ebs", KeyManager.PROVIDER, KeyState.ENABLED, SOURCE)
STRICT = Declarations(require_customer_key=True)


def planned(*disks: Disk, keys: tuple[Key, ...] = ()) -> Planned:
    facts = snapshot([host("cp", CONTROL_PLANE)], disks=disks, keys=[PROVIDERS, *keys])
    return pipeline.plan(facts, STRICT, rows=("etcd-encryption",))


def disk(name: str, key: str, *, encrypted: bool = True) -> Disk:
    return Disk(name, "", "cp", "/dev/b", encrypted, key, SOURCE)


def test_disks_with_the_providers_key_get_one_key_of_the_users_own() -> None:
    plan = planned(disk("d1", PROVIDERS.id), disk("d2", PROVIDERS.id))
    assert plan.plan.mends == plan.plan.asked != ()
    after = plan.proposal.after.cluster
    (key,) = {each.key for each in after.disks}
    assert [each.manager for each in after.keys if each.id == key] == [KeyManager.CUSTOMER]


def test_a_disk_gets_the_customers_key_of_another_disk() -> None:
    key = Key("own", KeyManager.CUSTOMER, KeyState.ENABLED, SOURCE, rotates=True, expires="2027-01-01")
    plan = planned(disk("d1", PROVIDERS.id), disk("d2", key.id), keys=(key,))
    assert {each.key for each in plan.proposal.after.cluster.disks} == {key.id}


def test_a_disk_that_is_encrypted_anew_does_not_get_the_users_own_key() -> None:
    plan = planned(disk("d1", "", encrypted=False))
    assert [each.key for each in plan.proposal.after.cluster.disks] == [""]
    assert len(plan.plan.residual) == 1
    assert plan.plan.plan_again
