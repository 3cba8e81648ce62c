"""Scenes in AWS: small accounts with one cluster called ``prod`` in ``eu-west-1``."""

from __future__ import annotations

from moto_fixtures.aws import clean, kops_ha
from moto_fixtures.aws.scene import Scene

SCENES: tuple[Scene, ...] = (clean, kops_ha)
