"""``permissions``: the policy is valid in each format, and --verify shows which calls are refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Final, cast

import pytest

import memory_adapter
from cloudguard.provider.permissions.preflight import Outcome, Tried
from cloudguard.provider.port import CollectRequest, Progress
from command import install, ran, refusal

HCL: Final[Any] = import_module("hcl2")
ACTIONS: Final = {"aws": "Statement", "azure": "Actions", "gcp": "includedPermissions"}


@pytest.fixture(autouse=True)
def memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Install the provider "memory"."""
    install(monkeypatch, tmp_path)


def _texts(value: object) -> Iterator[str]:
    """Yield all texts inside a parsed file."""
    if isinstance(value, dict):
        for part in cast("dict[str, object]", value).values():
            yield from _texts(part)
    elif isinstance(value, list):
        for part in cast("list[object]", value):
            yield from _texts(part)
    elif isinstance(value, str):
        yield value.strip('"')


@pytest.mark.parametrize("provider", ACTIONS)
def test_terraform_has_the_same_permissions_as_the_policy(capsys: pytest.CaptureFixture[str], provider: str) -> None:
    policy = json.loads(ran(capsys, "permissions", provider)[1])[ACTIONS[provider]]
    wanted = set(policy[0]["Action"] if provider == "aws" else policy)
    status, text, err = ran(capsys, "permissions", provider, "-f", "terraform")
    assert (status, err) == (0, "")
    parsed = HCL.loads(text)
    assert wanted <= {*_texts(parsed)}
    assert {name.strip('"') for item in parsed["resource"] for name in item} <= {
        *("aws_iam_policy", "google_project_iam_custom_role", "google_project_iam_member"),
        *("azurerm_role_definition", "azurerm_role_assignment"),
    }


def _faults(template: str) -> list[str]:
    """Return the linter's errors and warnings, without its informational messages (I…)."""
    linter: Any = import_module("cfnlint.api")  # imported here, because it takes seconds
    return [str(item) for item in linter.lint_all(template) if not item.rule.id.startswith("I")]


def test_cloudformation_s_linter_accepts_the_template(capsys: pytest.CaptureFixture[str]) -> None:
    policy = json.loads(ran(capsys, "permissions", "aws")[1])
    text = ran(capsys, "permissions", "aws", "-f", "cloudformation=reader.json")[1]
    assert text == ""
    template = Path("reader.json").read_text(encoding="utf-8")
    assert json.loads(template)["Resources"]["CloudguardReader"]["Properties"]["PolicyDocument"] == policy
    assert _faults(template) == []
    assert _faults(template.replace("AWS::IAM::ManagedPolicy", "AWS::IAM::Polic")) != []


def test_a_format_that_a_provider_lacks_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    fault = refusal(capsys, "permissions", "gcp", "-f", "cloudformation")
    assert "gcp has no policy in the format cloudformation. It has json, terraform" in fault
    assert "memory has no policy in the format terraform" in refusal(capsys, "permissions", "memory", "-f", "terraform")
    assert "memory cannot test its calls" in refusal(capsys, "permissions", "memory", "--verify")


def _verify(request: CollectRequest, progress: Progress) -> tuple[Tried, ...]:
    progress("memory:Read")
    return (
        Tried("memory:Read", ("memory:read",), Outcome.GRANTED),
        Tried("memory:List", ("memory:list",), Outcome.NOT_SHOWN, "the cloud hung up"),
        *(
            [Tried("memory:ReadKeys", ("memory:readKeys",), Outcome.REFUSED, "no\x1b[31m")]
            if request.options.get("profile")
            else []
        ),
    )


def test_verify_lists_refused_calls_first_and_they_give_the_status(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory_adapter.Memory, "verify", staticmethod(_verify), raising=False)
    status, out, err = ran(capsys, "permissions", "memory", "--verify", "--profile", "x")
    assert status == 4
    assert [line.split()[0] for line in out.splitlines()] == ["OUTCOME", "---------", "refused", "not", "granted"]
    assert "no\\x1b[31m" in out
    assert err == "cloudguard: memory: 1 refused, 1 not shown, 1 granted\n"
    status, out, _ = ran(capsys, "permissions", "memory", "--verify", "-f", "json", "-q")
    assert status == 0
    assert [item["outcome"] for item in json.loads(out)] == ["not shown", "granted"]
    assert "writes only table or json" in refusal(capsys, "permissions", "memory", "--verify", "-f", "terraform")
