"""Wrong flags, credentials, subscriptions and answers: the command prints one line and ends with the right status."""

from __future__ import annotations

import json
import time

import pytest

from azure_account import SUBSCRIPTION, guid
from azure_fixtures import Subscription
from azure_proxy import AzureProxy
from azure_scenes import SCENES
from azure_server import CUT_OFF, FAILED, MALFORMED, PAGE_OF_A_PROXY, Azure, Fault, throttled
from cloudguard.cli import run
from cloudguard.errors import ExitStatus

CHECK = ("check", "azure", "--cluster", "prod", "--no-progress")
GROUPS = "Microsoft.Network/networkSecurityGroups/read"
FIRST = "Microsoft.ContainerService/managedClusters/read"
"""The action of the first call."""


SETTLING = 0.5
"""The seconds after which late calls of an earlier test have all arrived."""


def status_and_line(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str]:
    """Run ``argv`` and return the status and the one line on stderr."""
    status = run(argv)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1, err
    assert "Traceback" not in err
    return status, err


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--subscription", "acme prod"), "is not a subscription id"),
        (("--tenant", "a tenant"), "--tenant is not a tenant"),
        (("--client-id", "nodes"), "--client-id is not a client id"),
        (("--cloud", "AzureMoon"), "no cloud is called 'AzureMoon'"),
        (("--resource-group", "elsewhere"), "elsewhere"),
    ],
)
def test_wrong_flags_are_a_usage_error(
    flags: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str], azure_cloud: AzureProxy
) -> None:
    azure_cloud.azure = Azure(SCENES["aks-authorized"].build())
    status, line = status_and_line(capsys, *CHECK, *flags)
    assert (status, words in line) == (ExitStatus.USAGE, True), line


def test_a_missing_subscription_is_reported(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, azure_cloud: AzureProxy
) -> None:
    monkeypatch.delenv("AZURE_SUBSCRIPTION_ID")
    time.sleep(SETTLING)
    azure_cloud.azure = Azure(Subscription())
    status, line = status_and_line(capsys, *CHECK)
    assert (status, "Give --subscription ID" in line) == (ExitStatus.USAGE, True), line
    assert azure_cloud.azure.asked == []


def test_missing_credentials_are_reported(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, azure_cloud: AzureProxy
) -> None:
    monkeypatch.delenv("AZURE_CLIENT_SECRET")
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential")
    status, line = status_and_line(capsys, *CHECK)
    assert (status, "az login" in line) == (ExitStatus.INCOMPLETE, True), line
    assert azure_cloud.azure.asked == []


def test_an_expired_secret_is_reported(capsys: pytest.CaptureFixture[str], azure_cloud: AzureProxy) -> None:
    azure_cloud.secret = "expired"  # noqa: S105 - whether it is still good
    status, line = status_and_line(capsys, *CHECK)
    assert (status, "AADSTS7000222" in line) == (ExitStatus.INCOMPLETE, True), line


def test_a_wrong_tenant_is_reported(capsys: pytest.CaptureFixture[str], azure_cloud: AzureProxy) -> None:
    assert azure_cloud
    status, line = status_and_line(capsys, *CHECK, "--tenant", guid("another tenant"))
    assert (status, "--tenant" in line) == (ExitStatus.INCOMPLETE, True), line


def test_an_unknown_subscription_is_reported(capsys: pytest.CaptureFixture[str], azure_cloud: AzureProxy) -> None:
    assert azure_cloud
    status, line = status_and_line(capsys, *CHECK, "--subscription", guid("another subscription"))
    assert (status, "these credentials cannot see a subscription" in line) == (ExitStatus.INCOMPLETE, True), line


def test_an_unknown_cluster_lists_the_clusters_that_exist(
    capsys: pytest.CaptureFixture[str], azure_cloud: AzureProxy
) -> None:
    azure_cloud.azure = Azure(SCENES["aks-authorized"].build())
    status, line = status_and_line(capsys, "check", "azure", "--cluster", "prd", "--no-progress")
    assert (status, "prd" in line, "prod" in line) == (ExitStatus.USAGE, True, True), line


def test_an_empty_subscription_is_a_usage_error(capsys: pytest.CaptureFixture[str], azure_cloud: AzureProxy) -> None:
    assert azure_cloud
    status, line = status_and_line(capsys, *CHECK)
    assert (status, "prod" in line) == (ExitStatus.USAGE, True), line


def test_two_clusters_with_one_name_are_a_usage_error(
    capsys: pytest.CaptureFixture[str], azure_cloud: AzureProxy
) -> None:
    account = Subscription()
    for group in ("east", "west"):
        account.managed_cluster(rg=group)
    azure_cloud.azure = Azure(account)
    status, line = status_and_line(capsys, *CHECK)
    assert (status, "--resource-group" in line) == (ExitStatus.USAGE, True), line
    run((*CHECK, "--resource-group", "WEST", "-f", "json"))
    report = json.loads(capsys.readouterr().out)
    assert {host["id"].split("/")[4] for host in report["cluster"]["hosts"]} == {"mc_west_prod_westeurope"}


@pytest.mark.parametrize("fault", [throttled("3600"), throttled("100000")])
def test_a_long_retry_time_of_azure_is_reported(
    fault: Fault, capsys: pytest.CaptureFixture[str], azure_cloud: AzureProxy
) -> None:
    azure_cloud.azure = Azure(SCENES["clean"].build(), faults={FIRST: [fault] * 9})
    status, line = status_and_line(capsys, *CHECK)
    assert (status, "Try again later" in line) == (ExitStatus.INCOMPLETE, True), line


@pytest.mark.parametrize(
    "faults", [[throttled("0")], [throttled()], [FAILED], [CUT_OFF]], ids=lambda item: item[0].code
)
def test_temporary_errors_are_retried(
    faults: list[Fault], capsys: pytest.CaptureFixture[str], azure_cloud: AzureProxy
) -> None:
    azure_cloud.azure = Azure(SCENES["clean"].build(), faults={GROUPS: [*faults]})
    assert run(CHECK) == ExitStatus.CLEAN, capsys.readouterr().err


@pytest.mark.mistake("odd-answer")
@pytest.mark.parametrize("fault", [MALFORMED, PAGE_OF_A_PROXY, Fault(400, "BadRequest")])
def test_an_unreadable_page_hides_its_facts(
    fault: Fault, capsys: pytest.CaptureFixture[str], azure_cloud: AzureProxy
) -> None:
    azure_cloud.azure = Azure(SCENES["clean"].build(), faults={GROUPS: [fault] * 9})
    status = run((*CHECK, "-f", "json"))
    report = json.loads(capsys.readouterr().out)
    assert status == ExitStatus.INCOMPLETE
    assert [gap["call"] for gap in report["gaps"]] == ["Microsoft.Network/networkSecurityGroups:listAll"]
    verdicts = {row["row"]: row["verdict"] for row in report["rows"]}
    assert {verdicts[name] for name in ("api-server-access", "node-access", "etcd-access")} == {"UNKNOWN"}


def test_a_missing_registration_causes_no_writing_call(azure_cloud: AzureProxy) -> None:
    unregistered = Fault(409, "MissingSubscriptionRegistration")
    azure_cloud.azure = Azure(SCENES["clean"].build(), faults={"Microsoft.KeyVault/vaults/read": [unregistered] * 9})
    run((*CHECK, "--subscription", SUBSCRIPTION))
    posts = {request.path.rpartition("/")[2] for request in azure_cloud.azure.asked if request.verb != "GET"}
    assert posts <= {
        "listNetworkManagerEffectiveSecurityAdminRules",
        "listNetworkManagerEffectiveConnectivityConfigurations",
    }
