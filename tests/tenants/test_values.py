"""Values that the operator's shell hands in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants import values
from tenants.errors import InvalidTenant


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Example.JP.", "example.jp"),
        (" mail.example.co.jp ", "mail.example.co.jp"),
        ("日本語.example.jp", "xn--wgv71a119e.example.jp"),
        ("xn--wgv71a119e.example.jp", "xn--wgv71a119e.example.jp"),
    ],
)
def test_domains_become_a_labels_in_lower_case(text: str, name: str) -> None:
    """Whatever way a person writes them."""
    assert values.domain_name(text) == name


@pytest.mark.parametrize(
    "text", ["", "jp", "-a.example.jp", "a..jp", "a b.jp", "a@b.jp", "x" * 64 + ".jp", "a.jp\r\nb"]
)
def test_what_is_no_domain_is_refused(text: str) -> None:
    """With the field's name."""
    with pytest.raises(InvalidTenant) as caught:
        values.domain_name(text)
    assert caught.value.field == "domain"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mx.example.jp", ("mx.example.jp", 25)),
        ("mx.example.jp:2525", ("mx.example.jp", 2525)),
        ("192.0.2.1:25", ("192.0.2.1", 25)),
        ("[2001:db8::1]:26", ("2001:db8::1", 26)),
        ("[2001:db8::1]", ("2001:db8::1", 25)),
    ],
)
def test_addresses_have_a_host_and_a_port(text: str, expected: tuple[str, int]) -> None:
    """Port 25 where none is given."""
    assert values.host_and_port(text, default_port=25) == expected


@pytest.mark.parametrize("text", ["", "a:0", "a:65536", "a b:1", "a:x", "[::1", "http://a"])
def test_what_is_no_address_is_refused(text: str) -> None:
    """Before anything is stored."""
    with pytest.raises(InvalidTenant):
        values.host_and_port(text, default_port=25)


@given(st.text(max_size=80))
def test_no_text_makes_the_readers_fail_otherwise(text: str) -> None:
    """InvalidTenant or a value, never another error."""
    for read in (
        values.domain_name,
        values.header_name,
        values.username,
        values.short_name,
        values.certificate,
        lambda given: values.networks([given]),
        lambda given: values.host_and_port(given, default_port=25),
    ):
        try:
            read(text)
        except InvalidTenant:
            continue


def test_a_connector_is_never_open_to_the_whole_internet() -> None:
    """A network wider than /8 is a mistake."""
    for text in ("0.0.0.0/0", "::/0", "0.0.0.0/1"):
        with pytest.raises(InvalidTenant):
            values.networks([text])
