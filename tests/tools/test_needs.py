"""The tool shows what a newer checkout of an installer changes in its policies, in each form of policy file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from cloudguard.model.identity import Statement
from cloudguard_aws.iam_catalog.catalog_of_cluster import TABLES
from tools.needs import BAD, DIFFERENT, SAME, main, needs_of, upstream_permissions

DRIVER = "docs/example-iam-policy.json"
NAMES = {
    "partition": ["aws-test"],
    "cluster": ["minimal.example.com"],
    "region": ["eu-west-1"],
    "account": ["123456789012"],
    "state": ["state/clusters"],
    "backups": ["state/clusters"],
    "bucket": ["state"],
    "zone": ["Z1"],
}
"""The values that the test policies of installers have for names in the needs, such as the cluster's name."""
Written = dict[str, Any]


def upstream(statement: Statement) -> Written:
    """Return a statement as an installer writes it."""
    conditions: dict[str, dict[str, list[str]]] = {}
    for condition in statement.conditions:
        conditions.setdefault(condition.operator, {})[condition.key] = [*condition.values]
    return {
        "Effect": "Allow",
        "Action": [*statement.actions],
        "Resource": [*statement.resources],
        "Condition": conditions,
    }


def checkout(folder: Path, repository: str) -> dict[str, list[Written]]:
    """Write the policies of a repository as the needs have them, and return their statements by path."""
    written = {
        path: [upstream(statement) for need in needs for statement in TABLES.granted(need, NAMES)]
        for path, needs in needs_of(repository).items()
    }
    for path, statements in written.items():
        write(folder / path, statements)
    return written


def write(path: Path, statements: list[Written]) -> None:
    """Write a policy document."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"Version": "2012-10-17", "Statement": statements}), encoding="utf-8")


@pytest.mark.parametrize("repository", ["kops", "aws-ebs-csi-driver"])
def test_a_checkout_with_the_same_policies_has_no_differences(
    repository: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checkout(tmp_path, repository)
    assert main(["refresh", repository, str(tmp_path)]) == SAME
    out = capsys.readouterr().out
    assert "no differences" in out
    assert "the needs were read from: " in out


def test_source_files_to_read_by_hand_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    checkout(tmp_path, "kops")
    main(["refresh", "kops", str(tmp_path)])
    assert "read by hand: pkg/model/iam/iam_builder.go" in capsys.readouterr().out


def test_added_and_removed_permissions_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    statements = checkout(tmp_path, "aws-ebs-csi-driver")[DRIVER]
    gone = next(statement for statement in statements if "ec2:AttachVolume" in statement["Action"])
    new = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": ["arn:aws:s3:::made-up/*"]}
    write(tmp_path / DRIVER, [*(statement for statement in statements if statement is not gone), new])
    assert main(["refresh", "aws-ebs-csi-driver", str(tmp_path)]) == DIFFERENT
    lines = capsys.readouterr().out.splitlines()
    assert f"added: s3:GetObject on arn:aws:s3:::made-up/* ({DRIVER})" in lines
    assert any(line.startswith("removed: ec2:AttachVolume") and line.endswith("(ebs-csi)") for line in lines)


def test_a_permission_with_another_condition_is_shown_as_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    statements = checkout(tmp_path, "aws-ebs-csi-driver")[DRIVER]
    changed = next(
        statement
        for statement in statements
        if statement["Action"] == ["ec2:CreateVolume", "ec2:EnableFastSnapshotRestores"]
    )
    changed["Condition"] = {"StringEquals": {"aws:RequestTag/made-up": "yes"}}
    write(tmp_path / DRIVER, statements)
    assert main(["refresh", "aws-ebs-csi-driver", str(tmp_path)]) == DIFFERENT
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("changed, before: ec2:CreateVolume") for line in lines)
    now = [line for line in lines if line.startswith("changed, now: ec2:CreateVolume")]
    assert now
    assert all("if StringEquals aws:RequestTag/made-up yes" in line for line in now)


def test_a_policy_may_name_any_cluster_but_not_all_clusters(tmp_path: Path) -> None:
    checkout(tmp_path, "kops")
    path = tmp_path / "pkg/model/iam/tests/iam_builder_master_nlb_sg_managed.json"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("minimal.example.com", "other.example.com"), encoding="utf-8")
    assert main(["refresh", "kops", str(tmp_path)]) == SAME
    path.write_text(text.replace("minimal.example.com", "*"), encoding="utf-8")
    assert main(["refresh", "kops", str(tmp_path)]) == DIFFERENT


def test_policies_are_read_from_json_yaml_and_markdown(tmp_path: Path) -> None:
    policy = {
        "Statement": {"Effect": "Deny", "NotAction": "a:B", "NotResource": "r", "Condition": {"Bool": {"k": True}}}
    }
    template = {"Resources": {"Role": {"Properties": {"PolicyDocument": policy}}}}
    texts = {
        "policy": json.dumps(policy),
        "template.yaml": yaml.safe_dump(template),
        "page.md": f"Grant it:\n\n```json\n{json.dumps(policy)}\n```\n",
        "text.yaml": f"Text: !Sub |\n  {json.dumps(policy)}\nRole: !GetAtt [a, b]\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    found = [list(upstream_permissions(tmp_path / name, "origin")) for name in texts]
    (first,) = found[0]
    assert (first.action, first.resource, first.conditions) == ("deny all but a:B", "all but r", ("Bool k true",))
    assert found == [[first]] * len(texts)


@pytest.mark.parametrize(
    "text",
    [None, "{", "[]", '{"Statement": {"Effect": "Allow", "Resource": "*"}}'],
    ids=["missing", "not JSON", "without a policy", "without an action"],
)
def test_a_checkout_without_the_policy_is_refused(
    text: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checkout(tmp_path, "aws-ebs-csi-driver")
    (tmp_path / DRIVER).unlink()
    if text is not None:
        (tmp_path / DRIVER).write_text(text, encoding="utf-8")
    assert main(["refresh", "aws-ebs-csi-driver", str(tmp_path)]) == BAD
    assert DRIVER in capsys.readouterr().err


def test_a_repository_or_folder_that_does_not_exist_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["refresh", "kop", str(tmp_path)]) == BAD
    assert "kops" in capsys.readouterr().err
    assert main(["refresh", "kops", str(tmp_path / "none")]) == BAD
    assert "none" in capsys.readouterr().err
