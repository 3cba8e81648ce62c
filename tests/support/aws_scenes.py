"""The scenes of AWS, each built and collected once in a process, for tests that only read the snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from moto import mock_aws
from moto.moto_api._internal import mock_random

from cloudguard.model.snapshot import Snapshot
from moto_fixtures.aws.builder import REGION, Account, SourceLine
from moto_fixtures.aws.scene import collect, scenes
from refused_calls import Reusing


@dataclass(frozen=True, slots=True)
class CollectedScene:
    """A scene's snapshot. ``made``: resource id → the lines of the scene's module that created the resource."""

    snapshot: Snapshot
    made: Mapping[str, set[SourceLine]]


@cache
def _session() -> Reusing:
    """Return one session for all scenes. Creating clients takes as long as building and reading a scene."""
    return Reusing(region_name=REGION)


@cache
def collected(name: str) -> CollectedScene:
    """Build the scene ``name`` in a moto account in this process, with the same ids each time, and read it."""
    scene = scenes()[name]
    with mock_aws():
        account = Account(_session())
        session: Any = account.session
        session.client("ec2").describe_vpcs()  # creates the default network, if no earlier scene did
        mock_random.seed(name)
        scene.build(account)
        return CollectedScene(collect(scene, account.session), account.made)
