"""Azure ignores the letter case of ids and enum values, and answers in any case: no verdict depends on it.

https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
"""

from __future__ import annotations

from random import Random

from azure_account import Account
from azure_proxy import AzureProxy, asking
from azure_scenes import SCENES
from azure_schema import Shape, shape_of
from azure_sdk import find
from azure_server import Azure
from cloudguard.results.report import Report
from cloudguard_azure import ADAPTER
from draws import seeds
from spoilt import Json

DRAWS = 4


def upper_case_answer(shape: Shape, value: Json) -> Json:
    """Return an answer with its enum values and ids in capitals."""
    shape = shape.whole()
    if isinstance(value, dict):
        shape = shape.variants.get(str(value.get(shape.discriminator)), shape).whole()
        fields = {key: shape.fields.get(key, shape.of or Shape("any")) for key in value}
        return {_capital(key): upper_case_answer(fields[key], part) for key, part in value.items()}
    if isinstance(value, list):
        return [upper_case_answer(shape.of or Shape("any"), part) for part in value]
    if not isinstance(value, str):
        return value
    return value.upper() if shape.words else _capital(value)


def _capital(text: str) -> str:
    return text.upper() if text.lower().startswith("/subscriptions/") else text


def in_capitals(account: Account) -> Account:
    """Write all enum values and ids of an account's answers in capitals, except the resources' own ids."""
    for own, item in account.items.items():
        operation = find("GET", own)
        assert operation
        changed = upper_case_answer(shape_of(operation.package, operation.model), item)
        assert isinstance(changed, dict)
        account.items[own] = changed | {"id": item["id"]}
    return account


def report_on(azure_cloud: AzureProxy, name: str, *, capitals: bool) -> Report:
    """Return the findings of a scene."""
    account = SCENES[name].build()
    azure_cloud.azure = Azure(in_capitals(account) if capitals else account)
    return SCENES[name].evaluate(ADAPTER.collect(asking()))


def test_no_verdict_depends_on_the_letter_case_of_ids_and_enum_values(azure_cloud: AzureProxy) -> None:
    for seed in seeds(DRAWS):
        name = Random(seed).choice(sorted(SCENES))
        reports = [report_on(azure_cloud, name, capitals=capitals) for capitals in (False, True)]
        plain, loud = ([(row.row, row.verdict, len(row.findings)) for row in report.rows] for report in reports)
        assert plain == loud, (seed, name)
        assert not {gap.call for gap in reports[1].gaps} - {gap.call for gap in reports[0].gaps}, (seed, name)
