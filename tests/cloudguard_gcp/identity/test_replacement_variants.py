"""Replacement roles on Google Cloud: conditions that narrow them, and buckets whose own policies grant the needs."""

from __future__ import annotations

import json

import pytest

from cloudguard.results.report import Verdict
from granted_cases import ALL_GOOGLE, Case, other


@pytest.mark.mistake("need-too-wide")
def test_a_need_that_a_bucket_policy_may_grant_is_not_proved() -> None:
    """Project roles do not show a bucket's policy, so its need is named, and nothing is added for it."""
    edit = other("gcp", ALL_GOOGLE, "pubsub.topics.delete", installer="kops").edit
    assert "the state store" in edit.unproved
    assert "own policy" in edit.unproved
    assert not any(name.startswith("storage:") for statement in edit.statements for name in statement.actions)


def test_a_condition_is_written_as_a_google_cloud_expression() -> None:
    case = other("gcp", ALL_GOOGLE, "compute.disks.delete")
    (document,) = [text for text in case.edit.documents if "compute.disks.delete" in text]
    conditions = [binding["condition"] for binding in json.loads(document)["bindings"]]
    assert conditions == ['resource.name.extract("/disks/{name}").startsWith("pvc-")']


STORE = "projects/_/buckets/state/*"


@pytest.mark.mistake("need-too-wide")
@pytest.mark.parametrize(
    ("case", "verdict"),
    [
        (other("gcp", ALL_GOOGLE, "storage.objects.get", named=STORE, installer="kops"), Verdict.PASS),
        (other("gcp", ALL_GOOGLE, "storage.objects.create", named=STORE, installer="kops"), Verdict.PASS),
        (other("gcp", ALL_GOOGLE, "storage.objects.create", named=STORE, installer="kops", role="node"), Verdict.FAIL),
        (other("gcp", ALL_GOOGLE, "storage.objects.setIamPolicy", named=STORE, installer="kops"), Verdict.FAIL),
        (other("gcp", ALL_GOOGLE, "storage.objects.get", named=STORE), Verdict.FAIL),
    ],
)
def test_a_bucket_named_in_a_condition_is_the_need_s_place(case: Case, verdict: Verdict) -> None:
    assert case.row.verdict is verdict
