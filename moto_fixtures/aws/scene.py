"""What a scene is: a module that builds an account and says which verdicts it deserves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from moto_fixtures.aws.builder import Account


class Scene(Protocol):
    """A module of scenes; its docstring tells the story.

    ``ARGUMENTS`` are given to ``cloudguard.check`` beside the cluster's name. Every line of ``build`` that makes
    something ends with ``# OK`` or ``# NOT OK: <check>[, <check>]``.
    """

    @property
    def __name__(self) -> str:
        """Where the module is imported from."""
        ...

    @property
    def ARGUMENTS(self) -> Mapping[str, object]:  # noqa: N802 - a module's constant
        """Named arguments of ``cloudguard.check``."""
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
