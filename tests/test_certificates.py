"""The plans of whole clusters have certificates that the independent checker accepts."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pytest

import azure_scenes
import gcp_scenes
from aws_scenes import collected
from azure_proxy import AzureProxy
from azure_server import Azure
from cloudguard import collection, pipeline
from cloudguard.model.snapshot import Snapshot
from cloudguard.needs.declarations import Declarations
from cloudguard.planning.certificates.certificate import certificate
from draws import DRAWS, SEED
from gcp_proxy import Proxy
from gcp_server import Google
from moto_fixtures.aws.scene import scenes
from tools.check_certificate import Certificate

EACH = max(1, 6 // DRAWS)


def every_sixth(names: Iterable[str]) -> list[str]:
    """Return every sixth of ``names``; the seed chooses the first. A long run takes all of them."""
    return sorted(names)[SEED % EACH :: EACH]


def certificate_holds(snapshot: Snapshot, declarations: Declarations) -> bool:
    """Whether the checker accepts the certificate of the plan for all findings and advice."""
    planned = pipeline.plan(snapshot, declarations, with_advice=True)
    return [*Certificate(json.loads(certificate(planned))).faults()] == []


@pytest.mark.parametrize("name", every_sixth(scenes()))
def test_certificates_of_aws_plans_hold(name: str) -> None:
    assert certificate_holds(collected(name).snapshot, scenes()[name].DECLARED.policy)


@pytest.mark.parametrize("name", every_sixth(gcp_scenes.SCENES))
def test_certificates_of_google_cloud_plans_hold(name: str, google_cloud: Proxy) -> None:
    scene = gcp_scenes.SCENES[name]
    google_cloud.google = Google(scene.build(), beside=scene.beside())
    assert certificate_holds(collection.collect("gcp", cluster="prod"), scene.policy)


@pytest.mark.parametrize("name", every_sixth(azure_scenes.SCENES))
def test_certificates_of_azure_plans_hold(name: str, azure_cloud: AzureProxy) -> None:
    scene = azure_scenes.SCENES[name]
    azure_cloud.azure = Azure(scene.build())
    options = {"subscription": azure_cloud.azure.account.subscription}
    assert certificate_holds(collection.collect("azure", cluster="prod", options=options), scene.policy)
