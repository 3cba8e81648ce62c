"""What a scene is: a module of ``scenes`` that builds an account and says which verdicts it deserves."""

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
    """What the user of a scene's cluster says about it, beside its name."""

    policy: Declarations = field(default_factory=Declarations)
    role_tags: Mapping[Role, Sequence[str]] = field(default_factory=dict[Role, Sequence[str]])


class Scene(Protocol):
    """A module of scenes; its docstring tells the story.

    Every line of ``build`` that makes something ends with ``# OK`` or ``# NOT OK: <check>[, <check>]``.
    """

    @property
    def __file__(self) -> str:
        """Where the module's text is."""
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


@cache
def scenes() -> Mapping[str, Scene]:
    """Return every scene by the name of its module, in alphabetical order."""
    names = sorted(module.name for module in pkgutil.iter_modules(folder.__path__))
    return {name: cast("Scene", import_module(f"{folder.__name__}.{name}")) for name in names}


def check(scene: Scene, session: boto3.Session) -> Report:
    """Judge the scene's cluster, as a library user would."""
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
