"""Application balancers whose listeners send on only some clients: it is unknown who reaches the hosts behind them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from aws_altered import Altered, Change, Json, altered, answers, refused
from cloudguard.results.report import Verdict
from moto_fixtures.aws.builder import WORLD, Account
from moto_fixtures.aws.scenes import clean

FAIL, UNKNOWN = Verdict.FAIL, Verdict.UNKNOWN
LISTENERS, RULES = "elbv2:DescribeListeners", "elbv2:DescribeRules"
OFFICE: Json = {"Field": "source-ip", "SourceIpConfig": {"Values": ["198.51.100.0/24"]}}
SECRET: Json = {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "x-origin", "Values": ["s3cret"]}}
HOST: Json = {"Field": "host-header", "HostHeaderConfig": {"Values": ["a.example"]}}
PATH: Json = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/admin/*"]}}
LOGIN: Json = {"Type": "authenticate-oidc", "Order": 1}
TOKEN: Json = {"Type": "jwt-validation", "Order": 1}
REFUSE: Json = {"Type": "fixed-response", "Order": 2, "FixedResponseConfig": {"StatusCode": "403"}}


def build(a: Account) -> str:
    """Build a cluster without findings, but with an application balancer to a node's SSH. Return its target group."""
    cluster = clean.build(a)
    front = a.group(cluster.vpc, "front")
    front.allow("tcp/80", WORLD)
    cluster.nodes.allow("tcp/22", front)
    alb = a.nlb("web", cluster.public, [front], kind="application")
    a.listener(alb, 80, [cluster.worker], 22, protocol="HTTP", name="ssh")
    listed = a.call("elbv2", "describe_target_groups", Names=["ssh"])["TargetGroups"]
    return str(listed[0]["TargetGroupArn"])


@pytest.fixture(scope="module")
def account() -> Iterator[Altered]:
    with altered(build) as made:
        yield made


def default(*actions: Json, **more: object) -> Change:
    """Return a change that gives the application balancer's listener other default actions."""

    def change(given: list[Json], parameters: Mapping[str, Any]) -> list[Json]:
        return (
            [item | {"DefaultActions": [*actions], **more} for item in given] if "app/" in repr(parameters) else given
        )

    return change


def forward(account: Altered) -> Json:
    return {"Type": "forward", "Order": 3, "TargetGroupArn": account.made}


def rules(*listed: Json) -> Change:
    every: list[Json] = [*listed, {"IsDefault": True, "Conditions": [], "Actions": [REFUSE]}]
    return answers(*every)


def verdict(account: Altered, listeners: Change, *listed: Json) -> Verdict:
    changes: dict[str, Change | Exception] = {LISTENERS: listeners, RULES: rules(*listed)}
    return account.report(changes, clean.DECLARED.policy).row("node-access").verdict


CONDITIONS: dict[str, tuple[Verdict, list[Json]]] = {
    "an office's addresses": (UNKNOWN, [OFFICE]),
    "a header, whose value may be secret": (UNKNOWN, [SECRET]),
    "a host and an office's addresses": (UNKNOWN, [HOST, OFFICE]),
    "a condition not heard of": (UNKNOWN, [{"Field": "phase-of-the-moon"}]),
    "a host, which the client chooses": (FAIL, [HOST]),
    "a path of a host": (FAIL, [HOST, PATH]),
    "no condition": (FAIL, []),
}


@pytest.mark.parametrize("name", CONDITIONS)
def test_the_conditions_of_the_only_rule_that_forwards_decide(account: Altered, name: str) -> None:
    expected, conditions = CONDITIONS[name]
    rule = {"Conditions": conditions, "Actions": [forward(account)]}
    assert verdict(account, default(REFUSE), rule) is expected


def test_a_rule_for_everyone_beside_one_for_an_office_lets_everyone_in(account: Altered) -> None:
    office, path = ({"Conditions": [each], "Actions": [forward(account)]} for each in (OFFICE, PATH))
    assert verdict(account, default(REFUSE), office, path) is FAIL


def test_a_rule_that_forwards_elsewhere_does_not_count(account: Altered) -> None:
    elsewhere = {"Type": "forward", "TargetGroupArn": f"{account.made}0"}
    other = {"Conditions": [PATH], "Actions": [elsewhere]}
    office = {"Conditions": [OFFICE], "Actions": [forward(account)]}
    assert verdict(account, default(REFUSE), office, other) is UNKNOWN


def test_a_default_that_forwards_lets_everyone_in(account: Altered) -> None:
    office = {"Conditions": [OFFICE], "Actions": [forward(account)]}
    assert verdict(account, default(forward(account)), office) is FAIL


@pytest.mark.parametrize("login", [LOGIN, TOKEN])
@pytest.mark.parametrize("by_default", [True, False])
def test_a_login_before_the_forward_keeps_some_out(account: Altered, login: Json, *, by_default: bool) -> None:
    actions = [login, forward(account)]
    rule = {"Conditions": [HOST], "Actions": actions}
    listed = () if by_default else (rule,)
    assert verdict(account, default(*(actions if by_default else [REFUSE])), *listed) is UNKNOWN


@pytest.mark.parametrize(("mode", "expected"), [("verify", UNKNOWN), ("passthrough", FAIL), ("off", FAIL)])
def test_a_listener_may_demand_a_certificate(account: Altered, mode: str, expected: Verdict) -> None:
    listeners = default(forward(account), MutualAuthentication={"Mode": mode})
    assert verdict(account, listeners) is expected


def test_rules_that_could_not_be_read_are_a_gap_for_this_balancer_alone(account: Altered) -> None:
    changes: dict[str, Change | Exception] = {LISTENERS: default(REFUSE), RULES: refused()}
    snapshot = account.snapshot(changes)
    assert {(gap.call, gap.hides) for gap in snapshot.gaps} == {(RULES, ())}
    assert account.report(changes, clean.DECLARED.policy).row("node-access").verdict is UNKNOWN
