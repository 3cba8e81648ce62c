"""What may be declared in ``cloudguard.toml``, and how a wrong file is refused: everything at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from cloudguard.errors import UsageError
from cloudguard.model.cluster import Role
from cloudguard.needs.declarations import Declarations, DeclaredNeed, DeclaredPermission, DeclaredService
from cloudguard.needs.declarations_file import SettingsFile, read

WHOLE = """
cluster = "prod"
admin-cidr = ["203.0.113.0/24", "2001:db8::/32"]
require-cmk = true
addons = ["autoscaler"]
cni = "cilium"
api-port = ["6443", "tcp/443"]
etcd-port = "tcp/2379-2380"
node-ports = "tcp/30000-30100"
control-plane-tag = ["role=master"]
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

[host]
i-0abc = "etcd"
i-0def = ["control-plane", "etcd"]

[provider.memory]
profile = "audit"
region = ["here", "there"]
"""


def test_every_key_is_read() -> None:
    assert read(WHOLE, "cloudguard.toml") == SettingsFile(
        cluster="prod",
        admin_cidrs=("203.0.113.0/24", "2001:db8::/32"),
        services=(
            DeclaredService("tcp/443"),
            DeclaredService("tcp/22", ("10.1.0.0/16",), "the jump host"),
        ),
        needs=(DeclaredNeed("10.2.0.0/16", "node", "tcp/9100", "monitoring"),),
        permissions=(
            DeclaredPermission(
                "cluster", ("store:GetObject",), ("n:p:store:::backups/*", "n:p:store:::more/*"), "backups"
            ),
        ),
        addons=("autoscaler",),
        require_customer_key=True,
        cni="cilium",
        api_ports=("tcp/6443", "tcp/443"),
        etcd_ports=("tcp/2379-2380",),
        node_ports="tcp/30000-30100",
        role_tags={Role.CONTROL_PLANE: ("role=master",), Role.ETCD: ("role=etcd",)},
        extra_hosts={"i-0abc": (Role.ETCD,), "i-0def": (Role.CONTROL_PLANE, Role.ETCD)},
        providers={"memory": {"profile": ("audit",), "region": ("here", "there")}},
        fail_on="high",
        formats=("table", "json=out.json"),
        color="never",
    )


def test_the_reference_s_example_is_a_right_file() -> None:
    page = (Path(__file__).parents[3] / "docs" / "configuration.md").read_text(encoding="utf-8")
    examples = [block.partition("```")[0] for block in page.split("```toml\n")[1:]]
    assert examples
    for example in examples:
        assert read(example, "configuration.md") != SettingsFile()


def test_the_reference_names_every_key() -> None:
    page = (Path(__file__).parents[3] / "docs" / "configuration.md").read_text(encoding="utf-8")
    keys = {line.split("=")[0].strip() for line in WHOLE.splitlines() if " = " in line}
    missing = {key for key in keys if f"`{key}`" not in page} - {"i-0abc", "i-0def", "profile", "region"}
    assert missing == set()


def test_nothing_declared_is_the_default_policy() -> None:
    assert read("", "cloudguard.toml") == SettingsFile()
    assert SettingsFile().policy() == Declarations()


def test_an_empty_list_of_administrators_is_a_declaration() -> None:
    assert read("admin-cidr = []", "cloudguard.toml").policy().admin_cidrs == ()


def test_the_stronger_wins_key_by_key() -> None:
    flags = SettingsFile(cluster="other", admin_cidrs=("10.0.0.0/8",))
    both = flags.over(read(WHOLE, "cloudguard.toml"))
    assert (both.cluster, both.admin_cidrs, both.cni) == ("other", ("10.0.0.0/8",), "cilium")


def test_everything_wrong_is_told_at_once() -> None:
    wrong = """
    admin-cidrs = ["10.0.0.0/8"]
    admin-cidr = ["10.0.0.1/8", "here"]
    require-cmk = "yes"
    node-ports = "tcp/99999"
    fail-on = "bad"
    etcd-tag = "role"
    host = { i-0abc = "king" }
    [[need]]
    peer = "10.0.0.0/33"
    role = "node"
    services = "none"
    """
    with pytest.raises(UsageError) as caught:
        read(wrong, "my.toml")
    said = str(caught.value)
    assert said.startswith("my.toml: ")
    for part in (
        "admin-cidrs: no such key",
        "admin-cidr[0]: '10.0.0.1/8'",
        "write 10.0.0.0/8",
        "admin-cidr[1]: ",
        "require-cmk: ",
        "node-ports: '99999'",
        "fail-on: ",
        "etcd-tag[0]: 'role'",
        "host.i-0abc[0]: ",
        "need[0].peer: '10.0.0.0/33'",
        "need[0].services: 'none'",
        "need[0].reason: missing",
    ):
        assert part in said


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[[need]]\nrole = "node"\nreason = "x"', "need.0.: give peer and services"),
        ('[[need]]\nrole = "node"\nreason = "x"\npeer = "sg-1"', "need.0.: give peer and services"),
        (
            '[[need]]\nrole = "node"\nreason = "x"\npeer = "sg-1"\nservices = "22"\nactions = "a:b"\nresources = "*"',
            "need.0.: give peer and services",
        ),
        ('[[need]]\nrole = "pods"\nreason = "x"\npeer = "sg-1"\nservices = "22"', "role 'pods' is none of"),
        ("a = ", "is not TOML"),
        ("cluster = 3", "cluster: "),
        ('cluster = " "', "cluster: it is empty"),
    ],
)
def test_a_wrong_file_is_refused(text: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        read(text, "cloudguard.toml")
