"""The targets file: accounts, clusters and their declarations; all its faults are listed at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import memory_adapter
import sample
from command import install, ran, refusal

WHOLE = """
[declarations]
cni = "calico"
admin-cidr = ["203.0.113.0/24"]

[[target]]
provider = "memory"
account = "{account}"
regions = ["here"]
profile = "night"

[target.declarations]
cni = "cilium"

[[target]]
provider = "memory"
clusters = ["gappy"]

[target.cluster.gappy]
admin-cidr = []

[cluster.prod]
etcd-tls = "the installer's configuration"
"""
ACCOUNT = sample.snapshot().cluster.account


@pytest.fixture(autouse=True)
def memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Install the provider "memory"."""
    install(monkeypatch, tmp_path)


def _written(text: str) -> str:
    Path("targets.toml").write_text(text, encoding="utf-8")
    return "targets.toml"


def _declared(report: dict[str, dict[str, dict[str, object]]]) -> dict[str, object]:
    return {name: item["values"] for name, item in report["declarations"].items()}


def test_each_cluster_is_judged_by_its_own_declarations(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = ran(capsys, "check", "--targets", _written(WHOLE.format(account=ACCOUNT)), "-f", "json")
    prod, gappy = json.loads(out)["reports"]
    assert status == 5
    assert (prod["cluster"]["name"], gappy["cluster"]["name"]) == ("prod", "gappy")
    assert _declared(prod)["cni"] == ["cilium"]
    assert _declared(prod)["admin-cidr"] == ["203.0.113.0/24"]
    assert "etcd-tls" in _declared(prod)
    assert _declared(gappy)["cni"] == ["calico"]
    assert _declared(gappy)["admin-cidr"] != ["203.0.113.0/24"]
    assert "etcd-tls" not in _declared(gappy)
    requests = [request for request in memory_adapter.ADAPTER.requests if request.cluster == "prod"]
    assert [{name: [*values] for name, values in request.options.items()} for request in requests] == [
        {"region": ["here"], "profile": ["night"]}
    ]


def test_a_flag_overrides_the_targets_file(capsys: pytest.CaptureFixture[str]) -> None:
    file = _written(WHOLE.format(account=ACCOUNT))
    out = ran(capsys, "check", "--targets", file, "--cni", "weave", "-f", "json")[1]
    assert [_declared(report)["cni"] for report in json.loads(out)["reports"]] == [["weave"]] * 2


def test_a_cluster_in_an_unexpected_account_is_not_judged(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = ran(capsys, "check", "--targets", _written(WHOLE.format(account="999")), "-f", "json")
    prod, gappy = json.loads(out)["reports"]
    assert status == 5
    assert {row["verdict"] for row in prod["rows"]} == {"UNKNOWN"}
    assert "FAIL" in {row["verdict"] for row in gappy["rows"]}
    assert f"prod: the credentials belong to the account {ACCOUNT}, but the target is 999. Check the target's" in err


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("", ["target: missing"]),
        ("target = []", ["target: the list is empty"]),
        (
            '[[target]]\nprovider = "memry"\nx = 1\n[[target]]\nclusters = []\n[extra]\n',
            [
                "target[0].provider: 'memry' is not one of ",
                "target[1].provider: missing",
                "target[1].clusters: the list is empty",
                "extra: no such key",
            ],
        ),
        (
            """
            [[target]]
            provider = "memory"
            role = "r"
            regon = "x"
            profile = ["a"]
            [target.declarations]
            fail-on = "low"
            """,
            [
                "target[0].role: memory has no flag for this key",
                "target[0].regon: no such key. Did you mean 'region'?",
                "target[0].profile: ['a'] is not text",
                "target[0].declarations.fail-on: no such key",
            ],
        ),
        (
            '[[target]]\nprovider = "memory"\nregions = ["a"]\nregion = ["b"]\n',
            ["target[0]: region and region set the same flag: give only one of them"],
        ),
        (
            '[[target]]\nprovider = "memory"\nclusters = ["prod"]\n[cluster.prd]\ncni = "calico"\n',
            ["cluster.prd: no target has this cluster"],
        ),
        ('[[target]]\nprovider = "memory"\n[cluster.prod]\nadmin-cidr = "x"\n', ["cluster.prod.admin-cidr: "]),
    ],
)
def test_every_fault_of_the_file_is_named_at_once(
    capsys: pytest.CaptureFixture[str], text: str, faults: list[str]
) -> None:
    status, out, lines = ran(capsys, "check", "--targets", _written(text))
    assert (status, out) == (2, "")
    for fault in faults:
        assert f"cloudguard: targets.toml: {fault}" in lines
    assert lines.count("cloudguard: targets.toml: ") == len(faults)


TWINS = """
[[target]]
provider = "memory"
regions = ["here", "there"]
clusters = ["twins", "prod"]

[[target]]
provider = "memory"
regions = ["there"]
clusters = ["twins"]

[target.cluster.twins]
cni = "cilium"
"""


def test_a_name_that_several_clusters_have_is_each_of_them_once(capsys: pytest.CaptureFixture[str]) -> None:
    out = ran(capsys, "check", "--targets", _written(TWINS), "-f", "json")[1]
    reports = json.loads(out)["reports"]
    assert sorted((report["cluster"]["name"], *report["cluster"]["regions"]) for report in reports) == [
        ("prod", "here"),
        ("twins", "here"),
        ("twins", "there"),
    ]
    assert [_declared(report).get("cni") for report in reports if report["cluster"]["regions"] == ["there"]] == [
        ["cilium"]
    ]
    assert "Choose one with --region" in refusal(capsys, "check", "memory", "--cluster", "twins")


def test_a_missing_file_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert "cannot read none.toml: No such file" in refusal(capsys, "check", "--targets", "none.toml")
