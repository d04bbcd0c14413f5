"""What the demo's mail servers have received."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from demo.inbox import Inbox


def test_mail_of_an_earlier_run_can_be_left_out(tmp_path: Path) -> None:
    """A run acts on its own notices: those of earlier ones have the same subjects."""
    inbox = Inbox(tmp_path)
    inbox.store("customer", "a@example.net", ["b@example.jp"], b"Subject: x\r\n\r\n")
    (item,) = inbox.messages()
    assert inbox.since(item.received) == [item]
    assert inbox.since(item.received + timedelta(microseconds=1)) == []
    assert inbox.since(datetime.now(UTC)) == []
