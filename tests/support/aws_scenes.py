"""The scenes of AWS, each built and collected once a process: for tests that only read what was collected."""

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
    """A scene's snapshot, and the lines of its module that made each resource, by the resource's id."""

    snapshot: Snapshot
    made: Mapping[str, set[SourceLine]]


@cache
def _session() -> Reusing:
    """Return the session of all scenes: to make clients for each takes as long as to build and read it."""
    return Reusing(region_name=REGION)


@cache
def collected(name: str) -> CollectedScene:
    """Build the scene called ``name`` in an account within this process, with the same ids each time, and read it."""
    scene = scenes()[name]
    with mock_aws():
        account = Account(_session())
        session: Any = account.session
        session.client("ec2").describe_vpcs()  # makes the default network, if no scene before has
        mock_random.seed(name)
        scene.build(account)
        return CollectedScene(collect(scene, account.session), account.made)
