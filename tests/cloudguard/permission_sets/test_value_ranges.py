"""The laws of value sets, and the parsing of numbers, dates, addresses and booleans."""

from __future__ import annotations

import pytest
from hypothesis import given

from cloudguard.permission_sets.value_ranges import Kind, ValueSet
from strategies import laws, value_sets

read = ValueSet.read


@laws
@given(value_sets())
def test_operators_follow_the_laws_of_sets(sets: tuple[ValueSet, ValueSet, ValueSet]) -> None:
    a, b, c = sets
    everything = ValueSet.everything(a.kind)
    assert a | b == b | a
    assert a & b == b & a
    assert a & (b | c) == (a & b) | (a & c)
    assert (a - b) | (a & b) == a
    assert not (a - b) & b
    assert everything - (everything - a) == a
    assert (a <= b) == (not a - b) == (a | b == b)


@laws
@given(value_sets())
def test_a_witness_is_in_the_set(sets: tuple[ValueSet, ValueSet, ValueSet]) -> None:
    for values in (sets[0], sets[0] - sets[1], sets[0] & sets[2]):
        found = values.witness()
        assert (found is None) == (not values)
        assert found is None or read(values.kind, found) <= values


@pytest.mark.parametrize(
    ("kind", "text", "same"),
    [
        (Kind.NUMBER, "1.50", "3/2"),
        (Kind.DATE, "1970-01-02", "86400"),
        (Kind.DATE, "1970-01-01T01:00:00+01:00", "0"),
        (Kind.DATE, "1970-01-01T00:00:00.5Z", "1/2"),
    ],
)
def test_texts_of_one_value_are_equal(kind: Kind, text: str, same: str) -> None:
    numerator, _, denominator = same.partition("/")
    expected = int(numerator) / int(denominator or 1)
    assert read(kind, text).intervals == (((expected, 0), (expected, 1)),)


def test_comparisons_divide_the_number_line() -> None:
    below, value, above = (read(Kind.NUMBER, "2", sign) for sign in ("<", "=", ">"))
    assert below | value == read(Kind.NUMBER, "2", "<=")
    assert value | above == read(Kind.NUMBER, "2", ">=")
    assert below | value | above == ValueSet.everything(Kind.NUMBER)
    assert not below & value
    assert not value & above


def test_a_cidr_may_have_host_bits_set() -> None:
    assert read(Kind.ADDRESS, " 10.1.2.3/8 ") == read(Kind.ADDRESS, "10.0.0.0/8")
    assert read(Kind.ADDRESS, "2001:db8::7/32") == read(Kind.ADDRESS, "2001:db8::/32")
    assert read(Kind.ADDRESS, "10.0.0.7") <= read(Kind.ADDRESS, "10.0.0.0/8")
    assert not read(Kind.ADDRESS, "::/0") & read(Kind.ADDRESS, "0.0.0.0/0")


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Kind.NUMBER, "many"),
        (Kind.NUMBER, "1e999"),
        (Kind.NUMBER, "NaN"),
        (Kind.DATE, "tomorrow"),
        (Kind.ADDRESS, "10.0.0.0/255.0.0.0"),
        (Kind.ADDRESS, "10.0.0"),
        (Kind.TRUTH, "perhaps"),
    ],
)
def test_a_text_that_cannot_be_parsed_is_an_error(kind: Kind, text: str) -> None:
    with pytest.raises(ValueError, match=" "):
        read(kind, text)
