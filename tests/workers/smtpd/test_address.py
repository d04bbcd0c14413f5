"""Paths and domains of the envelope."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.smtpd.address import NULL_PATH, MalformedAddress, Path, ascii_domain, parse_path


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ("Example.COM", "example.com"),
        ("example.com.", "example.com"),
        ("日本.example.jp", "xn--wgv71a.example.jp"),
        ("日本。example。jp", "xn--wgv71a.example.jp"),
        ("ＥＸＡＭＰＬＥ.com", "example.com"),
        ("XN--WGV71A.example.jp", "xn--wgv71a.example.jp"),
        ("a_b.example.com", "a_b.example.com"),
    ],
)
def test_a_domain_has_one_form(domain: str, expected: str) -> None:
    """However it is written."""
    assert ascii_domain(domain) == expected


@pytest.mark.parametrize(
    "domain",
    ["", ".", "a..b", "-a.com", "a-.com", "a b", "a\x00b", "x" * 64, "a." * 130, "日" * 64],
)
def test_what_is_no_name_is_malformed(domain: str) -> None:
    """RFC 1035 and RFC 5890."""
    with pytest.raises(MalformedAddress):
        ascii_domain(domain)


def test_paths_are_read_with_their_parameters() -> None:
    """The source route goes, the local part stays."""
    assert parse_path("<> SIZE=1") == (NULL_PATH, " SIZE=1")
    assert parse_path("<@a.example,@b.example:Jo@Example.com> X") == (
        Path("Jo@Example.com", "Jo", "example.com"),
        " X",
    )
    assert parse_path('<"a\\"> b"@example.com>')[0].local == '"a\\"> b"'
    assert parse_path("<jo@[IPv6:2001:db8::1]>")[0].is_literal
    assert parse_path("<Postmaster>")[0] == Path("Postmaster", "Postmaster", "")


@given(st.text(max_size=80))
def test_hostile_paths_are_malformed_or_clean(text: str) -> None:
    """No control character and no bracket comes through."""
    try:
        path, _ = parse_path(text)
    except MalformedAddress:
        return
    assert not any(sign < " " or sign == "\x7f" for sign in path.address)
    if not path.local.startswith('"'):
        assert "<" not in path.address and ">" not in path.address
