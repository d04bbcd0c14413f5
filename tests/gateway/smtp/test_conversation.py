"""Replies of SMTP servers, well-formed and not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsec.gateway.errors import HopFailed
from mailsec.gateway.smtp.conversation import Deadline, read_reply


@pytest.mark.parametrize(
    ("lines", "code", "enhanced"),
    [
        ([b"250 2.1.5 ok"], 250, "2.1.5"),
        ([b"550 no such user"], 550, "5.0.0"),
        ([b"550"], 550, "5.0.0"),
        ([b"451-4.7.1 first", b"451 4.7.1 second"], 451, "4.7.1"),
        ([b"550 4.1.1 class does not fit"], 550, "5.0.0"),
        ([b"550 5.1.1"], 550, "5.1.1"),
        ([b"550 5.1.1000 too long"], 550, "5.0.0"),
        ([b"250 2.1.5x"], 250, "2.0.0"),
    ],
)
def test_code_and_status_are_read(lines: list[bytes], code: int, enhanced: str) -> None:
    reply = read_reply(lines)
    assert (reply.code, reply.enhanced) == (code, enhanced)


@pytest.mark.parametrize("line", [b"", b"25", b"2500 ok", b"150 x", b"650 x", b"abc", b"250_x"])
def test_what_is_no_reply_ends_the_conversation(line: bytes) -> None:
    with pytest.raises(HopFailed):
        read_reply([line])


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=5))
def test_any_bytes_are_a_clean_reply_or_a_failed_hop(lines: list[bytes]) -> None:
    try:
        reply = read_reply(lines)
    except HopFailed as error:
        assert error.text.isprintable()
        return
    assert 200 <= reply.code < 600
    assert reply.text.isprintable()
    assert reply.enhanced[0] == str(reply.code)[0]


def test_a_step_never_outlasts_the_whole_delivery() -> None:
    now = 100.0
    whole = Deadline(lambda: now, 10)
    assert whole.within(60).remaining() == 10
    assert whole.within(3).remaining() == 3
    now = 111.0
    assert whole.passed()
    with pytest.raises(HopFailed):
        whole.remaining()
