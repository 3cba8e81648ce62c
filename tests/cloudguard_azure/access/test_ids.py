"""Resource ids are compared in canonical form."""

from __future__ import annotations

import pytest

from cloudguard.provider.answers import AnswerError, Item
from cloudguard_azure.access import ids

GROUP = "/subscriptions/S/resourceGroups/Group"
BALANCER = f"{GROUP}/providers/Microsoft.Network/loadBalancers/Front"
POOL = f"{BALANCER}/backendAddressPools/Back"
ITEM: Item = {"id": POOL, "one": {"id": BALANCER}, "many": [{"id": POOL}, {"id": BALANCER + "/"}], "kind": "ALLOW"}


def test_an_id_has_one_canonical_form() -> None:
    assert ids.canonical(POOL.upper()) == ids.canonical(POOL + "/") == ids.canonical(POOL[1:]) == POOL.lower()
    assert ids.canonical("") == ids.canonical("/") == ""


def test_an_id_has_a_name_a_subscription_a_group_and_parts() -> None:
    assert ids.name_of(POOL) == "Back"
    assert (ids.subscription_of(POOL), ids.group_of(POOL), ids.segment_after(POOL, "loadBalancers")) == (
        "s",
        "group",
        "front",
    )
    assert ids.segment_after(POOL, "disks") == ids.segment_after(POOL, "back") == ids.group_of("") == ""


def test_an_id_has_a_parent() -> None:
    assert ids.parent(POOL) == BALANCER.lower()
    assert ids.parent(ids.parent(POOL)) == GROUP.lower()
    assert ids.parent(GROUP) == "/subscriptions/s"


def test_ids_in_an_item_are_read() -> None:
    assert ids.own_id(ITEM) == POOL.lower()
    assert (ids.id_in(ITEM, "one"), ids.id_in(ITEM, "none")) == (BALANCER.lower(), "")
    assert ids.ids_in(ITEM, "many") == (POOL.lower(), BALANCER.lower())
    assert ids.word(ITEM, "kind") == "allow"


@pytest.mark.parametrize("wrong", [{}, {"id": ""}, {"id": None}, {"id": 7}, {"id": "name"}])
def test_a_value_that_is_no_id_is_refused(wrong: Item) -> None:
    with pytest.raises(AnswerError):
        ids.own_id(wrong)
