"""What a scene is: a module that builds an account and says which verdicts it deserves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import boto3

from cloudguard import check as check_cluster
from cloudguard.model.cluster import Role
from cloudguard.needs.declarations import Declarations
from cloudguard.results.report import Report
from moto_fixtures.aws.builder import REGION, Account
from moto_fixtures.aws.installers import CLUSTER


@dataclass(frozen=True, slots=True)
class Declared:
    """What the user of a scene's cluster says about it, beside its name."""

    policy: Declarations = field(default_factory=Declarations)
    role_tags: Mapping[Role, Sequence[str]] = field(default_factory=dict[Role, Sequence[str]])


class Scene(Protocol):
    """A module of scenes; its docstring tells the story.

    Every line of ``build`` that makes something ends with ``# OK`` or ``# NOT OK: <check>[, <check>]``.
    """

    @property
    def __name__(self) -> str:
        """Where the module is imported from."""
        ...

    @property
    def DECLARED(self) -> Declared:  # noqa: N802 - a module's constant
        """What ``cloudguard.check`` is told."""
        ...

    @property
    def VERDICTS(self) -> Mapping[str, str]:  # noqa: N802 - a module's constant
        """Each row's verdict."""
        ...

    @property
    def build(self) -> Builder:
        """Make the account."""
        ...


class Builder(Protocol):
    """Makes the account; scenes that others build on return what was made."""

    def __call__(self, a: Account) -> object:
        """Build with ``a``."""
        ...


def check(scene: Scene, session: boto3.Session) -> Report:
    """Judge the scene's cluster, as a library user would."""
    told = scene.DECLARED
    return check_cluster(
        "aws",
        cluster=CLUSTER,
        policy=told.policy,
        role_tags=told.role_tags,
        options={"region": REGION},
        session=session,
    )
