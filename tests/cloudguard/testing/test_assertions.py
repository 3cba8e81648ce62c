"""Assertions for tests of infrastructure code: a failure prints the first screen, and wrong names are refused."""

from __future__ import annotations

import pytest

import sample
from cloudguard import pipeline
from cloudguard.errors import SettingsError, UsageError
from cloudguard.formats import table
from cloudguard.needs.declarations import DeclaredService
from cloudguard.needs.declarations_file import load_declarations
from cloudguard.testing import assert_rows, declared

REPORT = pipeline.evaluate(sample.snapshot())


def test_rows_with_the_expected_verdicts_pass() -> None:
    assert_rows(REPORT, etcd_access="FAIL", cloud_api_access="PASS")


def test_a_failure_lists_the_differences_and_prints_the_first_screen() -> None:
    with pytest.raises(AssertionError) as raised:
        assert_rows(REPORT, etcd_access="PASS", cloud_api_access="PASS", api_server_access="PASS")
    first, second, empty, *screen = str(raised.value).splitlines()
    assert (first, second, empty) == ("etcd-access is FAIL, not PASS", "api-server-access is FAIL, not PASS", "")
    assert screen == table.render(REPORT).splitlines()


@pytest.mark.parametrize(
    ("verdicts", "words"),
    [
        ({"etcd_acess": "PASS"}, "there is no row 'etcd_acess'. Did you mean 'etcd_access'?"),
        ({"etcd_access": "PAS"}, "there is no verdict 'PAS'. Did you mean 'PASS'?"),
        ({}, "name at least one row"),
    ],
)
def test_unknown_rows_and_verdicts_are_refused(verdicts: dict[str, str], words: str) -> None:
    with pytest.raises(UsageError) as raised:
        assert_rows(REPORT, **verdicts)
    assert words in str(raised.value)


def test_declarations_may_be_given_as_text_or_by_keys() -> None:
    text = 'admin-cidr = ["198.51.100.0/24"]\n[[service]]\nservices = "tcp/443"\n[host]\nn_1 = "node"\n'
    by_keys = declared(admin_cidr=("198.51.100.0/24",), service={"services": "tcp/443"}, host={"n_1": ["node"]})
    assert declared(text) == by_keys
    assert by_keys.services == (DeclaredService("tcp/443"),)
    assert by_keys.admin_cidrs == load_declarations(text).admin_cidrs
    assert {declaration.origin for declaration in pipeline.evaluate(sample.snapshot(), by_keys).declarations} == {""}


def test_declarations_are_checked_like_the_file() -> None:
    with pytest.raises(SettingsError) as raised:
        declared(admin_cidr="10.0.0.0/33", etcd_prot="2379")
    assert len(raised.value.faults) == 2
    assert "Did you mean 'etcd-port'?" in str(raised.value)
    with pytest.raises(UsageError, match="not both"):
        declared("cni = 'calico'", cni="calico")
