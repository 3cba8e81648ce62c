"""Settings: a flag overrides a variable, a variable overrides the file, and all faults are listed at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import memory_adapter
from cloudguard.model.cluster import Role
from command import install, ran, refusal, written_snapshot


@pytest.fixture(autouse=True)
def memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Install the provider "memory"."""
    install(monkeypatch, tmp_path)


@pytest.fixture
def snapshot() -> str:
    """The file name of the sample snapshot."""
    return written_snapshot()


def test_every_flag_reaches_the_provider(capsys: pytest.CaptureFixture[str]) -> None:
    flags = ("--cluster", "prod", "--profile", "p", "--region", "a", "--region", "b", "--etcd-tag", "x=y")
    hosts = ("--host", "i-1=etcd", "--host", "i-1=control-plane")
    ran(capsys, "collect", *flags, "memory", *hosts, "-o", "s.json")
    [request] = memory_adapter.ADAPTER.requests
    assert request.cluster == "prod"
    assert request.options == {"profile": ("p",), "region": ("a", "b")}
    assert request.role_tags == {Role.ETCD: ("x=y",)}
    assert request.extra_hosts == {"i-1": (Role.ETCD, Role.CONTROL_PLANE)}


def test_explain_passes_flags_and_the_file_s_table_to_the_provider(capsys: pytest.CaptureFixture[str]) -> None:
    Path("cloudguard.toml").write_text('cluster = "prod"\n[provider.memory]\nprofile = "file"\nregion = "file"\n')
    assert "has no finding '0123456789ab'" in refusal(capsys, "explain", "0123456789ab", "memory", "--region", "flag")
    [request] = memory_adapter.ADAPTER.requests
    assert request.options == {"profile": ("file",), "region": ("flag",)}


def test_a_command_without_settings_does_not_read_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    Path("cloudguard.toml").write_text("nonsense")
    assert ran(capsys, "version")[0] == 0
    assert "is not valid TOML" in refusal(capsys, "discover", "memory")


def test_a_flag_overrides_the_environment_which_overrides_the_file(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("cloudguard.toml").write_text('cluster = "prod"\n[provider.memory]\nprofile = "file"\nregion = "file"\n')
    monkeypatch.setenv("CLOUDGUARD_REGION", "env-1 env-2")
    ran(capsys, "check", "memory")
    monkeypatch.setenv("CLOUDGUARD_PROFILE", "env")
    ran(capsys, "check", "memory", "--region", "flag")
    first, second = memory_adapter.ADAPTER.requests
    assert first.cluster == "prod"
    assert first.options == {"profile": ("file",), "region": ("env-1", "env-2")}
    assert second.options == {"profile": ("env",), "region": ("flag",)}


def test_a_cloud_s_own_variables_are_defaults(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEMORY_USER", "second")
    ran(capsys, "check", "memory", "--cluster", "prod")
    monkeypatch.setenv("MEMORY_PROFILE", "first")
    ran(capsys, "check", "memory", "--cluster", "prod")
    Path("cloudguard.toml").write_text('cluster = "prod"\n[provider.memory]\nprofile = "file"\n')
    ran(capsys, "check", "memory")
    requests = memory_adapter.ADAPTER.requests
    assert [request.options["profile"] for request in requests] == [("second",), ("first",), ("file",)]


def test_a_variable_may_name_the_file(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    Path("other.toml").write_text('cluster = "gappy"\nfail-on = "never"\n')
    monkeypatch.setenv("CLOUDGUARD_CONFIG", "other.toml")
    assert ran(capsys, "check", "memory")[0] == 4


def test_every_wrong_flag_variable_and_key_has_its_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("cloudguard.toml").write_text("clutser = 'x'\n[provider.memory]\nregoin = 'x'\nprofile = 3\n")
    monkeypatch.setenv("CLOUDGUARD_API_PORT", "443 tcp/x")
    monkeypatch.setenv("CLOUDGUARD_REQUIRE_CMK", "maybe")
    status, out, err = ran(capsys, "check", "memory", "--fail-on", "bad")
    assert (status, out) == (2, "")
    assert [line.partition(": ")[2].partition(": ")[::2] for line in err.splitlines()] == [
        ("--fail-on", "'bad' is not one of critical, high, medium, low, never"),
        ("CLOUDGUARD_REQUIRE_CMK", "'maybe' is not true or false"),
        ("CLOUDGUARD_API_PORT", "'x' in 'tcp/x': a port is a number from 0 to 65535, a range is LOW-HIGH"),
        ("cloudguard.toml", "clutser: no such key. Did you mean 'cluster'?"),
        ("cloudguard.toml", "provider.memory.profile: 3 is not text: write it in quotes"),
        ("cloudguard.toml", "provider.memory.regoin: no such key. Did you mean 'region'?"),
    ]


@pytest.mark.parametrize(("text", "verdict"), [("true", "FAIL"), ("no", "PASS"), ("", "PASS")])
def test_a_variable_sets_a_switch(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, snapshot: str, text: str, verdict: str
) -> None:
    monkeypatch.setenv("CLOUDGUARD_REQUIRE_CMK", text)
    _, out, _ = ran(capsys, "check", "--snapshot", snapshot, "-f", "json")
    assert [row["verdict"] for row in json.loads(out)["rows"] if row["row"] == "etcd-encryption"] == [verdict]


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"[provider.memory]\nnonsense = '1'\n", "provider.memory.nonsense: no such key"),
        (b"admin-cidrs = []\n", "cloudguard.toml: admin-cidrs: no such key"),
        (b"cluster = '\xff'\n", "cloudguard.toml is not UTF-8"),
    ],
)
def test_a_wrong_file_is_refused_in_one_line(capsys: pytest.CaptureFixture[str], content: bytes, part: str) -> None:
    Path("cloudguard.toml").write_bytes(content)
    assert part in refusal(capsys, "check", "memory")


def test_a_declaration_changes_the_verdict(capsys: pytest.CaptureFixture[str], snapshot: str) -> None:
    verdicts: list[str] = []
    for flags in ((), ("--require-cmk",)):
        _, out, _ = ran(capsys, "check", "--snapshot", snapshot, "-f", "json", *flags)
        verdicts += [row["verdict"] for row in json.loads(out)["rows"] if row["row"] == "etcd-encryption"]
    assert verdicts == ["PASS", "FAIL"]


@pytest.mark.parametrize(
    "line",
    ["fail-on = 'never'", "format = 'json=x.json'", "format = 'table'", "color = 'never'"],
)
def test_cloudguard_toml_may_not_set_gates_and_output(capsys: pytest.CaptureFixture[str], line: str) -> None:
    Path("cloudguard.toml").write_text(f"cluster = 'prod'\nadmin-cidr = ['198.51.100.0/24']\n{line}\n")
    key = line.partition(" ")[0]
    refused = f"cloudguard: cloudguard.toml: {key} is allowed only in a file that is named with --config\n"
    assert refusal(capsys, "check", "memory") == refused
    assert refusal(capsys, "collect", "memory") == refused
    assert ran(capsys, "check", "memory", "--config", "cloudguard.toml")[0] in {0, 3}


@pytest.mark.parametrize("name", ["role-arn", "external-id"])
def test_cloudguard_toml_may_not_choose_another_identity(capsys: pytest.CaptureFixture[str], name: str) -> None:
    Path("cloudguard.toml").write_text(f"[provider.aws]\n{name} = 'x'\n")
    assert f"{name} is allowed only in a file that is named with --config" in refusal(
        capsys, "check", "aws", "--cluster", "x"
    )


def test_a_misspelt_variable_is_refused_and_another_unknown_one_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOUDGUARD_VERSION_WANTED", "1")
    monkeypatch.setenv("CLOUDGUARD_DEBUG", "")
    argv = ("check", "memory", "--cluster", "prod")
    assert "cloudguard: CLOUDGUARD_VERSION_WANTED is not a setting and has no effect\n" in ran(capsys, *argv)[2]
    assert ran(capsys, *argv, "-q")[2] == ""
    monkeypatch.delenv("CLOUDGUARD_VERSION_WANTED")
    for name, right in (
        ("ADMIN_CIDRS", "ADMIN_CIDR"),
        ("REGOIN", "REGION"),
        ("FAILON", "FAIL_ON"),
        ("TIMEOT", "TIMEOUT"),
    ):
        monkeypatch.setenv(f"CLOUDGUARD_{name}", "x")
        line = refusal(capsys, *argv)
        assert f"CLOUDGUARD_{name}: there is no such variable. Did you mean 'CLOUDGUARD_{right}'?" in line
        monkeypatch.delenv(f"CLOUDGUARD_{name}")


def test_the_report_lists_declarations_with_their_source_and_without_secrets(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("named.toml").write_text("[[service]]\nservices = '443'\n[provider.memory]\nprofile = 'secret-profile'\n")
    monkeypatch.setenv("CLOUDGUARD_CNI", "calico")
    argv = ("check", "memory", "--cluster", "prod", "--config", "named.toml", "--admin-cidr", "198.51.100.0/24")
    out = ran(capsys, *argv, "-f", "json")[1]
    assert json.loads(out)["declarations"] == {
        "admin-cidr": {"values": ["198.51.100.0/24"], "from": "--admin-cidr"},
        "service": {"values": ["tcp/443 from 0.0.0.0/0, ::/0"], "from": str(Path("named.toml").resolve())},
        "cni": {"values": ["calico"], "from": "CLOUDGUARD_CNI"},
    }
    assert "secret-profile" not in out


@pytest.mark.parametrize("flags", [("--admin-cidr", "0.0.0.0/0"), ("--service", "all")], ids=str)
def test_a_flag_that_allows_everything_is_refused_before_any_call(
    capsys: pytest.CaptureFixture[str], flags: tuple[str, ...]
) -> None:
    assert f"cloudguard: {flags[0]}: {flags[1]}" in refusal(capsys, "check", "memory", *flags)
    assert memory_adapter.ADAPTER.requests == []
