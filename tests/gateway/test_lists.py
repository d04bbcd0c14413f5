"""Allow and block lists: what is an entry, and which entry holds a sender."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsec.gateway.errors import InvalidPolicy
from mailsec.gateway.lists import Lists, Standing, canonical_entry, entries


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        (" Sales@Example.COM ", "sales@example.com"),
        ("@example.com", "example.com"),
        ("Example.com.", "example.com"),
        ("例え.example.jp", "xn--r8jz45g.example.jp"),
        ("192.0.2.1", "192.0.2.1/32"),
        ("192.0.2.77/24", "192.0.2.0/24"),
        ("2001:DB8::1", "2001:db8::1/128"),
    ],
)
def test_an_entry_is_stored_in_one_form(text: str, stored: str) -> None:
    """However a person writes it."""
    assert canonical_entry(text) == stored
    assert canonical_entry(stored) == stored


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@",
        "com",
        "a b@example.com",
        "a@",
        "*@example.com",
        "exa mple.com",
        "192.0.2.1/99",
        "a..example.com",
    ],
)
def test_what_is_no_entry_is_refused(text: str) -> None:
    """With the name of the field."""
    with pytest.raises(InvalidPolicy) as refused:
        canonical_entry(text)
    assert refused.value.key == "entry"


@given(st.text(max_size=300))
def test_any_text_is_an_entry_or_refused(text: str) -> None:
    """Nothing else is raised, and a stored entry is stable."""
    try:
        stored = canonical_entry(text)
    except InvalidPolicy:
        return
    assert canonical_entry(stored) == stored


def test_the_nearest_entry_is_named() -> None:
    """The address before its domain, the domain before the one above."""
    lists = Lists(allow=entries(["boss@mail.example.com", "example.com"]))
    assert lists.of_address("Boss@Mail.Example.com") == (Standing.ALLOWED, "boss@mail.example.com")
    assert lists.of_address("other@mail.example.com") == (Standing.ALLOWED, "example.com")
    assert lists.of_address("other@notexample.com") == (Standing.NONE, "")


def test_a_block_outweighs_an_allowance() -> None:
    """Also where the allowance is narrower."""
    lists = Lists(entries(["boss@example.com"]), entries(["example.com"]))
    assert lists.of_address("boss@example.com") == (Standing.BLOCKED, "example.com")


def test_networks_hold_their_addresses_alone() -> None:
    """Of their own family; what is no address is held by none."""
    lists = Lists(block=entries(["192.0.2.0/24", "2001:db8::/32"]))
    assert lists.of_ip("192.0.2.9") == (Standing.BLOCKED, "192.0.2.0/24")
    assert lists.of_ip("2001:db8::9") == (Standing.BLOCKED, "2001:db8::/32")
    assert lists.of_ip("198.51.100.9") == (Standing.NONE, "")
    assert lists.of_ip("") == (Standing.NONE, "")


@given(st.text(max_size=80))
def test_any_address_may_be_asked(address: str) -> None:
    """Hostile senders included."""
    assert Lists(entries(["example.com"])).of_address(address)[0] in Standing


def test_a_name_that_no_entry_can_be_costs_little_and_hides_no_domain_above() -> None:
    """Attack: a From of a million labels; each of them was compared once, in quadratic time."""
    lists = Lists(block=entries(["example.com"]))
    address = f"a@{'a.' * 1_000_000}example.com"
    assert lists.of_address(address) == (Standing.BLOCKED, "example.com")
    assert lists.of_address(address.replace("example", "xexample")) == (Standing.NONE, "")
