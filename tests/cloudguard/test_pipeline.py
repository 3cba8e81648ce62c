"""The library's entry: one call returns a report, prints nothing, keeps no state, and loads modules only on use."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

import cloudguard
import memory_adapter
import sample
from cloudguard.errors import ClusterNotFoundError, SettingsError, UsageError
from cloudguard.model.cluster import Role
from cloudguard.needs.declarations import Declarations
from cloudguard.pipeline import evaluate
from cloudguard.results.report import Verdict
from command import install


@pytest.fixture(autouse=True)
def memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Install the provider "memory"."""
    install(monkeypatch, tmp_path)


def test_check_collects_and_judges_in_one_call(capsys: pytest.CaptureFixture[str]) -> None:
    session, steps = object(), list[str]()

    def progress(step: str) -> None:
        steps.append(step)

    report = cloudguard.check(
        "memory",
        cluster="prod",
        options={"profile": "audit", "region": ["a", "b"]},
        role_tags={Role.NODE: ("a=b",)},
        extra_hosts={"i-1": (Role.ETCD,)},
        session=session,
        progress=progress,
    )
    assert report.row("etcd-access").verdict is Verdict.FAIL
    assert report == evaluate(sample.snapshot(), Declarations())
    [request] = memory_adapter.ADAPTER.requests
    assert request.client is session
    assert request.options == {"profile": ("audit",), "region": ("a", "b")}
    assert steps == ["memory:Read"]
    assert capsys.readouterr() == ("", "")


def test_check_uses_the_caller_s_declarations() -> None:
    report = cloudguard.check("memory", cluster="prod", declarations=Declarations(require_customer_key=True))
    assert report.row("etcd-encryption").verdict is Verdict.FAIL


def test_all_unknown_cnis_and_addons_are_refused_at_once() -> None:
    snapshot = sample.snapshot()
    with pytest.raises(SettingsError) as raised:
        evaluate(snapshot, Declarations(addons=("backpu",), cni="claico"))
    assert raised.value.faults == (
        "cni: 'claico' is unknown: declare its needs as [[need]]. Did you mean 'calico'?",
        "addons: 'backpu' is unknown: declare its needs as [[need]]; known: none",
    )
    amazon = replace(snapshot, cluster=replace(snapshot.cluster, provider="aws"))
    assert evaluate(amazon, Declarations(addons=("ebs-csi",), cni="calico"))
    with pytest.raises(SettingsError, match=r"'ebs-cis' is unknown: .*\. Did you mean 'ebs-csi'\?"):
        evaluate(amazon, Declarations(addons=("ebs-cis",)))


def test_an_option_that_the_provider_does_not_have_is_refused() -> None:
    with pytest.raises(UsageError) as raised:
        cloudguard.check("memory", options={"regoin": "x", "colour": "red", "region": "here"})
    assert str(raised.value) == (
        "memory has no option 'regoin'. Did you mean 'region'?; memory has no option 'colour'; known: profile, region"
    )
    assert memory_adapter.ADAPTER.requests == []


def test_an_unknown_role_is_refused() -> None:
    tags = cast("dict[Role, tuple[str, ...]]", {"control-plain": ("a=b",)})
    with pytest.raises(SettingsError, match=r"there is no role 'control-plain'\. Did you mean 'control-plane'\?"):
        cloudguard.collect("memory", cluster="prod", role_tags=tags)


def test_the_cluster_s_name_is_optional_if_there_is_only_one_cluster() -> None:
    assert cloudguard.collect("memory", options={"region": "here"}).cluster.name == "prod"
    with pytest.raises(
        ClusterNotFoundError, match=r"no cluster is named, and the account does not have exactly one: none was found"
    ):
        cloudguard.collect("memory", options={"region": "nowhere"})
    with pytest.raises(ClusterNotFoundError, match=r"prod \(here\), "):
        cloudguard.collect("memory")


def test_a_missing_sdk_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "botocore.exceptions", None)
    with pytest.raises(UsageError, match=r"'aws' needs the package 'botocore\.exceptions', which is not") as raised:
        cloudguard.collect("aws", cluster="prod")
    assert raised.value.hint == "In a clone of cloudguard, run: pip install '.[aws]'"


def test_several_threads_can_check_at_once() -> None:
    with ThreadPoolExecutor(4) as pool:
        runs = [pool.submit(cloudguard.check, "memory", cluster="prod") for _ in range(8)]
        reports = [run.result() for run in runs]
    assert all(report == reports[0] for report in reports)


def test_an_unknown_provider_is_an_error() -> None:
    with pytest.raises(UsageError, match="there is no provider 'nimbus'"):
        cloudguard.check("nimbus")


def test_the_report_has_the_times_of_the_snapshot() -> None:
    report = evaluate(replace(sample.snapshot(), started="then", finished="now"), Declarations())
    assert (report.started, report.finished) == ("then", "now")


def test_importing_the_package_loads_no_modules_of_it() -> None:
    code = "import sys, cloudguard; print([name for name in sys.modules if name.startswith('cloudguard.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout == "[]\n"
