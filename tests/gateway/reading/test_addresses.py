"""Address lists of real and of hostile mail."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsec.gateway.reading.addresses import Address, read
from mailsec.gateway.reading.headers import Header


def addresses(value: bytes) -> list[tuple[str, str]]:
    found = read([Header("From", b"From:" + value + b"\r\n", 0, 0)])
    return [(address.name, address.address) for address in found]


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (b" a@example.jp", [("", "a@example.jp")]),
        (b' "A, B" <a@example.jp>, b@example.jp (note)',
         [("A, B", "a@example.jp"), ("note", "b@example.jp")]),
        (b" Family, Given <a@example.jp>", [("Family, Given", "a@example.jp")]),
        (b" a@example.com <m@example.net>", [("a@example.com", "m@example.net")]),
        (b" =?utf-8?Q?Ops=0D=0AReply-To:_x?= <a@example.jp>",
         [("Ops Reply-To: x", "a@example.jp")]),
        (b' "=?utf-8?B?6KaL?=" <a@example.jp>', [("見", "a@example.jp")]),
        ("見 <a@example.jp>".encode("cp932"), [("見", "a@example.jp")]),
        (b" \x1b$B4A;z\x1b(B <a@example.jp>", [("漢字", "a@example.jp")]),
        (b" =?utf-8?q?Shop_<a@example.jp>?=", [("Shop", "a@example.jp")]),
        (b" undisclosed-recipients:;", []),
        (b" staff: a@example.jp, B <b@example.jp>;", [("", "a@example.jp"), ("B", "b@example.jp")]),
        (b" <@relay.example.net:a@example.jp>", [("", "a@example.jp")]),
        (b" Mailer Daemon", [("Mailer Daemon", "")]),
        (b" <>", [("", "")]),
        (b' "open <a@example.jp>', [("open", "a@example.jp")]),
        (b"", []),
    ],
)  # fmt: skip
def test_lists_are_read_as_a_reader_would(value: bytes, found: list[tuple[str, str]]) -> None:
    """Names are decoded, addresses are as written, nothing raises."""
    assert addresses(value) == found


@pytest.mark.parametrize(
    "value", [b"(" * 300_000, b'"\\' * 150_000, b"<" * 300_000, b"a," * 150_000, b"()(" * 100_000]
)
def test_hostile_lists_take_linear_time(value: bytes) -> None:
    """Nothing that is never closed is looked for again and again."""
    begin = time.process_time()
    addresses(value)
    assert time.process_time() - begin < 2


@settings(max_examples=200)
@given(st.text(alphabet='a@<>(),;:"\\ =?é\r\n\0', max_size=60))
def test_every_value_gives_clean_addresses(value: str) -> None:
    """No control character and no blank gets into an address."""
    for address in read([Header("To", b"To:" + value.encode("utf-8"), 0, 0)]):
        assert isinstance(address, Address)
        assert not any(ord(c) <= 32 for c in address.address)
        assert len(address.name.splitlines()) <= 1
