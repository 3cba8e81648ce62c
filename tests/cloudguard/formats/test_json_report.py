"""The report's JSON has the members of the contract, each with its value."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256

import sample
from cloudguard.formats import json_report
from cloudguard.model.files import snapshot_file
from cloudguard.results.finding import Severity, Waiver

FULL = sample.report(
    sample.finding(1, Severity.LOW),
    sample.finding(2, Severity.CRITICAL, changes=("c-1",)),
    sample.finding(3, Severity.HIGH, waived=Waiver("ops", "it is a lab", "2027-01-01")),
    unknown=("the filter of n-1",),
    gaps=(sample.GAP,),
)
HOSTILE = sample.report(
    sample.finding(1, text=sample.HOSTILE), text=sample.HOSTILE, unknown=(sample.HOSTILE,), gaps=(sample.GAP,)
)


def test_json_has_the_clusters_hosts_with_typed_evidence() -> None:
    cluster = json.loads(json_report.render(FULL))["cluster"]
    assert {"name", "provider", "account", "region", "installer", "version", "hosts"} <= set(cluster)
    assert (
        cluster["hosts"][0].items()
        >= {
            "id": "m-1",
            "name": "m-1",
            "roles": ["control-plane", "etcd"],
            "addresses": ["10.0.0.10", "198.51.100.10"],
            "identity": "",
            "evidence": ["a tag says so"],
            "role_evidence": [{"kind": "installer", "strength": "strong", "text": "a tag says so"}],
        }.items()
    )


def test_json_has_the_regions_as_a_list_and_as_one_text() -> None:
    cluster = replace(sample.snapshot().cluster, regions=("here", "there"))
    document = json.loads(json_report.render(replace(FULL, cluster=cluster)))["cluster"]
    assert (document["region"], document["regions"]) == ("here,there", ["here", "there"])


def test_json_has_the_sha256_of_the_snapshot_s_file() -> None:
    snapshot = sample.snapshot()
    digest = sha256(snapshot_file.dump(snapshot).encode()).hexdigest()
    for report in (replace(FULL, snapshot=snapshot), replace(FULL, digest=digest)):
        assert json.loads(json_report.render(report))["snapshot_sha256"] == digest
    assert json.loads(json_report.render(FULL))["snapshot_sha256"] == ""


def test_json_has_exactly_the_members_of_the_contract() -> None:
    text = json_report.render(FULL)
    document = json.loads(text)
    assert text.isascii()
    names = "schema tool started finished snapshot_sha256 declarations cluster complete last_complete rows plan gaps"
    assert sorted(document) == sorted([*names.split(), "waivers", "since"])
    assert text.startswith('{\n  "schema": "cloudguard/report/v1"')
    assert document["schema"] == "cloudguard/report/v1"
    assert document["complete"] is False
    assert document["tool"] == {"name": "cloudguard", "version": "0"}
    row = document["rows"][0]
    assert (row["row"], row["verdict"]) == ("etcd-access", "FAIL")
    low, critical, waived = row["findings"]
    assert (low["severity"], critical["severity"], waived["severity"]) == ("low", "critical", "high")
    assert critical["resource"] == {"kind": "filter", "id": "f-2", "name": "open"}
    assert critical["witness"] | {"hops": 0} == {
        "summary": "witness open",
        "path": ["gate f-2 (open): rule r-1 (open)"],
        "facts": {"port": "open"},
        "source": "",
        "target": "",
        "service": "",
        "hops": 0,
    }
    named = {"kind": "target-filter", "id": "f-2", "name": "open", "word": "gate"}
    assert critical["witness"]["hops"] == [
        {**named, "rule": "r-1", "lets": "open", "traffic": None, "blamed": False},
    ]
    assert critical["evidence"][0]["call"] == "memory:Read"
    assert critical["changes"] == ["c-1"]
    assert (critical["number"], waived["number"], low["number"]) == (1, 2, 3)
    assert critical["waived"] is None
    accepted = {"owner": "ops", "reason": "it is a lab", "expires": "2027-01-01"}
    assert waived["waived"] == {**accepted, "origin": "", "any_width": False}
    change = document["plan"]["changes"][0]
    assert {"id", "row", "kind", "resource", "before", "after", "proved"} <= set(change)
    assert (change["order"], change["mends"], change["edits"][0]["op"]) == (1, ["000000000002"], "procedure")
    assert document["gaps"][0] | {"message": 0} == {
        "call": "memory:ReadFilters",
        "resource": "f-nodes",
        "reason": "denied",
        "message": 0,
        "hides": ["filters"],
        "permission": "memory:read",
    }


def test_json_has_the_basis_of_each_row() -> None:
    row = json.loads(json_report.render(FULL))["rows"][0]
    assert (
        row["basis"].items()
        >= {
            "examined": {
                "ways": 13,
                "hosts": [{"role": "node", "count": 3}],
                "disks": ["d-1"],
                "identities": ["id-1", "id-2"],
                "keys": ["k-1"],
            },
            "assumed": [{"what": "etcd: tcp/2379-2380", "source": "kubeadm"}],
            "declared": ["etcd-port"],
            "not_asked": [{"what": "Tunnel", "would_help": "memory:ReadTunnels"}],
            "settings": [{"name": "encryption at host", "value": "on (n)"}],
        }.items()
    )


def test_json_keeps_names_unchanged_except_lone_surrogates() -> None:
    document = json.loads(json_report.render(HOSTILE))
    assert document["cluster"]["name"] == sample.HOSTILE.replace("\ud800", "\\ud800")
