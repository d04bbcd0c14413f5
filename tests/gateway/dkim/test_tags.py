"""Tag lists."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsec.gateway.dkim import tags
from mailsec.gateway.errors import BadSignature


def test_tags_come_without_the_blanks_around_them() -> None:
    """Folds count as blanks, and the last semicolon is free."""
    assert tags.read(b" v = 1 ;\r\n\th=a :\r\n b; n=;\r\n") == {"v": "1", "h": "a :\r\n b", "n": ""}


@pytest.mark.parametrize(
    "value", [b"v", b"v=1;;a=1", b"=1", b"1=1", b"v=1;v=2", b"a b=1", b"\xff=1"]
)
def test_what_is_no_list_is_refused(value: bytes) -> None:
    """RFC 6376 section 3.2: a tag twice makes the whole list invalid."""
    with pytest.raises(BadSignature):
        tags.read(value)


@pytest.mark.parametrize(
    ("field", "signed"),
    [
        (b"S: a=1; b=AA\r\n AA ; c=2\r\n", b"S: a=1; b=; c=2"),
        (b"S: bh=B; b = \r\n AA==\r\n", b"S: bh=B; b ="),
        (b"S:b=x", b"S:b="),
        (b"S: a=1\r\n", b"S: a=1"),
    ],
)
def test_a_field_is_signed_without_its_own_signature(field: bytes, signed: bytes) -> None:
    """Only the value of ``b=`` goes, and the last line end."""
    assert tags.without_signature(field) == signed


@pytest.mark.parametrize("name", ["", "a b", "a..b", "x" * 64, "a\\000", "é" * 300, "a/b"])
def test_only_names_are_looked_up(name: str) -> None:
    """Nothing of a signature reaches the domain name system that is no host name."""
    with pytest.raises(BadSignature):
        tags.host({"d": name}, "d")


def test_names_are_spelled_in_one_way() -> None:
    """In lower case and A-labels (RFC 8616)."""
    assert tags.host({"d": "Example.JP"}, "d") == "example.jp"
    assert tags.host({"s": "日本語"}, "s") == "xn--wgv71a119e"


@given(st.binary(max_size=200))
def test_no_value_raises_anything_else(value: bytes) -> None:
    """Tags, or ``BadSignature``."""
    try:
        assert all(tags.read(value))
    except BadSignature as error:
        assert error.reason
