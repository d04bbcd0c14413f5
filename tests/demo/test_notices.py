"""The demo's line about signed notices."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from demo.inbox import Received
from demo.notices import signatures
from demo.plan import HOSTNAME, SELECTOR, signing_key
from mailsec.gateway.dkim import signing
from mailsec.gateway.message import Message

NOW = datetime(2026, 4, 1, tzinfo=UTC)
NOTICE = f"From: notice@{HOSTNAME}\r\nTo: a@example.jp\r\n\r\nHeld.\r\n".encode()
OTHER = NOTICE.replace(HOSTNAME.encode(), b"example.org")


def test_notices_whose_signature_holds_are_counted_among_all_notices(tmp_path: Path) -> None:
    """Anybody else's notice is none of ours."""
    path = signing_key(tmp_path)
    key = signing.load(HOSTNAME, SELECTOR, path.read_bytes())
    signed = signing.signed(Message(NOTICE), key, NOW, ["from", "to"]).raw
    mails = (signed, NOTICE, signed.replace(b"Held", b"Sent"), OTHER)
    found = [Received("1", "customer", NOW, "<>", ("a@example.jp",), raw) for raw in mails]
    assert signatures(found, path).startswith("1 of 3 notices ")


def test_the_demos_key_is_made_once_and_closed_to_others(tmp_path: Path) -> None:
    """A second run signs with the same one."""
    path = signing_key(tmp_path)
    first = path.read_bytes()
    assert signing_key(tmp_path).read_bytes() == first
    assert path.stat().st_mode & 0o777 == 0o600
