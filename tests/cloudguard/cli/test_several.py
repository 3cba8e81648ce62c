"""``check`` of several clusters: their selection, their output, and failures that do not stop the others."""

from __future__ import annotations

import csv
import json
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import pytest

import memory_adapter
import sample
from cloudguard.needs.settings import FORMATS
from cloudguard.provider.port import load
from command import install, ran, refusal

JUNITPARSER: Final[Any] = import_module("junitparser")
METRICS: Final[Any] = import_module("prometheus_client.openmetrics.parser")
TWO: Final = ("check", "memory", "--cluster", "prod", "--cluster", "gappy")
WITH_FAILURES: Final = ("check", "memory", *(f"--cluster={name}" for name in ("nobody", "prod", "locked", "broken")))
ROWS: Final = 5


@pytest.fixture(autouse=True)
def memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Install the provider "memory"."""
    install(monkeypatch, tmp_path)
    monkeypatch.setitem(vars(load("memory")), "requests", memory_adapter.ADAPTER.requests)


def test_the_table_lists_the_worst_cluster_first_and_the_status_combines_all(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status, out, err = ran(capsys, *TWO)
    headings, first, second = (line.split() for line in out.splitlines()[:3])
    assert status == 5
    assert headings[0] == "CLUSTER"
    assert (first[0], second[0]) == ("gappy", "prod")
    assert err.splitlines() == [out.splitlines()[-1]] == [err.strip()]
    assert "2 clusters: 2 FAIL" in err
    assert "1 INCOMPLETE" in err


def test_verbose_shows_the_whole_report_of_each_cluster(capsys: pytest.CaptureFixture[str]) -> None:
    single = ran(capsys, "check", "memory", "--cluster", "prod", "-v")[1]
    assert single in ran(capsys, *TWO, "-v")[1]


def test_each_report_equals_that_of_the_cluster_alone(capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(ran(capsys, *TWO, "-f", "json")[1])
    alone = [
        json.loads(ran(capsys, "check", "memory", "--cluster", name, "-f", "json")[1]) for name in ("prod", "gappy")
    ]
    assert document == {"schema": "cloudguard/fleet/v1", "complete": False, "reports": alone}


def test_all_checks_every_cluster_of_the_account(capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(ran(capsys, "check", "memory", "--all", "--region", "here", "-f", "json")[1])
    assert [report["cluster"]["name"] for report in document["reports"]] == ["prod"]
    status, _, err = ran(capsys, "check", "memory", "--all", "--region", "nowhere")
    assert status == 4
    assert "clusters of memory nowhere: no cluster was found" in err


def test_a_cluster_that_fails_is_named_and_the_others_are_checked(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = ran(capsys, *WITH_FAILURES, "-f", "json")
    reports = {report["cluster"]["name"]: report for report in json.loads(out)["reports"]}
    assert status == 5
    assert [row["verdict"] for row in reports["locked"]["rows"]] == ["UNKNOWN"] * ROWS
    assert {name for name, report in reports.items() if report["complete"]} == {"prod"}
    for line in (
        "nobody: no cluster is called 'nobody'. List them: cloudguard discover memory",
        "locked: no credentials. Log in",
        "broken: internal error: RuntimeError: bad\\x1b[31m wire. Please report it",
    ):
        assert f"cloudguard: {line}\n" in err
    assert ran(capsys, *WITH_FAILURES, "--fail-on", "never")[0] == 4


def test_a_part_that_can_not_be_listed_is_named_and_the_rest_is_checked(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = ran(capsys, "check", "memory", "--all", "--region", "half", "-f", "json")
    names = [report["cluster"]["name"] for report in json.loads(out)["reports"]]
    assert (status, names) == (5, ["prod", "clusters of memory half"])
    assert "cloudguard: clusters of memory half: half of it does not answer. Ask later\n" in err


def _is_of_both(form: str, text: str) -> bool:
    """Whether a document of a format is valid and contains both clusters."""
    match form:
        case "sarif":
            ids = [run["automationDetails"]["id"] for run in json.loads(text)["runs"]]
            return len(set(ids)) == len(ids) == 2
        case "junit":
            Path("junit.xml").write_text(text, encoding="utf-8")
            suites = [*JUNITPARSER.JUnitXml.fromfile("junit.xml")]
            return {suite.name.partition(":")[0] for suite in suites} == {"prod", "gappy"} and len(suites) == 2 * ROWS
        case "csv":
            lines = [*csv.DictReader(text.splitlines())]
            return {line["cluster"] for line in lines} == {"prod", "gappy"}
        case "openmetrics":
            samples = [sample for family in METRICS.text_string_to_metric_families(text) for sample in family.samples]
            return {sample.labels["cluster"] for sample in samples} == {"prod", "gappy"}
        case "gitlab" | "ocsf":
            return isinstance(json.loads(text), list) and len(json.loads(text)) > ROWS
        case _:
            return "prod" in text and "gappy" in text


@pytest.mark.parametrize("form", [form for form in FORMATS if form not in {"asff", "pdf"}])
def test_each_format_holds_several_clusters(capsys: pytest.CaptureFixture[str], form: str) -> None:
    status, out, _ = ran(capsys, *TWO, "-f", form)
    assert status == 5
    assert _is_of_both(form, out)
    assert ran(capsys, *WITH_FAILURES, "-f", form)[0] == 5


def test_clusters_with_one_name_are_shown_with_their_regions(capsys: pytest.CaptureFixture[str]) -> None:
    def written(form: str) -> str:
        return ran(capsys, "check", "memory", "--cluster", "twins", "--cluster", "prod", "-f", form)[1]

    table = [line.split()[:4] for line in written("table").splitlines()]
    assert [line[3] for line in table if line[:1] == ["twins"]] == ["here", "there"]
    ids = [run["automationDetails"]["id"] for run in json.loads(written("sarif"))["runs"]]
    assert ids == [f"cloudguard/memory/1234/{name}/" for name in ("twins/here", "twins/there", "prod")]
    Path("junit.xml").write_text(written("junit"), encoding="utf-8")
    suites = {suite.name for suite in JUNITPARSER.JUnitXml.fromfile("junit.xml")}
    assert len(suites) == 3 * ROWS
    assert {"twins here: node-access", "twins there: node-access", "prod: node-access"} <= suites
    assert {line["regions"] for line in csv.DictReader(written("csv").splitlines())} == {"here", "there"}
    families = METRICS.text_string_to_metric_families(written("openmetrics"))
    samples = [(sample.name, *sorted(sample.labels.items())) for family in families for sample in family.samples]
    assert len(samples) == len({*samples})
    assert {label.get("region") for label in (dict(labels) for _, *labels in samples)} == {"here", "there", None}


def test_markdown_has_one_first_level_heading(capsys: pytest.CaptureFixture[str]) -> None:
    out = ran(capsys, *TWO, "-f", "markdown")[1]
    assert [line for line in out.splitlines() if line.startswith("# cloudguard")] == ["# cloudguard: 2 clusters"]
    assert "\n## cloudguard: prod\n" in out


def test_a_placeholder_gives_each_cluster_its_file_whatever_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    Path("out").mkdir()
    clusters = [f"--cluster={name}" for name in ("prod", "../prod", "hostile", "prod", "a/b", "a_b", ".hidden")]
    ran(capsys, "check", "memory", *clusters, "-f", "json=out/{cluster}.json", "-f", "json=all.json")
    names = sorted(path.name for path in Path("out").iterdir())
    assert len(names) == len(json.loads(Path("all.json").read_text())["reports"]) == 6
    assert "prod.json" in names
    assert all(name.isascii() and not name.startswith(".") for name in names)
    assert not Path("prod.json").exists()


def test_the_table_escapes_a_hostile_name(capsys: pytest.CaptureFixture[str]) -> None:
    out = ran(capsys, "check", "memory", "--cluster", "hostile", "--cluster", "prod")[1]
    assert sample.HOSTILE not in out
    assert all(line.isprintable() for line in out.splitlines())


@pytest.mark.parametrize(
    ("argv", "fault"),
    [
        (("--all", "--cluster", "prod"), "give only one of --all, --cluster and --targets"),
        (("--all", "--snapshot", "x.json"), "--snapshot is for one cluster, but several are requested"),
        (("--all", "--host", "h=node"), "--host is for one cluster, but several are requested"),
        (("--shard", "1/2"), "--shard divides several clusters between runs, but only one is requested"),
        (("--all", "--shard", "3/2"), "--shard: '3/2' is not a shard: write 2/5 for the second of five"),
        (("--targets", "none.toml"), "the providers are named in --targets none.toml, so memory must not be given"),
    ],
)
def test_flags_that_contradict_one_another_are_refused(
    capsys: pytest.CaptureFixture[str], argv: tuple[str, ...], fault: str
) -> None:
    assert fault in refusal(capsys, "check", "memory", *argv)


def test_only_check_accepts_several_clusters(capsys: pytest.CaptureFixture[str]) -> None:
    assert "Only check accepts more than one --cluster" in refusal(capsys, "collect", *TWO[1:])


def test_the_shards_together_check_every_cluster_once(capsys: pytest.CaptureFixture[str]) -> None:
    names = [f"cluster-{number}" for number in range(12)]
    clusters = [f"--cluster={name}" for name in names]
    found = list[str]()
    for number in (1, 2, 3):
        out = ran(capsys, "check", "memory", *clusters, "--shard", f"{number}/3", "-f", "json")[1]
        found += [report["cluster"]["name"] for report in json.loads(out)["reports"]]
    assert sorted(found) == sorted(names)


def test_a_shard_without_clusters_checks_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    done = [ran(capsys, *TWO, "--shard", f"{number}/9") for number in range(1, 10)]
    empty = [one for one in done if not one[1]]
    assert len(empty) >= 7
    assert all(status == 0 and "has no cluster, so nothing was checked" in err for status, _, err in empty)


def test_a_format_that_a_cluster_can_t_have_does_not_stop_other_formats(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for clusters in (TWO, ("check", "memory", "--cluster", "prod")):
        file = tmp_path / f"{len(clusters)}.json"
        status, _, err = ran(capsys, *clusters, "-f", f"asff={tmp_path / 'asff.json'}", "-f", f"json={file}")
        assert (status, "asff is only for clusters on" in err) == (2, True)
        assert json.loads(file.read_text())["complete"] is not None
