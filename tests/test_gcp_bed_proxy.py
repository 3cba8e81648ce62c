"""The test bed for Google Cloud behind a proxy: unmodified programs, Google's own host names, credentials files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gcp.credentials import READER, account_file, impersonating_file, user_file
from gcp.fixture import Fixture
from gcp.project import Node, Project, build
from gcp.proxy import behind
from gcp.server import Google

LIST = "compute.networks.list"
PROGRAM = """
import google.auth
from google.auth.transport.requests import AuthorizedSession
from google.cloud import compute_v1
credentials, project = google.auth.default(scopes=["https://www.googleapis.com/auth/cloud-platform"])
print(*(one.name for one in compute_v1.NetworksClient(credentials=credentials).list(project="acme-prod")))
print(AuthorizedSession(credentials).get("https://cloudresourcemanager.googleapis.com/v3/folders/1").json()["parent"])
"""


def fixture() -> Fixture:
    """Return a project with a network, in a folder."""
    made = Project("acme-prod", parent="folders/1")
    made.network("prod")
    return build(made, Node("folders/1", "organizations/2"))


def ran(program: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a program in a process of its own that has no other environment."""
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize("who", ["account", "user", "impersonated"])
def test_an_unmodified_program_is_served_as_whom_its_credentials_say(who: str, tmp_path: Path) -> None:
    google, deputy = Google(fixture()), "deputy@acme-prod.iam.gserviceaccount.com"
    files = {"account": account_file, "user": user_file}
    file = files[who](tmp_path) if who in files else impersonating_file(tmp_path, deputy, account_file(tmp_path))
    with behind(google, tmp_path) as proxy:
        done = ran(PROGRAM, proxy.environment(file))
    assert done.stdout.split() == ["prod", "organizations/2"], done.stderr
    assert proxy.strangers == []
    seen = {one.account for one in google.asked if one.method == LIST}
    assert seen == {{"account": READER, "user": "user@example.com", "impersonated": deputy}[who]}


def test_a_host_that_is_not_google_s_is_not_reached(tmp_path: Path) -> None:
    with behind(Google(fixture()), tmp_path) as proxy:
        done = ran("import requests; requests.get('https://example.com')", proxy.environment())
    assert "502" in done.stderr
    assert proxy.strangers == ["example.com"]
