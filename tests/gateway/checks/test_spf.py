"""SPF over our own records: hostile zones and senders."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsec.gateway.authentication import Result
from mailsec.gateway.checks import spf
from mailsec.gateway.checks.lookups import BoundedRecords, NoRecords
from tests.gateway.checks.making import envelope

TERMS = (
    "v=spf1|ip4:192.0.2.0/24|ip4:1.2.3.4/99|ip4:999.1.1.1|ip6:2001:db8::/32|ip6:zz|ip6:::1%eth0|a"
    "|a/24|a//64|a/33//129|mx|mx:%{d}|ptr|ptr:%{p}|exists:%{i}.%{l1r-}._%{d2}|exists:%{|exists:%{z}"
    "|exists:%{s99999999999}|exists:%{l0}|exists:%{h}%{c}%{r}%{t}|include:%{d}|redirect=%{d}"
    "|redirect=|exp=%{c}%{t}%{r}|exp=a|-all|?all|~all|all:|all/3|x=%{s}|=|%|%%|a:日本.jp|mx//|a/"
    "|ip4:192.0.2.0/99999999999999999999|exists:%{ir}.%{v}.a%{o}|\0"
).split("|")
RECORDS = st.lists(st.sampled_from(TERMS), max_size=6).map(lambda terms: " ".join(terms).encode())
ADDRESSES = st.sampled_from(("192.0.2.1", "198.51.100.1", "2001:db8::1", "junk"))
NAMES = st.sampled_from(("mail.example.jp", "", "a..b", "x" * 300, "日本.jp"))


class Zone(NoRecords):
    """Every name has these records."""

    def __init__(self, texts: list[bytes], names: list[str], addresses: list[str]) -> None:
        self._texts, self._names, self._addresses = texts, names, addresses

    def texts(self, name: str) -> tuple[bytes, ...]:
        return tuple(b"v=spf1 " + text for text in self._texts)

    def names_of(self, ip: str) -> tuple[str, ...]:
        return tuple(self._names)

    def exchangers_of(self, domain: str) -> tuple[str, ...]:
        return tuple(self._names)

    def addresses_of(self, host: str, version: int) -> tuple[str, ...]:
        return tuple(self._addresses)


def result(zone: Zone, sender: str = "a@example.jp", ip: str = "192.0.2.1") -> Result:
    records = BoundedRecords(zone, 10.0, lambda: 0.0)
    return spf.check(envelope(sender, ip), records).result


@given(
    st.lists(RECORDS, max_size=2),
    st.lists(NAMES, max_size=12),
    st.lists(ADDRESSES, max_size=3),
    st.one_of(st.text(max_size=40), st.sampled_from(("a@b@example.jp", "%{l}@example.jp"))),
    st.sampled_from(("192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", "fe80::1%eth0")),
)
def test_no_zone_and_no_sender_raises(
    texts: list[bytes], names: list[str], addresses: list[str], sender: str, ip: str
) -> None:
    """Whatever records, macros, names and addresses a sender publishes."""
    result(Zone(texts, names, addresses), sender, ip)
    result(Zone(texts, names, addresses), f"{sender}@example.jp", ip)


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (b"include:a.example.jp " * 11 + b"+all", Result.PERMERROR),
        (b"exists:a.example.jp exists:b.example.jp exists:c.example.jp +all", Result.PERMERROR),
        (b"ip4:192.0.2.1 -all", Result.PASS),
        (b"-all", Result.FAIL),
        (b"~all", Result.SOFTFAIL),
        (b"ip4:198.51.100.1", Result.NEUTRAL),
    ],
)
def test_limits_and_results_are_those_of_the_standard(record: bytes, expected: Result) -> None:
    """RFC 7208 section 4.6.4: ten terms, two look-ups without an answer."""
    assert result(Zone([record], [], [])) is expected


def test_two_records_are_an_error() -> None:
    """RFC 7208 section 4.5."""
    assert result(Zone([b"-all", b"+all"], [], [])) is Result.PERMERROR
    assert result(Zone([], [], [])) is Result.NONE
