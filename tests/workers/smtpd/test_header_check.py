"""The byte checks on the header block."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.smtpd.address import MalformedAddress
from workers.smtpd.header_check import (
    author_domains,
    check_header_block,
    header_values,
    without_header,
)
from workers.smtpd.ports import Limits
from workers.smtpd.replies import Refused


@pytest.mark.parametrize(
    ("value", "domains"),
    [
        ("a@example.com", {"example.com"}),
        ("<a@EXAMPLE.com>", {"example.com"}),
        ("Staff <a@example.com>", {"example.com"}),
        ('"Doe, Jo" <a@example.com>, b@example.org', {"example.com", "example.org"}),
        ('"boss@example.net" <a@example.com>', {"example.com"}),
        ("(boss@example.net) a@example.com", {"example.com"}),
        ("boss@example.net <a@example.com>", {"example.net", "example.com"}),
        ("Team: a@example.com, b@example.org;", {"example.com", "example.org"}),
        ('"quo\\"ted <x@example.net>" <a@example.com>', {"example.com"}),
        ('"two words"@example.com', {"example.com"}),
        ("=?UTF-8?B?5pel5pys?= <a@example.com>", {"example.com"}),
        ("日本 <a@日本.example.jp>", {"xn--wgv71a.example.jp"}),
        ("\x1b$B<R@.\x1b(B <a@example.com>", {"example.com"}),
        ("Staff\r\n <a@example.com>", {"example.com"}),
    ],
)
def test_every_author_is_found(value: str, domains: set[str]) -> None:
    """Quotes and comments hide nothing and show nothing."""
    assert author_domains(f"From: {value}\r\n".encode()) == domains


@pytest.mark.parametrize(
    "value",
    [
        "",
        "<>",
        "nobody",
        "undisclosed:;",
        "<a@example.com",
        "a@example.com>",
        "<a@example.com> <<b@example.net>>",
        "<boss@example.net@example.com>",
        "<boss@example.net>x@example.com>",
        "<@example.net:a@example.com>",
        "a@example..com",
        '"a@example.com',
        "(a@example.com",
        "<a b@example.com>",
        "a@[127.0.0.1]",
        "<a@example.com\x00.example.net>",
    ],
)
def test_an_ambiguous_author_is_malformed(value: str) -> None:
    """What two readers could read in two ways is refused."""
    with pytest.raises(MalformedAddress):
        author_domains(f"From: {value}\r\n".encode())


def test_all_from_fields_count() -> None:
    """However they are spelt."""
    block = b"From: a@example.com\r\nX: From: no@example.org\r\nFROM : b@example.net\r\n"
    assert author_domains(block) == {"example.com", "example.net"}


@given(st.binary(max_size=200))
def test_hostile_authors_never_raise_anything_else(value: bytes) -> None:
    """Any bytes give domains or MalformedAddress."""
    with suppress(MalformedAddress):
        assert author_domains(b"From: " + value + b"\r\n")


@given(st.binary(max_size=400))
def test_hostile_messages_are_refused_or_have_a_block(raw: bytes) -> None:
    """The block is the beginning of the message."""
    try:
        block = check_header_block(raw, Limits(header_bytes=100, header_line=50, hops=2))
    except Refused as refused:
        assert refused.reply[:9] in ("554 5.6.0", "554 5.4.6")
    else:
        assert raw.startswith(block)
        assert len(block) <= 100


_fields = st.lists(
    st.sampled_from(
        [
            b"Subject: x\r\n",
            b"x-secret: 1\r\n",
            b"X-SECRET:\r\n 2\r\n\t3\r\n",
            b"X-Secret2: keep\r\n",
            b"Y: X-Secret: keep\r\n",
        ]
    ),
    max_size=8,
)


@given(_fields, st.binary(max_size=40))
def test_a_header_is_taken_out_and_all_other_bytes_stay(fields: list[bytes], body: bytes) -> None:
    """With its folds, every copy, in the header block only."""
    raw = b"".join(fields) + b"\r\n" + body
    block = b"".join(fields)
    kept = [field for field in fields if not field.lower().startswith(b"x-secret:")]
    assert without_header(raw, block, "X-Secret") == b"".join(kept) + b"\r\n" + body
    assert len(header_values(block, "X-Secret")) == len(fields) - len(kept)
