"""The waivers file: all its faults are listed at once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from cloudguard.errors import SettingsError, UsageError
from cloudguard.needs.declarations_file import load_declarations, load_waivers
from cloudguard.needs.waivers import DeclaredWaiver, too_late

RIGHT = 'reason = "r"\nowner = "o"\nexpires = 2027-01-31\n'


def faults(text: str, tmp_path: Path) -> tuple[str, ...]:
    file = tmp_path / "w.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as raised:
        load_waivers(file)
    return tuple(fault.removeprefix(f"{file}: ") for fault in raised.value.faults)


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ('finding = "0123456789ab"\nreasn = "x"', "waiver[0].reasn: no such key. Did you mean 'reason'?"),
        ('finding = "123"', "waiver[0].finding: '123' is not the id of a finding: ids have 12 hex digits"),
        ('check = "*/*"', "waiver[0].check: '*/*' means every check: name one, for example etcd-access/*"),
        ("", "waiver[0]: give finding (an id), or check with resource and cluster"),
        (
            'check = "a"\nfinding = "0123456789ab"',
            "waiver[0]: give finding (an id), or check with resource and cluster",
        ),
        (
            'finding = "0123456789ab"\nresource = "x"',
            "waiver[0]: give resource only with check: a finding's id includes the resource",
        ),
        ('check = "a"\nwidth = [1]', "waiver[0].width[0]: 1 is not text: write it in quotes"),
        ('check = "a"\ncluster = ""', "waiver[0].cluster: it is empty (given: '')"),
    ],
)
def test_a_fault_of_a_waiver_names_its_place(lines: str, fault: str, tmp_path: Path) -> None:
    assert faults(f"[[waiver]]\n{RIGHT}{lines}\n", tmp_path) == (fault,)


def test_every_fault_of_every_waiver_is_listed(tmp_path: Path) -> None:
    found = faults('fail-on = "never"\n[[waiver]]\nowner = " "\nexpires = "soon"\ncheck = "a"\n[[waiver]]\n', tmp_path)
    assert set(found) == {
        "fail-on: no such key; known: waiver",
        "waiver[0].owner: it is empty (given: ' ')",
        "waiver[0].expires: 'soon' is not a date: write 2027-03-31",
        "waiver[0].reason: missing",
        *(f"waiver[1].{key}: missing" for key in ("reason", "owner", "expires")),
    }


def test_a_time_is_refused_as_a_date(tmp_path: Path) -> None:
    wrong = faults('[[waiver]]\nreason = "r"\nowner = "o"\nexpires = 2027-01-31T00:00:00Z\ncheck = "a"\n', tmp_path)
    assert "is not a date" in wrong[0]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read"):
        load_waivers(tmp_path / "none.toml")


def test_a_waiver_may_last_400_days_and_no_more() -> None:
    today = date(2026, 1, 1)
    waivers = [DeclaredWaiver("r", "o", today + timedelta(days=days), number=days, origin="w") for days in (400, 401)]
    assert [*too_late(waivers, today)] == ["w: waiver[400].expires: 2027-02-06 is more than 400 days ahead"]


def test_waivers_are_read_with_the_declarations_and_know_their_file() -> None:
    ahead = datetime.now(UTC).date() + timedelta(days=500)
    text = f'[[waiver]]\n{RIGHT}check = "etcd-access/*"\n'
    (waiver,) = load_declarations(text).waivers
    assert (waiver.check, waiver.number, Path(waiver.origin).name) == ("etcd-access/*", 1, "cloudguard.toml")
    with pytest.raises(SettingsError, match="more than 400 days ahead"):
        load_declarations(text.replace("2027-01-31", str(ahead)))


def test_the_page_s_example_is_valid() -> None:
    page = (Path(__file__).parents[3] / "docs/waivers.md").read_text(encoding="utf-8")
    example = page.partition("```toml\n")[2].partition("```")[0]
    assert [waiver.owner for waiver in load_declarations(example).waivers] == ["alice", "bob"]
