"""The plans of a few scenes are applied in a moto account. ``make applied`` does this with every scene."""

from __future__ import annotations

import pytest

from aws_applied import apply
from moto_fixtures.aws.scene import scenes

FEW = ("peering", "eks_public", "next_host", "conditions", "key_pending_deletion")


@pytest.mark.parametrize("name", FEW)
def test_rows_pass_after_the_plan_and_nothing_opened(name: str) -> None:
    made = apply(scenes()[name])
    assert made.calls
    assert made.left == ()
    assert made.opened == ""
    assert made.lost == ""
