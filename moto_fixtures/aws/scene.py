"""A scene: a module of ``scenes`` that builds an account and states the expected verdicts."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import Protocol, cast

import boto3

from cloudguard import check as check_cluster
from cloudguard import collect as collect_cluster
from cloudguard.model.cluster import Role
from cloudguard.model.snapshot import Snapshot
from cloudguard.needs.declarations import Declarations
from cloudguard.results.report import Report
from moto_fixtures.aws import scenes as folder
from moto_fixtures.aws.builder import REGION, Account
from moto_fixtures.aws.installers import CLUSTER


@dataclass(frozen=True, slots=True)
class Declared:
    """The declarations of the user of a scene's cluster, and the tags that give roles."""

    policy: Declarations = field(default_factory=Declarations)
    role_tags: Mapping[Role, Sequence[str]] = field(default_factory=dict[Role, Sequence[str]])


class Scene(Protocol):
    """A module of scenes. Its docstring describes the account.

    Every line of ``build`` that makes a resource ends with ``# OK`` or ``# NOT OK: <check>[, <check>]``.
    """

    @property
    def __file__(self) -> str:
        """The path of the module's source."""
        ...

    @property
    def DECLARED(self) -> Declared:  # noqa: N802 - a module's constant
        """The declarations for ``cloudguard.check``."""
        ...

    @property
    def VERDICTS(self) -> Mapping[str, str]:  # noqa: N802 - a module's constant
        """Dict of row → expected verdict."""
        ...

    @property
    def build(self) -> Builder:
        """Make the account."""
        ...


class Builder(Protocol):
    """Makes the account. Scenes that others extend return the resources they made."""

    def __call__(self, a: Account) -> object:
        """Build the account with ``a``."""
        ...


@cache
def scenes() -> Mapping[str, Scene]:
    """Return a dict of module name → scene, in alphabetical order."""
    names = sorted(module.name for module in pkgutil.iter_modules(folder.__path__))
    return {name: cast("Scene", import_module(f"{folder.__name__}.{name}")) for name in names}


def check(scene: Scene, session: boto3.Session) -> Report:
    """Judge the scene's cluster, as a user of the library would."""
    declared = scene.DECLARED
    return check_cluster(
        "aws",
        cluster=CLUSTER,
        declarations=declared.policy,
        role_tags=declared.role_tags,
        options={"region": REGION},
        session=session,
    )


def collect(scene: Scene, session: boto3.Session) -> Snapshot:
    """Read the scene's cluster without judging it."""
    tags = scene.DECLARED.role_tags
    return collect_cluster("aws", cluster=CLUSTER, options={"region": REGION}, role_tags=tags, session=session)
