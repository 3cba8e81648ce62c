"""Application balancers with a web ACL: one that may block clients leaves undecided who reaches the hosts behind it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from aws_altered import Altered, Change, Json, altered, answers, refused
from cloudguard import pipeline
from cloudguard.model.source import Gap
from cloudguard.results.report import RowResult, Verdict
from moto_fixtures.aws.builder import WORLD, Account
from moto_fixtures.aws.scenes import clean

FAIL, UNKNOWN = Verdict.FAIL, Verdict.UNKNOWN
CALL = "wafv2:GetWebACLForResource"
ALLOW: Json = {"Allow": {}}
BLOCK: Json = {"Block": {}}
COUNT: Json = {"Count": {}}
ADDRESSES = {"IPSetReferenceStatement": {"ARN": "arn:aws:wafv2:eu-west-1:123456789012:regional/ipset/office/1"}}
COUNTRIES = {"GeoMatchStatement": {"CountryCodes": ["DE"]}}
HEADER = {"ByteMatchStatement": {"SearchString": "secret", "FieldToMatch": {"SingleHeader": {"Name": "x-token"}}}}
INJECTION: dict[str, Any] = {"SqliMatchStatement": {"FieldToMatch": {"Body": {}}}}
OFTEN: dict[str, Any] = {"RateBasedStatement": {"Limit": 100, "AggregateKeyType": "IP"}}
MANAGED = {"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": "AWSManagedRulesCommonRuleSet"}}
MARKET = {"ManagedRuleGroupStatement": {"VendorName": "Other", "Name": "Countries"}}
OWN_GROUP = {"RuleGroupReferenceStatement": {"ARN": "arn:aws:wafv2:eu-west-1:123456789012:regional/rulegroup/own/1"}}
UNHEARD_OF: Json = {"MoodStatement": {}}
OF_FIREWALL_MANAGER: list[Json] = [{"FirewallManagerStatement": OWN_GROUP, "OverrideAction": {"None": {}}}]
ODD_RULES: list[Json] = [{"Rules": {}}, {"Rules": ["r"]}]


def web_acl(*rules: Json, default: Json | None = None, **more: object) -> Json:
    """Return a web ACL as the API answers it. ``default``: its default action, by default Allow."""
    return {"Name": "screen", "Id": "1", "DefaultAction": default or ALLOW, "Rules": [*rules], **more}


def rule(statement: Json, action: Json) -> Json:
    return {"Name": "r", "Priority": 0, "Statement": statement, "Action": action}


def group(statement: Json, override: str = "None") -> Json:
    return {"Name": "g", "Priority": 0, "Statement": statement, "OverrideAction": {override: {}}}


def screened(a: Account) -> None:
    """Build a cluster without findings, but with an application balancer from the internet to a node's SSH."""
    cluster = clean.build(a)
    front = a.group(cluster.vpc, "front")
    front.allow("tcp/80", WORLD)
    cluster.nodes.allow("tcp/22", front)
    alb = a.nlb("web", cluster.public, [front], kind="application")
    a.listener(alb, 80, [cluster.worker], 22, protocol="HTTP")


@pytest.fixture(scope="module")
def account() -> Iterator[Altered]:
    with altered(screened) as made:
        yield made


def judged(account: Altered, change: Change | Exception) -> tuple[RowResult, tuple[Gap, ...]]:
    """Return the row and the gaps."""
    snapshot = account.snapshot({CALL: change})
    return pipeline.evaluate(snapshot, clean.DECLARED.policy).row("node-access"), snapshot.gaps


@pytest.mark.mistake("unknown-word")
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param(None, FAIL, id="none"),
        pytest.param(web_acl(), FAIL, id="without rules"),
        pytest.param(web_acl(default=BLOCK), UNKNOWN, id="blocks by default"),
        pytest.param(web_acl(rule(ADDRESSES, ALLOW), default=BLOCK), UNKNOWN, id="an office by default none"),
        pytest.param(web_acl(rule({"NotStatement": {"Statement": ADDRESSES}}, BLOCK)), UNKNOWN, id="all but an office"),
        pytest.param(web_acl(rule(COUNTRIES, BLOCK)), UNKNOWN, id="countries"),
        pytest.param(web_acl(rule(HEADER, {"Captcha": {}})), UNKNOWN, id="a header"),
        pytest.param(web_acl(rule(COUNTRIES, {"Divert": {}})), UNKNOWN, id="an unknown action"),
        pytest.param(web_acl(rule(UNHEARD_OF, BLOCK)), UNKNOWN, id="an unknown statement"),
        pytest.param(web_acl(rule({}, BLOCK)), UNKNOWN, id="no statement"),
        pytest.param(web_acl(rule(COUNTRIES, COUNT)), FAIL, id="only counts"),
        pytest.param(web_acl(rule(INJECTION, BLOCK), rule(OFTEN, BLOCK)), FAIL, id="about requests"),
        pytest.param(web_acl(rule({"NotStatement": {"Statement": INJECTION}}, BLOCK)), UNKNOWN, id="all but a form"),
        pytest.param(web_acl(group(MANAGED)), FAIL, id="the provider's rules"),
        pytest.param(web_acl(group(MARKET)), UNKNOWN, id="another vendor's rules"),
        pytest.param(web_acl(group(OWN_GROUP)), UNKNOWN, id="an own group"),
        pytest.param(web_acl(group(OWN_GROUP, "Count")), FAIL, id="an own group that only counts"),
        pytest.param(
            web_acl(PreProcessFirewallManagerRuleGroups=OF_FIREWALL_MANAGER),
            UNKNOWN,
            id="a group of Firewall Manager",
        ),
    ],
)
def test_rules_that_may_block_clients_leave_it_undecided_who_gets_through(
    account: Altered, answer: Json | None, expected: Verdict
) -> None:
    row, gaps = judged(account, answers(*[answer] if answer else []))
    assert (row.verdict, gaps) == (expected, ())
    if expected is UNKNOWN:
        assert "it is not known which clients the web ACL screen blocks" in row.why


@pytest.mark.mistake("odd-answer")
@pytest.mark.parametrize(
    "answer", [{"Name": "screen"}, {"DefaultAction": ALLOW}, *(web_acl() | odd for odd in ODD_RULES)]
)
def test_an_answer_of_another_shape_leaves_it_undecided_too(account: Altered, answer: Json) -> None:
    row, _ = judged(account, answers(*[answer] if answer else []))
    assert row.verdict is UNKNOWN


def test_a_refused_question_is_a_gap_for_this_balancer_alone(account: Altered) -> None:
    row, gaps = judged(account, refused())
    (gap,) = gaps
    assert (gap.call, gap.hides) == (CALL, ())
    assert gap.permission.endswith("wafv2:GetWebACL, wafv2:GetWebACLForResource")
    assert row.verdict is UNKNOWN
    (undecided,) = [each for each in row.undecided if each.sender == "the internet"]
    assert undecided.would_help == gap.permission
    assert not row.findings
