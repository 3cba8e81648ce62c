"""``--notify`` and ``--ping``: what is sent, and that failures lose no report and show no secret."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import sample
from cloudguard.needs.settings import NOTIFY, NOTIFY_ON, PING
from command import install, ran, refusal, written_snapshot
from listeners import Heard, http_server
from nights import STORE, denied, night, without

SECRET = "s3cr3t-t0ken"  # noqa: S105 - no password of anyone
OPEN, SHUT = sample.snapshot(), without("r-etcd")
PLAIN = ("check", "--snapshot", "prod.json", "-f", "json")


@pytest.fixture(autouse=True)
def snapshot(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A snapshot file of the sample, and the provider "memory"."""
    install(monkeypatch, tmp_path)
    written_snapshot()


def notify(heard: Heard) -> tuple[str, str]:
    return ("--notify", f"json://{heard.address}/{SECRET}")


def ping(heard: Heard) -> tuple[str, str]:
    return ("--ping", f"http://{heard.address}/{SECRET}")


def test_findings_are_notified_and_pinged(capsys: pytest.CaptureFixture[str]) -> None:
    with http_server() as heard:
        status, out, err = ran(capsys, *PLAIN, *notify(heard), *ping(heard))
    assert status == 3
    (start, _), (notice, body), (end, _) = heard.requests
    assert (start, notice, end) == (f"/{SECRET}/start", f"/{SECRET}", f"/{SECRET}")
    assert json.loads(body)["title"].startswith("prod: ")
    assert SECRET not in out + err
    assert json.loads(out)["complete"] is True


@pytest.mark.parametrize(("wanted", "count"), [("fixed", 0), ("incomplete", 0), ("new", 1), ("always", 1)])
def test_notices_are_sent_only_on_the_chosen_occasions(
    capsys: pytest.CaptureFixture[str], wanted: str, count: int
) -> None:
    with http_server() as heard:
        assert ran(capsys, *PLAIN, *notify(heard), "--notify-on", wanted)[0] == 3
    assert len(heard.requests) == count


def test_an_incomplete_run_is_notified_and_fails_its_ping(capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(Path("prod.json").read_text(encoding="utf-8"))
    gap = {"call": "memory:Filters", "resource": "x", "reason": "denied", "message": "no", "hides": ["filters"]}
    Path("prod.json").write_text(json.dumps({**document, "gaps": [gap]}), encoding="utf-8")
    with http_server() as heard:
        assert ran(capsys, *PLAIN, *notify(heard), "--notify-on", "incomplete", *ping(heard))[0] in {4, 5}
    assert heard.paths == [f"/{SECRET}/start", f"/{SECRET}", f"/{SECRET}/fail"]
    assert "incomplete" in heard.requests[1][1]


@pytest.mark.parametrize(("cluster", "status", "paths"), [("locked", 4, 3), ("nowhere", 2, 2)])
def test_a_cluster_that_was_not_read_fails_its_ping_and_a_refusal_is_notified(
    capsys: pytest.CaptureFixture[str], cluster: str, status: int, paths: int
) -> None:
    with http_server() as heard:
        found = ran(capsys, "check", "memory", "--cluster", cluster, *notify(heard), *ping(heard))
    assert (found[0], found[1]) == (status, "")
    assert heard.paths[0].endswith("/start")
    assert heard.paths[-1].endswith("/fail")
    assert len(heard.requests) == paths


def test_a_notice_that_fails_loses_no_report(capsys: pytest.CaptureFixture[str]) -> None:
    with http_server(500) as heard:
        status, out, err = ran(capsys, *PLAIN, *notify(heard), *ping(heard))
    assert (status, json.loads(out)["cluster"]["name"]) == (1, "prod")
    lines = [line for line in err.splitlines() if line.startswith("cloudguard: the ")]
    assert [line.partition(". ")[0].partition(":")[2] for line in lines] == [
        " the ping to http://… got no answer: status 500",
        " the notice was not sent to json://…",
        " the ping to http://… got no answer: status 500",
    ]
    assert SECRET not in out + err


@pytest.mark.parametrize(("fail_on", "status"), [("medium", 3), ("never", 1)])
def test_a_ping_that_does_not_arrive_hides_no_finding(
    capsys: pytest.CaptureFixture[str], fail_on: str, status: int
) -> None:
    with http_server(500) as heard:
        assert ran(capsys, *PLAIN, *ping(heard), "--fail-on", fail_on)[0] == status


def test_no_password_of_a_ping_is_logged(capsys: pytest.CaptureFixture[str]) -> None:
    with http_server() as heard:
        url = f"http://guard:{SECRET}@{heard.address}/ping"
        _, out, err = ran(capsys, *PLAIN, "--ping", url, "-vv", "--log-file", "run.log")
    assert heard.paths == ["/ping/start", "/ping"]
    assert all(heard.authorizations)
    assert SECRET not in out + err + Path("run.log").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("flags", "part"),
    [
        (("--notify", SECRET), "--notify: it is not a URL: write SCHEME://…"),
        (("--notify", f"nonsense://{SECRET}"), "--notify: nonsense://… is not the URL of a service"),
        (("--ping", f"ftp://{SECRET}"), "--ping: it is not a URL: write http://… or https://…"),
        (("--notify", f"json://{SECRET}", "--notify-on", "never"), "--notify-on: 'never' is not one of new, fixed"),
    ],
)
def test_a_wrong_url_is_refused_and_not_printed(
    capsys: pytest.CaptureFixture[str], flags: tuple[str, ...], part: str
) -> None:
    line = refusal(capsys, *PLAIN, *flags)
    assert part in line
    assert SECRET not in line


@pytest.mark.parametrize("line", [f"notify = 'json://{SECRET}'", f"ping = 'http://{SECRET}'", "notify-on = 'always'"])
def test_cloudguard_toml_may_not_set_notices_or_pings(capsys: pytest.CaptureFixture[str], line: str) -> None:
    Path("cloudguard.toml").write_text(f"{line}\n", encoding="utf-8")
    refused = refusal(capsys, *PLAIN)
    assert "is allowed only in a file that is named with --config" in refused
    assert SECRET not in refused


@pytest.mark.parametrize("way", ["variable", "file"])
def test_a_variable_and_a_named_file_may_set_notices_and_pings(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    with http_server() as heard:
        values = {NOTIFY.name: notify(heard)[1], NOTIFY_ON.name: "always", PING.name: ping(heard)[1]}
        flags: tuple[str, ...] = ()
        if way == "variable":
            for name, value in values.items():
                monkeypatch.setenv(f"CLOUDGUARD_{name.upper().replace('-', '_')}", value)
        else:
            text = "".join(f'{name} = "{value}"\n' for name, value in values.items())
            Path("named.toml").write_text(text, encoding="utf-8")
            flags = ("--config", "named.toml")
        _, out, err = ran(capsys, *PLAIN, *flags)
    assert len(heard.requests) == 3
    assert SECRET not in out + err


def test_metrics_keep_the_time_of_the_last_complete_run(capsys: pytest.CaptureFixture[str]) -> None:
    def written() -> dict[str, str]:
        ran(capsys, "check", "--snapshot", "prod.json", "-f", "openmetrics=m.prom")
        lines = Path("m.prom").read_text(encoding="utf-8").splitlines()
        return {line.partition("{")[0]: line.rpartition(" ")[2] for line in lines if not line.startswith("#")}

    first = written()
    assert Path("m.prom").stat().st_mode & 0o777 == 0o644
    document = json.loads(Path("prod.json").read_text(encoding="utf-8"))
    gap = {"call": "memory:Filters", "resource": "x", "reason": "denied", "message": "no", "hides": ["filters"]}
    later = {**document, "gaps": [gap], "finished": "2026-01-02T00:00:05Z"}
    Path("prod.json").write_text(json.dumps(later), encoding="utf-8")
    last, complete = (f"cloudguard_last_{name}run_timestamp_seconds" for name in ("", "complete_"))
    second = written()
    assert second[complete] == first[complete] == first[last]
    assert float(second[last]) == float(first[last]) + 86_400
    Path("m.prom").write_text("no metrics {", encoding="utf-8")
    assert complete not in written()


def _metrics(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, float]:
    """Return the metrics of a check without labels of their own, by name."""
    out = ran(capsys, "check", *words, "-f", "openmetrics", "--store", STORE)[1]
    lines = (line for line in out.splitlines() if not line.startswith("#"))
    return {line.partition("{")[0]: float(line.rpartition(" ")[2]) for line in lines}


def test_a_store_keeps_the_time_of_the_last_complete_run(capsys: pytest.CaptureFixture[str]) -> None:
    complete = "cloudguard_last_complete_run_timestamp_seconds"
    first = _metrics(capsys, "--snapshot", night(1))
    later = [_metrics(capsys, "--snapshot", night(day, denied(OPEN)))[complete] for day in (2, 3)]
    assert later == [first[complete]] * 2
    out = ran(capsys, "check", "--snapshot", night(4, denied(OPEN)), "--store", STORE, "-f", "json")[1]
    assert json.loads(out)["last_complete"] == "2026-01-01T02:17:00Z"
    assert _metrics(capsys, "--snapshot", night(5))[complete] == first[complete] + 4 * 86_400


def test_a_store_keeps_that_time_for_a_cluster_that_is_not_read(capsys: pytest.CaptureFixture[str]) -> None:
    locked = sample.snapshot(name="locked")
    first = _metrics(capsys, "--snapshot", night(1, locked))
    out = ran(capsys, "check", "memory", "--cluster=locked", "--cluster=none", "-f", "json", "--store", STORE)[1]
    known = {report["cluster"]["name"]: report["last_complete"] for report in json.loads(out)["reports"]}
    assert first
    assert known == {"locked": "2026-01-01T02:17:00Z", "none": ""}


NIGHTLY = ("--store", STORE, "--fail-on-new", "--notify-on", "new", "-f", "json")


def test_each_night_only_new_findings_are_notified(capsys: pytest.CaptureFixture[str]) -> None:
    messages = list[str]()
    for day, facts in enumerate((SHUT, SHUT, OPEN, OPEN), 1):
        with http_server() as heard:
            status, _, _ = ran(capsys, "check", "--snapshot", night(day, facts), *NIGHTLY, *notify(heard))
        assert status == (3 if heard.requests else 0)
        messages.append("".join(body for _, body in heard.requests))
    first, second, third, fourth = messages
    assert ("api-server-access/internet" in first, "etcd-access/internet" in first) == (True, False)
    assert (second, fourth) == ("", "")
    assert "prod: 1 new finding" in third
    assert ("api-server-access/internet" in third, "etcd-access/internet" in third) == (False, True)


def test_findings_of_a_failed_notice_are_new_in_the_next_run(capsys: pytest.CaptureFixture[str]) -> None:
    statuses = list[int]()
    for day, answer in enumerate((500, 200, 200), 1):
        with http_server(answer) as heard:
            status, _, err = ran(capsys, "check", "--snapshot", night(day), *NIGHTLY, *notify(heard))
        statuses.append(status)
        assert ("is not saved in the store" in err) is (answer == 500)
        assert len(heard.requests) == (1 if day < 3 else 0)
    assert statuses == [1, 3, 0]


def test_findings_of_a_failed_format_are_new_in_the_next_run(capsys: pytest.CaptureFixture[str]) -> None:
    taken = [*NIGHTLY[:-2], "-f"]
    assert ran(capsys, "check", "--snapshot", night(1), *taken, "asff=a.json")[0] == 2
    statuses = [ran(capsys, "check", "--snapshot", night(day), *taken, "json")[0] for day in (2, 3)]
    assert statuses == [3, 0]
