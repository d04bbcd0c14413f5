"""The content of DATA: its one end, its dots, its line ends, however the network cuts it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.smtpd.data import DataReader, has_bare_line_end

LIMIT = 10_000

_lines = st.lists(
    st.one_of(
        st.sampled_from([b"", b".", b"..", b"...", b".\x00", b"a", b". ", b"..a", b"\xff"]),
        st.binary(max_size=12).map(lambda line: line.replace(b"\r", b"").replace(b"\n", b"")),
    ),
    max_size=12,
)


def _stuffed(message: bytes) -> bytes:
    return (b"\r\n" + message).replace(b"\r\n.", b"\r\n..")[2:] + b".\r\n"


def _read(stream: bytes, cuts: list[int], limit: int = LIMIT) -> tuple[DataReader, bytes | None]:
    reader = DataReader(limit)
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    rest: bytes | None = None
    for start, end in pairwise(places):
        if rest is None:
            rest = reader.feed(stream[start:end])
        else:
            rest += stream[start:end]
    return reader, rest


@given(_lines, st.binary(max_size=30), st.lists(st.integers(0, 300), max_size=20))
def test_any_cuts_of_the_stream_give_the_same_message_and_rest(
    lines: list[bytes], behind: bytes, cuts: list[int]
) -> None:
    """One dot is taken off exactly once, and what follows the end mark stays."""
    message = b"".join(line + b"\r\n" for line in lines)
    reader, rest = _read(_stuffed(message) + behind, cuts)
    assert reader.message() == message
    assert rest == behind
    assert reader.size == len(_stuffed(message))
    assert not reader.too_large


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=10))
def test_nothing_but_crlf_dot_crlf_ends_the_data(stream: bytes, cuts: list[int]) -> None:
    """Whatever the bytes are, the end is where the five bytes stand, and nowhere else."""
    found = (b"\r\n" + stream).find(b"\r\n.\r\n")
    _, rest = _read(stream, cuts)
    assert rest == (None if found < 0 else stream[found + 3 :])


@given(st.integers(0, 300), st.lists(st.integers(0, 400), max_size=6))
def test_a_message_over_the_limit_is_dropped_but_its_end_is_found(
    length: int, cuts: list[int]
) -> None:
    """The rest is not taken for data."""
    stream = b"x" * length + b"\r\n.\r\nQUIT\r\n"
    reader, rest = _read(stream, cuts, limit=100)
    assert rest == b"QUIT\r\n"
    assert reader.too_large == (length > 100)


def test_an_endless_message_takes_no_memory() -> None:
    """Beyond the limit only the last bytes are kept."""
    reader = DataReader(1000)
    for _ in range(100):
        assert reader.feed(b"x" * 500) is None
    assert reader.feed(b"\r\n.\r\n") == b""
    assert len(reader.message()) < 600


def test_dropped_content_is_gone_and_its_end_is_found() -> None:
    """``drop`` is for a shortage of memory."""
    reader = DataReader(LIMIT)
    reader.feed(b"secret\r\n")
    reader.drop()
    assert reader.too_large
    assert reader.feed(b".\r\nrest") == b"rest"


@pytest.mark.parametrize("content", [b"a\nb\r\n", b"a\rb\r\n", b"\r\r\n", b"a\n", b"a\r", b"\n\r"])
def test_bare_line_ends_are_found(content: bytes) -> None:
    """RFC 5321 section 2.3.8."""
    assert has_bare_line_end(content)


@pytest.mark.parametrize("content", [b"", b"a\r\nb\r\n", b"\r\n\r\n", b"\x00\r\n"])
def test_right_line_ends_are_left_alone(content: bytes) -> None:
    """NUL is data like any other."""
    assert not has_bare_line_end(content)
