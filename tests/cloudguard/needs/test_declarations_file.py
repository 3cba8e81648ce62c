"""The declarations of ``cloudguard.toml``. A wrong file is refused with all its faults at once."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest

from cloudguard.errors import SettingsError, UsageError
from cloudguard.model.cluster import Role
from cloudguard.needs import settings
from cloudguard.needs.declarations import (
    Declarations,
    DeclaredNeed,
    DeclaredOutsider,
    DeclaredPermission,
    DeclaredService,
    InForce,
)
from cloudguard.needs.declarations_file import declarations, load_declarations, parse, read
from cloudguard.needs.in_force import everything_declared, in_force, without_reason
from cloudguard.needs.setting import Settings
from cloudguard.needs.settings import IN_FILE

WHOLE = """
cluster = "prod"
admin-cidr = ["203.0.113.0/24", "2001:db8::/32"]
admin-reason = "all of the company"
api-inside = true
require-cmk = true
addons = ["autoscaler"]
cni = "cilium"
api-port = ["6443", "tcp/443"]
etcd-port = "tcp/2379-2380"
etcd-tls = "checked on every host"
node-ports = "tcp/30000-30100"
control-plane-tag = ["role=master"]
node-tag = ["role=worker", "role=ingress"]
etcd-tag = "role=etcd"
fail-on = "high"
format = ["table", "json=out.json"]
color = "never"
[[service]]
services = "tcp/443"
[[service]]
services = "tcp/22"
sources = ["10.1.0.0/16"]
reason = "the jump host"

[[need]]
peer = "10.2.0.0/16"
role = "node"
services = "tcp/9100"
reason = "monitoring"

[[need]]
role = "cluster"
actions = "store:GetObject"
resources = ["n:p:store:::backups/*", "n:p:store:::more/*"]
reason = "backups"
identity = "backup-*"

[[outsider]]
principal = "account 2"
reason = "the vendor"

[host]
i-0abc = "etcd"
i-0def = ["control-plane", "etcd"]

[provider.memory]
profile = "audit"
region = ["here", "there"]
"""
DECLARED = Declarations(
    admin_cidrs=("203.0.113.0/24", "2001:db8::/32"),
    admin_reason="all of the company",
    api_inside=True,
    services=(
        DeclaredService("tcp/443"),
        DeclaredService("tcp/22", ("10.1.0.0/16",), "the jump host"),
    ),
    needs=(DeclaredNeed("10.2.0.0/16", "node", "tcp/9100", "monitoring"),),
    permissions=(
        DeclaredPermission(
            "cluster", ("store:GetObject",), ("n:p:store:::backups/*", "n:p:store:::more/*"), "backups", "backup-*"
        ),
    ),
    outsiders=(DeclaredOutsider("account 2", "the vendor"),),
    addons=("autoscaler",),
    require_customer_key=True,
    cni="cilium",
    api_ports=("tcp/6443", "tcp/443"),
    etcd_ports=("tcp/2379-2380",),
    etcd_tls="checked on every host",
    node_ports="tcp/30000-30100",
)
OTHERS = {
    settings.CLUSTER: ("prod",),
    settings.CONTROL_PLANE_TAG: ("role=master",),
    settings.NODE_TAG: ("role=worker", "role=ingress"),
    settings.ETCD_TAG: ("role=etcd",),
    settings.HOST: {"i-0abc": (Role.ETCD,), "i-0def": (Role.CONTROL_PLANE, Role.ETCD)},
    settings.FAIL_ON: "high",
    settings.FORMAT: ("table", "json=out.json"),
    settings.COLOR: "never",
    settings.PROVIDER: {"memory": {"profile": ("audit",), "region": ("here", "there")}},
}


def settings_in(text: str) -> Settings:
    """Return the settings of a file with this text."""
    return read(parse(text, "cloudguard.toml"), "cloudguard.toml")


def test_every_declaring_key_is_read() -> None:
    found = settings_in(WHOLE)
    assert [setting.name for setting in IN_FILE if setting.declares and found.get(setting) is None] == []
    assert {setting: found.get(setting) for setting in OTHERS} == OTHERS
    assert declarations(found) == DECLARED


def test_every_declaration_has_a_setting() -> None:
    named = {setting.declares for setting in IN_FILE} - {""}
    assert named | {"needs", "permissions", "stated_in", "others", "waivers"} == {
        field.name for field in fields(Declarations)
    }


def test_names_of_settings_are_unique() -> None:
    assert len({setting.name for setting in IN_FILE}) == len(IN_FILE)


def test_nothing_declared_is_the_default() -> None:
    assert declarations(settings_in("")) == Declarations()


def test_an_empty_list_of_administrators_is_a_declaration() -> None:
    assert declarations(settings_in("admin-cidr = []")).admin_cidrs == ()


def test_overriding_settings_win_key_by_key() -> None:
    both = Settings({settings.CLUSTER: ("other",), settings.ADMIN_CIDR: ("10.0.0.0/8",)}).over(settings_in(WHOLE))
    assert both.get(settings.CLUSTER) == ("other",)
    assert both.get(settings.ADMIN_CIDR) == ("10.0.0.0/8",)
    assert both.get(settings.CNI) == "cilium"


def test_declarations_are_loaded_from_a_file_and_from_its_text(tmp_path: Path) -> None:
    path = tmp_path / "cloudguard.toml"
    path.write_text(WHOLE, encoding="utf-8")
    for source in (path, str(path), WHOLE):
        assert load_declarations(source) == DECLARED


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (None, "cannot read .*gone.toml: No such file"),
        (b"cluster = '\xff'\n", "gone.toml is not UTF-8: byte 11 is wrong"),
        (b"cluster = 'x'\ncni = 3\n", "gone.toml: cni: 3 is not text: write it in quotes"),
    ],
)
def test_a_file_that_cannot_be_loaded_is_named(tmp_path: Path, content: bytes | None, part: str) -> None:
    path = tmp_path / "gone.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=part):
        load_declarations(path)


def test_every_fault_of_a_file_is_listed() -> None:
    wrong = """
    admin-cidrs = ["10.0.0.0/8"]
    nonsense = 1
    admin-cidr = ["10.0.0.1/8", "here"]
    require-cmk = "yes"
    node-ports = "tcp/99999"
    fail-on = "bad"
    etcd-tag = "role"
    host = { i-0abc = "king", i-0def = [] }
    provider = { aws = "audit" }
    [[need]]
    peer = "10.0.0.0/33"
    role = "node"
    services = "none"
    [[service]]
    services = "tcp/443"
    source = ["10.0.0.0/8"]
    """
    with pytest.raises(SettingsError) as caught:
        settings_in(wrong)
    parts = (
        "admin-cidrs: no such key. Did you mean 'admin-cidr'?",
        "nonsense: no such key; known: addons, admin-cidr, ",
        "admin-cidr[0]: '10.0.0.1/8' is not a CIDR: it has host bits",
        "admin-cidr[1]: 'here' ",
        "require-cmk: 'yes' is not true or false",
        "node-ports: '99999'",
        "fail-on: 'bad' is not one of critical, high, medium, low, never",
        "etcd-tag: 'role' is not a tag: write KEY=VALUE",
        "host.i-0abc: 'king' is not one of control-plane, etcd, node",
        "host.i-0def: the list is empty",
        "provider.aws: 'audit' is not a table",
        "need[0].peer: '10.0.0.0/33'",
        "need[0].services: 'none' contains no service",
        "need[0].reason: missing",
        "service[0].source: no such key. Did you mean 'sources'?",
    )
    assert len(caught.value.faults) == len(parts)
    for fault, part in zip(sorted(caught.value.faults), sorted(parts), strict=True):
        assert fault.startswith(f"cloudguard.toml: {part}"), fault


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('[[need]]\nrole = "node"\nreason = "x"', "need.0.: give peer and services"),
        ('[[need]]\nrole = "node"\nreason = "x"\npeer = "sg-1"', "need.0.: give peer and services"),
        (
            '[[need]]\nrole = "node"\nreason = "x"\npeer = "sg-1"\nservices = "22"\nactions = "a:b"\nresources = "*"',
            "need.0.: give peer and services",
        ),
        ('[[need]]\nrole = "pods"\nreason = "x"\npeer = "sg-1"\nservices = "22"', "role: 'pods' is not one of"),
        ("need = 3", "need: 3 is not a table"),
        ("a = ", "is not valid TOML"),
        ("cluster = 3", "cluster: 3 is not text: write it in quotes"),
        ('cluster = " "', "cluster: it is empty"),
        ("api-port = [443]", "api-port.0.: 443 is not text: write it in quotes"),
    ],
)
def test_a_wrong_file_is_refused(text: str, fault: str) -> None:
    with pytest.raises(UsageError, match=fault):
        load_declarations(text)


EVERYTHING = [
    ('admin-cidr = ["0.0.0.0/0"]', 'admin-reason = "why"'),
    ('admin-cidr = ["0.0.0.0/1", "128.0.0.0/1"]', 'admin-reason = "why"'),
    ('admin-cidr = "::/0"', 'admin-reason = "why"'),
    ('[[service]]\nservices = "all"', 'reason = "why"'),
    ('[[service]]\nservices = "tcp/1-65535"\nsources = ["10.0.0.0/8"]', 'reason = "why"'),
    ('[[service]]\nservices = "udp"', 'reason = "why"'),
    (
        '[[service]]\nservices = "tcp/1-32000"\nreason = "why"\n[[service]]\nservices = "tcp/32001-65535"',
        'reason = "why"',
    ),
]


@pytest.mark.parametrize(("text", "reason"), EVERYTHING, ids=str)
def test_a_declaration_that_allows_everything_needs_a_reason(text: str, reason: str) -> None:
    with pytest.raises(SettingsError) as raised:
        load_declarations(text)
    assert "allows everything: give the reason, as " in str(raised.value)
    [everything] = everything_declared(load_declarations(f"{text}\n{reason}"))
    assert everything.reason in {"why", "why; why"}
    blank = replace(load_declarations(f"{text}\n{reason}"), admin_reason=" ")
    assert len(without_reason(blank)) == ("admin-cidr" in text)


@pytest.mark.parametrize("ports", ["all", "tcp/1-65535", "udp", "tcp/1-40000"])
def test_all_ports_are_not_accepted_as_node_ports(ports: str) -> None:
    with pytest.raises(SettingsError, match="not a range of NodePorts"):
        load_declarations(f'node-ports = "{ports}"')


@pytest.mark.parametrize(
    "text",
    [
        'admin-cidr = ["10.0.0.0/8", "198.51.100.0/24"]',
        '[[service]]\nservices = "tcp/443,tcp/30000-32767"',
        '[[need]]\npeer = "10.0.0.0/8"\nrole = "node"\nservices = "tcp/9100"\nreason = "why"',
        '[[need]]\nrole = "node"\nactions = ["store:*"]\nresources = ["*"]\nreason = "why"',
    ],
)
def test_a_narrower_declaration_needs_no_reason(text: str) -> None:
    assert [*everything_declared(load_declarations(text))] == []


@pytest.mark.parametrize(
    "text",
    ['peer = "0.0.0.0/0"\nservices = "tcp/1"', 'peer = "sg-1"\nservices = "all"', 'actions = "*:*"\nresources = "*"'],
)
def test_a_need_can_allow_everything_too(text: str) -> None:
    [everything] = everything_declared(load_declarations(f'[[need]]\nrole = "node"\nreason = "why"\n{text}'))
    assert (everything.name, everything.reason, everything.permission) == ("need", "why", "actions" in text)


def test_each_declaration_in_force_names_its_file() -> None:
    found = {each.name: each for each in in_force(declarations(settings_in(WHOLE)))}
    assert {each.origin for each in found.values()} == {str(Path("cloudguard.toml").resolve())}
    assert found["admin-cidr"].values == ("203.0.113.0/24", "2001:db8::/32")
    assert found["service"].values == ("tcp/443 from 0.0.0.0/0, ::/0", "tcp/22 from 10.1.0.0/16: the jump host")
    assert found["need"].values[0] == "tcp/9100 from 10.2.0.0/16 to node: monitoring"
    assert found["require-cmk"].values == ("yes",)
    assert found["host"].values == ("i-0abc=etcd", "i-0def=control-plane+etcd")
    assert {"cluster", "fail-on", "format", "provider"}.isdisjoint(found)
    assert in_force(Declarations(admin_cidrs=())) == (InForce("admin-cidr", ("nobody",), ""),)
