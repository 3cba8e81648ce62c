"""Resources that belong to the cluster because a policy names one of its hosts, disks or groups."""

from __future__ import annotations

import pytest

from cloudguard.results.finding import Severity
from granted_cases import ACCOUNT, aws

INSTANCE = "arn:aws:ec2:eu-west-1:{}:instance/{}"


@pytest.mark.mistake("need-too-wide")
@pytest.mark.parametrize(
    ("name", "severity"),
    [
        (INSTANCE.format(ACCOUNT, "node"), Severity.MEDIUM),
        (INSTANCE.format(ACCOUNT, "control-plane"), Severity.MEDIUM),
        (INSTANCE.format("*", "node"), Severity.MEDIUM),
        (INSTANCE.format(ACCOUNT, "i-0123456789abcdef0"), Severity.HIGH),
        (INSTANCE.format(ACCOUNT, "*"), Severity.HIGH),
        ("*", Severity.HIGH),
    ],
)
def test_an_instance_of_the_cluster_is_the_cluster_s_own(name: str, severity: Severity) -> None:
    row = aws("ec2:RebootInstances", on=name, role="node").row
    assert max(finding.severity for finding in row.findings) is severity
