"""Operations on Azure whose names say read, list or get, but which return secrets or run something."""

from __future__ import annotations

import pytest

from azure_aks import Aks
from azure_proxy import AzureProxy
from azure_variants import above_low, report_on
from cloudguard.results.finding import Severity

ROW = "cloud-api-access"
SECRETS = (
    "Microsoft.App/containerApps/listSecrets/action",
    "Microsoft.Automation/automationAccounts/jobs/streams/read",
    "Microsoft.ContainerInstance/containerGroups/containers/logs/read",
    "Microsoft.ContainerInstance/containerGroups/containers/exec/action",
    "Microsoft.HDInsight/clusters/configurations/read",
    "Microsoft.Kubernetes/connectedClusters/listClusterUserCredential/action",
    "Microsoft.Logic/workflows/runs/actions/read",
    "Microsoft.Network/connections/sharedKey/read",
    "Microsoft.OperationalInsights/workspaces/query/ContainerLog/read",
    "Microsoft.SerialConsole/serialPorts/connect/action",
    "Microsoft.ServiceBus/namespaces/authorizationRules/listKeys/action",
    "Microsoft.Web/sites/config/appsettings/read",
    "Microsoft.Web/sites/functions/masterkey/read",
    "Microsoft.Web/sites/publishxml/action",
)
SETTINGS = (
    "Microsoft.Compute/disks/read",
    "Microsoft.Insights/diagnosticSettings/read",
    "Microsoft.Network/connections/read",
    "Microsoft.Web/sites/functions/read",
)


@pytest.mark.mistake("secret-read-as-list")
@pytest.mark.parametrize("operation", SECRETS)
def test_an_operation_that_returns_secrets_or_runs_something_is_no_list(
    azure_cloud: AzureProxy, operation: str
) -> None:
    account = Aks()
    account.assign(account.kubelet, account.role("one", operation))
    findings = above_low(report_on(azure_cloud, account), ROW)
    assert ("cloud-api-access/outside", Severity.HIGH) in {(finding.check, finding.severity) for finding in findings}


@pytest.mark.parametrize("operation", SETTINGS)
def test_a_read_of_settings_is_advice(azure_cloud: AzureProxy, operation: str) -> None:
    account = Aks()
    account.assign(account.kubelet, account.role("one", operation))
    report = report_on(azure_cloud, account)
    assert "cloud-api-access/listing" in {finding.check for finding in report.row(ROW).findings}
    assert {finding.check for finding in above_low(report, ROW)} <= {"cloud-api-access/metadata"}
