"""Calls services, and records the line of a scene that made each resource."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import boto3
import moto.backends

from moto_fixtures.aws.builder.account_settings import teach

HERE = str(Path(__file__).parent)
ACCOUNT = "123456789012"
REGION = "eu-west-1"
Tags = dict[str, str]


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A line of a scene's file."""

    file: str
    number: int


def tag_list(tags: Tags) -> list[dict[str, str]]:
    """Return ``tags`` in the form that most services take."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


@dataclass(slots=True)
class Recorder:
    """A session to build with. ``made``: dict of a resource's id → the scene's lines that made it."""

    session: boto3.Session
    made: dict[str, set[SourceLine]] = field(default_factory=dict[str, set[SourceLine]])
    clients: dict[str, Any] = field(default_factory=dict[str, Any])

    def __post_init__(self) -> None:
        """Add the calls that moto lacks."""
        teach()

    def call(self, service: str, operation: str, **parameters: object) -> dict[str, Any]:
        """Call ``operation`` ("create_vpc") of ``service`` ("ec2"), and return its answer."""
        if service not in self.clients:
            session = cast("Any", self.session)  # the stubs accept only literal service names
            self.clients[service] = session.client(service, region_name=REGION)
        answer: dict[str, Any] = getattr(self.clients[service], operation)(**parameters)
        return answer

    def note(self, *ids: str) -> None:
        """Record that the scene's current line made ``ids``."""
        frame = sys._getframe(1)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - the documented way to the caller's line
        while frame.f_code.co_filename.startswith(HERE) and frame.f_back is not None:
            frame = frame.f_back
        for id_ in ids:
            self.made.setdefault(id_, set()).add(SourceLine(frame.f_code.co_filename, frame.f_lineno))

    def tag(self, thing: str, tags: Tags) -> None:
        """Tag an EC2 resource."""
        if tags:
            self.call("ec2", "create_tags", Resources=[thing], Tags=tag_list(tags))

    def backend(self, service: str) -> Any:  # noqa: ANN401 - moto's internals have no types
        """The state of ``service`` in moto, for settings that the real service has and moto's API can't make."""
        return self._backends(service)[REGION]

    def global_backend(self, service: str) -> Any:  # noqa: ANN401 - moto's internals have no types
        """The state of a ``service`` without regions in moto."""
        return self._backends(service)["aws"]

    def _backends(self, service: str) -> Any:  # noqa: ANN401 - moto's internals have no types
        backends = cast("Callable[[str], Any]", moto.backends.get_backend)
        return backends(service)[ACCOUNT]
