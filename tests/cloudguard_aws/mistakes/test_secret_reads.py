"""Actions that AWS calls a read or a list, and that hand out secrets or run something: a node's role needs none."""

from __future__ import annotations

import pytest

from aws_ranks import HIGH, allow, worst

pytestmark = pytest.mark.mistake("secret-read-as-list")
ACTIONS = (
    # credentials, and tokens that are as good
    *("lightsail:GetInstanceAccessDetails", "redshift:GetClusterCredentials", "codeartifact:GetAuthorizationToken"),
    *("cognito-identity:GetCredentialsForIdentity", "ec2:GetPasswordData", "secretsmanager:BatchGetSecretValue"),
    # settings with passwords, keys and user data in them
    *("lambda:ListFunctions", "ecs:DescribeTaskDefinition", "batch:DescribeJobDefinitions", "amplify:ListApps"),
    *("elasticbeanstalk:DescribeConfigurationSettings", "autoscaling:DescribeLaunchConfigurations"),
    *("dms:DescribeEndpoints", "glue:GetConnections", "apprunner:DescribeService", "opsworks:DescribeApps"),
    # addresses that let anyone in who has them
    *("emr-serverless:GetDashboardForJobRun", "athena:GetResourceDashboard", "lex:GetTestExecutionArtifactsUrl"),
    # what workloads and users said
    *("swf:GetWorkflowExecutionHistory", "states:GetExecutionHistory", "ssm:ListCommandInvocations"),
    *("bedrock:GetAgentMemory", "pi:GetDimensionKeyDetails", "ec2:GetConsoleOutput", "sqs:ReceiveMessage"),
    # what runs or bills something
    *("bedrock:InvokeModel", "sagemaker:InvokeEndpoint", "bedrock-mantle:CallWithBearerToken"),
)


@pytest.mark.parametrize("action", ACTIONS)
def test_a_node_that_may_read_secrets_or_run_something_fails(action: str) -> None:
    assert worst([allow(action)]) == HIGH


@pytest.mark.parametrize("pattern", ["lambda:List*", "glue:Get*", "ecs:Describe*", "*:GetClusterCredentials"])
def test_a_pattern_of_reads_fails_if_one_of_them_hands_out_secrets(pattern: str) -> None:
    assert worst([allow(pattern)]) == HIGH
