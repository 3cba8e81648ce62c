"""The laws of address sets, and their text form."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudguard.intervals import ADDRESS_END, V4_END, address_point, address_text
from cloudguard.packet_sets.addresses import ALL4, ALL6, PUBLIC, AddressSet
from strategies import address_points, addresses, cidrs, laws

parse = AddressSet.parse


@laws
@given(addresses(), addresses(), addresses())
def test_union_and_intersection_are_commutative_associative_and_distributive(
    a: AddressSet, b: AddressSet, c: AddressSet
) -> None:
    assert a | b == b | a
    assert a & b == b & a
    assert (a | b) | c == a | (b | c)
    assert (a & b) & c == a & (b & c)
    assert a | (b & c) == (a | b) & (a | c)


@laws
@given(addresses(), addresses())
def test_difference_is_disjoint_and_loses_nothing(a: AddressSet, b: AddressSet) -> None:
    assert not (a - b) & b
    assert (a - b) | (a & b) == a
    assert (a <= b) == (not a - b)


@laws
@given(addresses(), addresses(), address_points())
def test_membership_follows_the_operators(a: AddressSet, b: AddressSet, point: int) -> None:
    assert (point in a | b) == (point in a or point in b)
    assert (point in a & b) == (point in a and point in b)
    assert (point in a - b) == (point in a and point not in b)


@laws
@given(addresses())
def test_complement_of_complement_is_itself(a: AddressSet) -> None:
    everything = AddressSet.everything()
    assert everything - (everything - a) == a
    assert a.size == a.size4 + a.size6
    assert everything.size == V4_END + 2**128


@laws
@given(addresses())
def test_a_witness_is_in_the_set_and_public_if_any_address_is(a: AddressSet) -> None:
    found = a.witness()
    assert (found is None) == (not a)
    if found is not None:
        assert address_point(found) in (a & PUBLIC or a)


@laws
@given(st.lists(cidrs(), max_size=6))
def test_cidrs_are_the_smallest_list_that_covers_the_set(texts: list[str]) -> None:
    four = collapse_addresses(IPv4Network(text) for text in texts if ":" not in text)
    six = collapse_addresses(IPv6Network(text) for text in texts if ":" in text)
    assert list(AddressSet.of(texts).cidrs()) == [*map(str, four), *map(str, six)]


@laws
@given(addresses())
def test_cidrs_read_back(a: AddressSet) -> None:
    assert AddressSet.of(a.cidrs()) == a


@laws
@given(cidrs(), address_points())
def test_a_cidr_contains_the_addresses_that_ipaddress_says(text: str, point: int) -> None:
    assert (point in parse(text)) == (ip_address(address_text(point)) in ip_network(text))


@laws
@given(address_points())
def test_points_and_texts_correspond_one_to_one(point: int) -> None:
    text = address_text(point)
    assert address_point(text) == point
    assert parse(text).intervals == ((point, point + 1),)
    assert int(ip_address(text)) == (point if point < V4_END else point - V4_END)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("10.0.0.1/8", "host bits set; write 10.0.0.0/8 or 10.0.0.1/32"),
        ("2001:db8::1/32", "host bits set; write 2001:db8::/32 or 2001:db8::1/128"),
        ("10.0.0.0/33", "from 0 to 32"),
        ("::/129", "from 0 to 128"),
        ("10.0.0.0/", "from 0 to 32"),
        ("10.0.0.0/-1", "from 0 to 32"),
        ("10.0.0.0/255.0.0.0", "from 0 to 32"),
        ("10.0.0.0/٨", "from 0 to 32"),
        ("10.0.0", "not an IP address"),
        ("010.0.0.1", "not an IP address"),
        ("10.0.0.256", "not an IP address"),
        ("fe80::1%eth0", "not an IP address"),
        ("::g", "not an IP address"),
        ("", "not an IP address"),
        ("any", "not an IP address"),
        ("10.0.0.1\0", "not an IP address"),
        ("\udc80", "not an IP address"),
    ],
)
def test_bad_text_is_refused_with_the_reason(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse(text)


@pytest.mark.parametrize("point", [-1, ADDRESS_END])
def test_points_off_the_axis_have_no_text(point: int) -> None:
    with pytest.raises(ValueError, match="not a point of the address axis"):
        address_text(point)


def test_two_halves_are_the_whole_internet() -> None:
    assert AddressSet.of(["0.0.0.0/1", "128.0.0.0/1"]) == parse("0.0.0.0/0") == ALL4
    assert AddressSet.of(["::/1", "8000::/1"]) == parse("::/0") == ALL6
    assert AddressSet.everything() == ALL4 | ALL6


def test_the_text_of_a_set_is_short() -> None:
    assert str(AddressSet.nothing()) == "none"
    assert str(AddressSet.everything()) == "0.0.0.0/0,::/0"
    assert str(parse("10.0.0.1")) == "10.0.0.1/32"
    assert str(PUBLIC).endswith(f"and {len(PUBLIC.cidrs()) - 6} more")


@pytest.mark.parametrize(
    "text",
    ["8.8.8.8", "192.0.2.7", "198.51.100.7", "203.0.113.7", "172.32.0.1", "100.128.0.1", "2001:db8::7", "2600::1"],
)
def test_public_contains_addresses_of_the_internet(text: str) -> None:
    assert parse(text) <= PUBLIC


@pytest.mark.parametrize(
    "text",
    [
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/8",
        "fc00::/7",
        "fe80::/10",
        "ff00::/8",
        "::ffff:0:0/96",
    ],
)
def test_public_contains_no_reserved_range(text: str) -> None:
    assert not parse(text) & PUBLIC
