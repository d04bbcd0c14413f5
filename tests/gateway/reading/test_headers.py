"""Header blocks, well formed and not."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsec.gateway.message import Message
from mailsec.gateway.reading.headers import read_block


def names(raw: bytes) -> list[str]:
    return [header.name for header in read_block(raw, 0, len(raw)).headers]


def test_fields_keep_their_bytes_and_offsets() -> None:
    """Every field is exactly the bytes between its offsets, folds included."""
    raw = b"Subject:no space\r\nX-A: 1\r\n\tfold\r\nSubject: two\n\r\nbody"
    block = read_block(raw, 0, len(raw))
    assert [header.raw for header in block.headers] == [
        b"Subject:no space\r\n", b"X-A: 1\r\n\tfold\r\n", b"Subject: two\n",
    ]  # fmt: skip
    assert all(raw[header.start : header.end] == header.raw for header in block.headers)
    assert raw[block.body_start :] == b"body"
    assert block.headers[1].value_raw == b" 1\r\n\tfold"


@pytest.mark.parametrize(
    ("raw", "found", "body", "defects"),
    [
        (b"", [], b"", ()),
        (b"\r\nbody", [], b"body", ()),
        (b"just text\r\nmore", [], b"just text\r\nmore", ("missing-blank-line",)),
        (b"From a@b Mon\nA: 1\n\nx", ["A"], b"x", ()),
        (b"A: 1\r\nnoise\r\nSubject: x\r\n\r\nb", ["A", "Subject"], b"b", ("junk-in-header",)),
        (b"A: 1\r\nHello\r\n\r\nb", ["A"], b"Hello\r\n\r\nb", ("missing-blank-line",)),
        (b"A: x;\r\nname=y\r\nB: 2\r\n\r\n", ["A", "B"], b"", ("unindented-continuation",)),
        (b"A : 1\r\n\r\n", ["A"], b"", ()),
        (b"   \r\nA: 1\r\n\r\n", ["A"], b"", ("junk-in-header",)),
        (b"A: 1\r\n \r\n--b\r\nB: 2", ["A"], b"--b\r\nB: 2", ("blanks-in-blank-line",)),
        (b"A: 1\r\n \r\nB: 2\r\n\r\n", ["A", "B"], b"", ()),
        (b"A: 1\r\n--b\r\nSubject: x", ["A"], b"--b\r\nSubject: x", ("missing-blank-line",)),
        (b"A: \0\xff", ["A"], b"", ()),
    ],
)
def test_damaged_blocks_are_read_and_named(
    raw: bytes, found: list[str], body: bytes, defects: tuple[str, ...]
) -> None:
    """What is wrong with a block is recorded, and the rest of it is still read."""
    block = read_block(raw, 0, len(raw))
    assert ([h.name for h in block.headers], raw[block.body_start :], block.defects) == (
        found, body, defects,
    )  # fmt: skip


@pytest.mark.parametrize(
    "raw",
    [b"X: " + b"a" * 1_000_000, b"X: a\r\n" * 100_000, b"X: a\r\n" + b" b\r\n" * 200_000,
     b"A: b\r\n" + b"junk;\r\n" * 100_000],
    ids=["one long line", "many fields", "many folds", "many unindented lines"],
)  # fmt: skip
def test_hostile_blocks_take_linear_time(raw: bytes) -> None:
    """No header makes the reader slow."""
    begin = time.process_time()
    read_block(raw, 0, len(raw))
    assert time.process_time() - begin < 2


@settings(max_examples=200)
@given(
    st.lists(
        st.sampled_from(
            (
                b"A: 1",
                b"\r\n",
                b"\n",
                b" fold",
                b";",
                b"\r",
                b"\0",
                b"From ",
                b"x",
                b"Subject: ",
                b"\xe3",
            )
        )
    ).map(b"".join)
)
def test_any_block_is_read_in_order_without_gaps_in_fields(raw: bytes) -> None:
    """Offsets rise, fields are the bytes at their offsets, and the body starts behind them."""
    block = read_block(raw, 0, len(raw))
    position = 0
    for header in block.headers:
        assert position <= header.start < header.end <= block.body_start
        assert raw[header.start : header.end] == header.raw
        position = header.end


def test_a_blank_before_froms_colon_makes_no_separator_line() -> None:
    """Attack: hidden from us as an mbox line, shown by others as the author."""
    message = Message(b"From : a@example.net\r\nFrom: b@example.jp\r\n\r\nbody")
    assert [author.address for author in message.from_] == ["a@example.net", "b@example.jp"]
    mbox = Message(b"From a@example.net Mon Apr  1 10:00:00 2024\nFrom: b@example.jp\n\nbody")
    assert [author.address for author in mbox.from_] == ["b@example.jp"]
