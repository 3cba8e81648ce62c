"""Made-up accounts for the tests, on loopback: a moto server, emptied for each test, Google's APIs and Azure's."""

from __future__ import annotations

import gc
import logging
import os
import signal
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import import_module
from typing import Any
from urllib.request import Request, urlopen

import boto3
import botocore.loaders
import botocore.session
import pytest
from moto import mock_aws
from moto.server import ThreadedMotoServer
from requests.adapters import HTTPAdapter

from azure_fixtures import Subscription
from azure_proxy import AzureProxy
from azure_proxy import behind as behind_azure
from azure_server import Azure
from gcp_project import Project
from gcp_proxy import Proxy, behind
from gcp_server import Google
from loopback_proxy import Proxy as LoopbackProxy
from moto_fixtures.aws.builder import REGION, Account
from moto_fixtures.aws.builder.account_settings import teach
from without_sockets import answered

gc.set_threshold(100_000, 50, 100)  # looking through the SDKs' large models takes 15 % of the time otherwise
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"  # without this, moto builds 1,177 snapshots that belong to no test
logging.getLogger("werkzeug").setLevel(logging.WARNING)  # without this, each failure shows a line for every request
if (
    signal.getsignal(signal.SIGINT) is signal.SIG_IGN
):  # a background shell ignores it; child processes would inherit that
    signal.signal(signal.SIGINT, signal.default_int_handler)
# One loader for every session: parsing the services' models for each session takes half of the AWS tests' time.
botocore.session.create_loader = cache(botocore.loaders.create_loader)
teach()
# Caches of what moto and Google's SDK compute again at each call, and of the keys of KMS, which no test reads.
for name, function in (
    ("moto.core.responses", "method_names_from_class"),
    ("moto.kms.models", "generate_private_key"),
    ("cryptography.hazmat.primitives.serialization", "load_pem_private_key"),
):
    module = import_module(name)
    setattr(module, function, cache(getattr(module, function)))
_BUILDING: dict[str, Any] = {}
_BUILDING_ON_SERVER: dict[str, Any] = {}
"""The SDK clients that build accounts, by service. Making them takes as long as building an account."""
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "made-up"}


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Measure no coverage in tests with drawn examples, because measuring doubles their time."""
    for item in items:
        if "seed" in getattr(item, "fixturenames", ()) or hasattr(getattr(item, "obj", None), "hypothesis"):
            item.add_marker("no_cover")


def pytest_collection_finish() -> None:
    """Keep the garbage collector from looking at the modules again."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    """Keep the garbage collector from looking at what the process leaves behind when it ends."""
    gc.freeze()


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set made-up credentials; no profile, no instance metadata, and no settings or files of the user."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "AZURE_", "CLOUDGUARD_")):
            monkeypatch.delenv(name)
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, os.devnull)


@pytest.fixture(scope="session")
def moto_server() -> Iterator[str]:
    """The address of the moto server that the whole run shares."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def endpoint(moto_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The emptied moto server, set as the endpoint of every SDK client made from now on."""
    with urlopen(Request(f"{moto_server}/moto-api/reset", method="POST")) as answer:  # noqa: S310 - our own loopback
        assert answer.status == 200
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_server)
    return moto_server


@pytest.fixture
def account(endpoint: str) -> Account:
    """An empty account on the server."""
    assert endpoint
    return Account(boto3.Session(), clients=_BUILDING_ON_SERVER)


@pytest.fixture
def inner_account() -> Iterator[Account]:
    """An empty account inside this process: faster, because it needs no sockets."""
    with mock_aws():
        yield Account(boto3.Session(), clients=_BUILDING)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many refused calls were tried."""
    reports: list[pytest.TestReport] = terminalreporter.getreports("passed") + terminalreporter.getreports("failed")
    counts = [value for report in reports for name, value in report.user_properties if name == "refused"]
    if counts:
        terminalreporter.write_line(f"{sum(map(int, map(str, counts)))} refused calls tried in {len(counts)} scenes")


@pytest.fixture(scope="session")
def google_proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """One proxy for the whole run, in front of a project that each test sets."""
    with behind(Google(Project()), tmp_path_factory.mktemp("google")) as proxy:
        yield proxy


@pytest.fixture
def google_cloud(
    google_proxy: Proxy, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Proxy]:
    """Google's APIs for this process and its child processes. Fails at the end if another host was called."""
    _serve(google_proxy, monkeypatch, request)
    google_proxy.google = Google(Project())
    yield google_proxy
    assert google_proxy.refused == []


@pytest.fixture(scope="session")
def azure_proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AzureProxy]:
    """One proxy for the whole run, in front of a subscription that each test sets."""
    with behind_azure(Azure(Subscription()), tmp_path_factory.mktemp("azure")) as proxy:
        yield proxy


@pytest.fixture
def azure_cloud(
    azure_proxy: AzureProxy, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[AzureProxy]:
    """Azure's APIs for this process and its child processes. Fails at the end if another host was called."""
    _serve(azure_proxy, monkeypatch, request)
    azure_proxy.azure, azure_proxy.secret = Azure(Subscription()), "good"
    yield azure_proxy
    assert azure_proxy.refused == []


def _serve(proxy: LoopbackProxy, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Set the variables of ``proxy``. This process gets its answers without sockets, unless a test asks for sockets."""
    for name, value in proxy.environment.items():
        monkeypatch.setenv(name, value)
    if request.node.get_closest_marker("sockets") is None:
        monkeypatch.setattr(HTTPAdapter, "send", answered(proxy, HTTPAdapter.send))
