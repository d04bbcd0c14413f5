"""The mail of the project's own making."""

from __future__ import annotations

import re
from collections import Counter

from mailsec.gateway.message import Message
from mailsec.gateway.spam.made.compose import mails
from mailsec.gateway.spam.made.texts import templates

_HOST = re.compile(r"[\w.-]+@([\w.-]+)|https?://([\w.-]+)")


def test_there_are_enough_hand_written_bodies() -> None:
    """Japanese business mail in the first place, and as many kinds of spam as of ham elsewhere."""
    counts = Counter((template.japanese, template.spam) for template in templates())
    assert counts[True, False] >= 60
    assert min(counts.values()) >= 20


def test_the_same_seed_makes_the_same_mails() -> None:
    """Training can be repeated."""
    assert [one.raw for one in mails(2, 1)] == [one.raw for one in mails(2, 1)]
    assert [one.raw for one in mails(1, 1)] != [one.raw for one in mails(1, 2)]


def test_every_slot_is_filled_and_every_mail_is_read_back() -> None:
    """No brace is left, and the reader finds subject, text and sender without a defect."""
    for one in mails(4, 1):
        message = Message(one.raw)
        shown = f"{message.subject}\n{message.text}\n{message.from_}"
        assert "{" not in shown, one.kind
        assert "}" not in shown, one.kind
        assert message.subject or one.kind.endswith("ham/s-none") or "no-subject" in one.kind
        assert message.text.strip() or one.kind.endswith("ham/s-file-only"), one.kind
        assert not message.defects, one.kind


def test_only_names_that_are_reserved_for_examples_occur() -> None:
    """No mail names a host of a real person or firm (RFC 2606)."""
    for one in mails(4, 1):
        message = Message(one.raw)
        shown = f"{message.text} {' '.join(message.links)} {message.from_}"
        for match in _HOST.finditer(shown):
            host = (match[1] or match[2]).rstrip(".")
            assert re.search(r"(^|\.)example\.(com|net|org|jp)$", host), (one.kind, host)


def test_japanese_is_written_in_the_codes_of_real_mail() -> None:
    """UTF-8, ISO-2022-JP, Shift_JIS and EUC-JP, as text, HTML and with files."""
    parts = [part for one in mails(4, 1) for part in Message(one.raw).parts]
    codes = {part.charset for part in parts}
    assert {"utf-8", "iso-2022-jp", "shift_jis", "euc-jp"} <= codes
    kinds = {part.content_type for part in parts}
    assert {"text/plain", "text/html", "multipart/mixed", "multipart/report"} <= kinds
