"""The tag stands before the subject once, and the subject's bytes stay."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsec.gateway.edits.subject import tag
from mailsec.gateway.message import Message
from tests.gateway.trees import SUBJECTS

CASES = Path(os.environ.get("MAILSEC_CASES", Path(__file__).parents[4] / "shared" / "cases"))


def case(name: str) -> bytes:
    path = CASES / name
    if not path.exists():
        pytest.skip("the collected cases are not beside this checkout")
    return path.read_bytes()


@pytest.mark.parametrize(
    ("field", "tagged"),
    [
        (b"Subject: Hello\r\n", b"Subject: [SPAM] Hello\r\n"),
        (b"Subject:Hello\r\n", b"Subject:[SPAM] Hello\r\n"),
        (b"SUBJECT:\tHello\r\n", b"SUBJECT:\t[SPAM] Hello\r\n"),
        (b"Subject:\r\n =?utf-8?B?44GC?=\r\n", b"Subject:\r\n [SPAM] =?utf-8?B?44GC?=\r\n"),
        (b"Subject: \r\n", b"Subject: [SPAM] \r\n"),
        (b"Subject:\r\n", b"Subject:[SPAM] \r\n"),
        (b"Subject: [SPAM] Hello\r\n", b"Subject: [SPAM] Hello\r\n"),
        (b"Subject: [SPAM]\r\n Hello\r\n", b"Subject: [SPAM]\r\n Hello\r\n"),
    ],
)
def test_the_tag_goes_behind_the_colon_and_its_white_space(field: bytes, tagged: bytes) -> None:
    """Once; nothing else of the field changes."""
    rest = b"To: b@example.com\r\n\r\nbody"
    assert tag(Message(field + rest), "[SPAM] ").raw == tagged + rest


def test_a_long_first_line_is_folded_behind_the_tag() -> None:
    """No line with an encoded word grows over 76 characters (RFC 2047 section 2)."""
    raw = b"Subject: =?utf-8?B?" + b"44GC" * 13 + b"?=\r\n\r\n"
    assert tag(Message(raw), "[SPAM] ").raw.startswith(b"Subject: [SPAM]\r\n =?utf-8?B?44GC")


def test_a_mail_without_a_subject_gets_one() -> None:
    """Behind its other fields, or on top where there are none."""
    raw = b"To: b@example.com\r\n\r\nbody"
    assert tag(Message(raw), "[SPAM] ").raw == b"To: b@example.com\r\nSubject: [SPAM]\r\n\r\nbody"
    assert Message(tag(Message(b"\r\nbody"), "[SPAM] ").raw).subject == "[SPAM]"
    assert Message(tag(Message(b"To: b@example.com"), "[SPAM] ").raw).subject == "[SPAM]"


def test_a_japanese_tag_is_written_as_an_encoded_word() -> None:
    """With one blank between tag and subject as shown, before a word and before plain text."""
    for value in (b"=?utf-8?B?5Lu25ZCN?=", "件名".encode(), b"plain"):
        tagged = tag(Message(b"Subject: " + value + b"\r\n\r\n"), "【注意】 ")
        old = Message(b"Subject: " + value + b"\r\n\r\n").subject
        assert tagged.subject == "【注意】 " + old


def test_every_subject_of_a_forged_mail_is_tagged() -> None:
    """hdr-07: programs differ in which of two they show."""
    tagged = tag(Message(case("hdr-07.eml")), "[SPAM] ")
    assert all(field.decoded.startswith("[SPAM] ") for field in tagged.all("subject"))
    assert len(tagged.all("subject")) == 2


def test_raw_utf8_beside_encoded_words_is_tagged() -> None:
    """hdr-02."""
    tagged = tag(Message(case("hdr-02.eml")), "[SPAM] ")
    assert tagged.subject.split() == ["[SPAM]", "要確認：", "お支払い期限のお知らせ", "（至急）"]


def test_only_the_subject_field_changes() -> None:
    """mime-01: everything before and behind it is byte-equal, with no line end added."""
    raw = case("mime-01.eml")
    field = Message(raw).all("subject")[0]
    tagged = tag(Message(raw), "[SPAM] ").raw
    assert tagged[: field.start] == raw[: field.start]
    assert tagged.endswith(raw[field.end :])
    assert len(tagged) == len(raw) + len("[SPAM] ")


@settings(max_examples=200, deadline=None)
@given(SUBJECTS, st.sampled_from(["[SPAM] ", "【迷惑メール】 "]))
def test_the_decoded_subject_is_tag_and_old_subject(field: bytes, prefix: str) -> None:
    """For every way a Japanese subject is written; and a second tag changes nothing."""
    raw = field + b"To: b@example.com\r\n\r\nbody\r\n"
    tagged = tag(Message(raw), prefix)
    assert tagged.subject.split() == (prefix + Message(raw).subject).split()
    assert tagged.raw.endswith(raw[len(field) :])
    assert tag(tagged, prefix).raw == tagged.raw
