"""The form in which SMTP carries a message and its addresses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsec.gateway.hops import clean_line
from mailsec.gateway.smtp.wire import dot_stuffed, has_bare_line_ends, is_sendable, spelled

LINES = st.lists(st.binary(max_size=12).map(lambda b: b.replace(b"\r", b".").replace(b"\n", b".")))


@given(LINES)
def test_a_server_gets_back_exactly_the_lines_that_were_sent(lines: list[bytes]) -> None:
    """Read as RFC 5321 section 4.5.2 says: stop at the lone dot, take one leading dot off."""
    content = b"".join(line + b"\r\n" for line in lines)
    received: list[bytes] = []
    for line in dot_stuffed(content).split(b"\r\n"):
        if line == b".":
            break
        received.append(line[1:] if line.startswith(b".") else line)
    assert received == (lines or [b""])


@given(st.binary(max_size=60))
def test_the_end_of_data_comes_once_and_last(content: bytes) -> None:
    stuffed = dot_stuffed(content)
    assert stuffed.endswith(b"\r\n.\r\n")
    assert stuffed.count(b"\r\n.\r\n") == 1


@given(st.text("\r\n.a", max_size=12).map(str.encode))
def test_bare_line_ends_are_seen_wherever_they_are(content: bytes) -> None:
    rest = content.replace(b"\r\n", b"")
    assert has_bare_line_ends(content) == (b"\r" in rest or b"\n" in rest)


@given(st.text())
def test_no_sendable_address_breaks_out_of_its_brackets(address: str) -> None:
    if is_sendable(address):
        wire = spelled(address, smtputf8=True).encode("utf-8")
        assert not any(byte < 0x20 or byte == 0x7F for byte in wire)


@pytest.mark.parametrize(
    "address",
    ["ana@example.com", '"a b"@example.com', '"a>b"@example.com', "花@例え.jp", "a@[192.0.2.1]"],
)
def test_honest_addresses_are_sendable(address: str) -> None:
    assert is_sendable(address)


@pytest.mark.parametrize("address", ["a>b@example.com", "a@b c", '"a"b c"@example.com', "<a@b>"])
def test_addresses_that_end_their_brackets_are_not_sendable(address: str) -> None:
    assert not is_sendable(address)


def test_a_domain_that_has_no_a_labels_stays_as_it_is() -> None:
    assert spelled("a@" + "あ" * 80, smtputf8=False) == "a@" + "あ" * 80
    assert spelled("a@日本語.example", smtputf8=False) == "a@xn--wgv71a119e.example"
    assert spelled("a@日本語.example", smtputf8=True) == "a@日本語.example"


@given(st.text(max_size=200), st.integers(1, 50))
def test_a_cleaned_line_is_printable_and_bounded(text: str, limit: int) -> None:
    cleaned = clean_line(text, limit)
    assert cleaned.isprintable()
    assert len(cleaned) <= limit
