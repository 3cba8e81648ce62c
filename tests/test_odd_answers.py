"""A spoilt part of an answer affects only that part: the report has five rows, and no FAIL turns into PASS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import import_module
from random import Random

import boto3
import pytest
from moto import mock_aws

from azure_everything import everything as azure_everything
from azure_proxy import AzureProxy, asking
from azure_scenes import SCENES as AZURE
from azure_server import Azure
from cloudguard import pipeline
from cloudguard.errors import CloudguardError
from cloudguard.needs.declarations import Declarations
from cloudguard.provider.port import CollectRequest, load
from cloudguard.results.report import Report, Verdict
from draws import seeds
from gcp_everything import everything
from gcp_proxy import Proxy
from gcp_scenes import SCENES as GOOGLE
from gcp_server import Google
from moto_fixtures.aws.builder import REGION, Account
from moto_fixtures.aws.scene import scenes
from spoilt_answers import Recording, Spoilt

BUILT = [
    *(("aws", name, 20) for name in ("showcase", "eks_public")),
    *(("gcp", name, 25) for name in ("everything", "gke-authorized-google", "allowed-above", "editor")),
    *(("azure", name, 25) for name in ("everything", "aks-integrated-public", "contributor")),
]

ON_PATHS = (
    "cloudresourcemanager.projects.getIamPolicy",
    "compute.routes.list",
    "compute.backendServices.aggregatedList",
    "compute.regionNetworkFirewallPolicies.getEffectiveFirewalls",
    "ec2:DescribeRouteTables",
)
"""Calls that a finding's path depends on though the finding does not name their facts. Without them: no path."""


@dataclass(frozen=True)
class Cloud:
    """A cluster with recorded answers: its report, and a function that reads it again."""

    recording: Recording
    report: Report
    draws: int
    identifiers: tuple[str, ...]
    read: Callable[[], Report]


@pytest.fixture(scope="module", params=BUILT, ids=lambda item: f"{item[0]}/{item[1]}")
def cloud(request: pytest.FixtureRequest, google_proxy: Proxy, azure_proxy: AzureProxy) -> Iterator[Cloud]:
    """Each cluster in turn, read once from its cloud and later from the recorded answers."""
    provider, name, draws = request.param
    adapter, reader = load(provider), import_module(f"cloudguard_{provider}.access.api").Api
    wanted = CollectRequest(cluster="prod", options={"region": (REGION,)} if provider == "aws" else {})
    wanted = asking() if provider == "azure" else wanted

    def read() -> Report:
        return pipeline.evaluate(adapter.collect(wanted), Declarations())

    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        if provider == "aws":
            stack.enter_context(mock_aws())
            scenes()[name].build(Account(boto3.Session(region_name=REGION)))
        else:
            proxy = azure_proxy if provider == "azure" else google_proxy
            for variable, value in proxy.environment.items():
                patch.setenv(variable, value)
        if provider == "azure":
            azure_proxy.azure = Azure(AZURE[name].build() if name in AZURE else azure_everything())
        elif provider == "gcp":
            google_proxy.google = Google(GOOGLE[name].build() if name in GOOGLE else everything())
        recording = Recording()
        patch.setattr(reader, "fetch", recording.recording(reader.fetch))
        report = read()
        patch.setattr(reader, "fetch", recording.replaying())
        yield Cloud(recording, report, draws, reader.identifiers, read)


def test_a_spoilt_answer_prevents_no_report_and_makes_no_row_pass(cloud: Cloud) -> None:
    for seed in seeds(cloud.draws):
        spoilt = cloud.recording.spoil(Random(seed))
        try:
            report = cloud.read()
        except CloudguardError:
            continue  # the spoilt answer hides the cluster itself
        assert len(report.rows) == 5, (seed, spoilt)
        assert not [*_wrongly_passing(cloud, report, spoilt)], (seed, spoilt)


def _wrongly_passing(cloud: Cloud, report: Report, spoilt: Spoilt) -> Iterator[str]:
    """Yield the rows that turned from FAIL to PASS though none of their findings names the spoilt part."""
    if spoilt.how in {"drop", "null"} and spoilt.call in ON_PATHS:
        return
    names = [*spoilt.strings(cloud.identifiers)]
    for row in cloud.report.rows:
        if row.verdict is Verdict.FAIL and report.row(row.row).verdict is Verdict.PASS:
            shown = repr(row.findings)
            if not any(name in shown for name in names):
                yield row.row
