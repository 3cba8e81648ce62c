"""A snapshot goes to a file and back unchanged; a file that is wrong is refused with all that is wrong in it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

import sample
from cloudguard.errors import ExitStatus, UsageError
from cloudguard.model import snapshot_file
from cloudguard.model.network import AddressList, BackendTarget, Balancer, ClientAddress, Endpoint, Interface, Listener
from cloudguard.model.snapshot import SCHEMA

Document = dict[str, Any]
WHOLE = sample.snapshot(gaps=(sample.GAP,))
TEXT = snapshot_file.dump(WHOLE)


def refusal(data: bytes | str) -> str:
    """Return what ``load`` says of ``data``."""
    with pytest.raises(UsageError) as caught:
        snapshot_file.load(data, "prod.json")
    assert caught.value.status is ExitStatus.USAGE
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_is_dumped_is_loaded() -> None:
    assert snapshot_file.load(snapshot_file.dump(WHOLE), "prod.json") == WHOLE
    assert snapshot_file.load(snapshot_file.dump(WHOLE).encode(), "prod.json") == WHOLE


def test_dumping_is_deterministic_and_begins_with_the_schema() -> None:
    text = snapshot_file.dump(WHOLE)
    assert text == snapshot_file.dump(sample.snapshot(gaps=(sample.GAP,)))
    assert next(iter(json.loads(text).items())) == ("schema", SCHEMA)


def test_hostile_names_survive_and_lone_surrogates_are_spelt_out() -> None:
    hostile = replace(WHOLE, cluster=replace(WHOLE.cluster, name=sample.HOSTILE))
    loaded = snapshot_file.load(snapshot_file.dump(hostile).encode(), "prod.json")
    assert loaded.cluster.name == sample.HOSTILE.replace("\ud800", "\\ud800")
    assert snapshot_file.dump(loaded) == snapshot_file.dump(hostile)


def test_everything_wrong_is_told_at_once() -> None:
    document: Document = json.loads(snapshot_file.dump(WHOLE))
    document["schema"] = "cloudguard/snapshot/v9"
    document["extra"] = 1
    document["cluster"]["hosts"][0]["roles"] = ["node", "king"]
    document["cluster"]["managed"] = "yes"
    del document["topology"]["filters"][0]["rules"][1]["peer"]
    said = refusal(json.dumps(document))
    for part in (
        "'cloudguard/snapshot/v9'",
        "extra: no such field",
        "cluster.hosts[0].roles[1]: ",
        "cluster.managed: ",
        "topology.filters[0].rules[1].peer: missing",
    ):
        assert part in said


def test_faults_beyond_twenty_are_counted() -> None:
    document: Document = json.loads(snapshot_file.dump(WHOLE))
    document |= {f"extra{number}": 0 for number in range(25)}
    said = refusal(json.dumps(document))
    assert said.count("no such field") == snapshot_file.MOST_FAULTS
    assert "and 5 more" in said


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (TEXT[: len(TEXT) // 2], "damaged or cut short"),
        ("", "is empty"),
        ("  \n", "is empty"),
        ("[1, 2]", "is not a cloudguard snapshot"),
        ('{"schema": "cloudguard/report/v1"}', "'cloudguard/report/v1'"),
        (TEXT + "{", "damaged or cut short"),
        (TEXT.replace("10.0.0.10", "10.0.0.300"), "10.0.0.300"),
        (TEXT.replace("10.0.0.0/16", "10.0.0.1/16"), "host bits"),
        (TEXT.replace("tcp/6443", "tcp/66443"), "66443"),
    ],
    ids=["half", "empty", "blank", "list", "report", "trailing", "address", "host bits", "port"],
)
def test_a_wrong_file_is_refused(text: str, told: str) -> None:
    assert told in refusal(text)


def test_bytes_that_are_not_utf_8_are_refused() -> None:
    said = refusal(snapshot_file.dump(WHOLE).encode().replace(b'"prod"', b'"pr\xffod"'))
    assert "not UTF-8" in said
    assert "0xff" in said


@pytest.mark.parametrize("junk", [b"\0", b"x", b"[", b"{}", b'"', b"0,"], ids=repr)
def test_a_hundred_megabytes_of_garbage_are_refused(junk: bytes) -> None:
    garbage = junk * (100_000_000 // len(junk))
    assert "is not a cloudguard snapshot" in refusal(garbage)


def test_every_address_and_service_is_looked_at() -> None:
    source = sample.READ
    listener = Listener("l-1", "tcp/70000", (BackendTarget("m-1", "", "tcp/70001"),), ClientAddress.REPLACED, source)
    topology = replace(
        WHOLE.topology,
        address_lists=(AddressList("a-1", "offices", ("10.0.0.0/40",), known=True, source=source),),
        balancers=(Balancer("b-1", "b", "network", False, "net-1", (), (), (), (listener,), source),),  # noqa: FBT003
        endpoints=(Endpoint("e-1", "tcp/70002", True, ("1.2.3.4/40",), False, "net-1", (), (), (), source),),  # noqa: FBT003
        external_members=(Interface("i-1", "seg-1", ("1.2.3.400",), source),),
        outbound_addresses=("1.2.3.5/40",),
    )
    said = refusal(snapshot_file.dump(replace(WHOLE, topology=topology)))
    for part in ("70000", "70001", "70002", "10.0.0.0/40", "1.2.3.4/40", "1.2.3.400", "1.2.3.5/40"):
        assert part in said
