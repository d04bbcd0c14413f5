"""The sample mails and their stated outcomes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from demo.samples import SampleError, load
from mailsec.gateway.message import Message

WHEN = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
SAMPLES = {sample.name: sample for sample in load()}


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_every_sample_is_complete_and_legal(name: str) -> None:
    """All markers are filled in; bare line feeds and long lines stand where they are meant to."""
    sample = SAMPLES[name]
    wire = sample.build("run", WHEN)
    assert b"@@" not in wire
    assert sample.message_id("run").encode() in wire
    assert (wire.count(b"\n") != wire.count(b"\r\n")) == sample.bare_line_feed
    too_long = max(len(line) for line in wire.split(b"\r\n")) > 998
    assert too_long == any(copy.longest_line for copy in sample.copies)


def test_the_japanese_sample_holds_vendor_characters() -> None:
    """It is ISO-2022-JP as mail programs in Japan write it, and reads as meant."""
    message = Message(SAMPLES["02-clean-japanese"].build("run", WHEN))
    assert message.subject == "①㈱髙島様 ご注文の件"
    assert "㈱髙島様より①の品" in message.text


def test_a_misspelt_key_is_refused_with_the_name_of_the_file(tmp_path: Path) -> None:
    """A statement that nobody reads would be a test that tests nothing."""
    stated = 'title = "A"\nlistener = "inbound"\nsender = ""\nrecipients = []\nreply = "250"\n'
    (tmp_path / "a.toml").write_text(stated + "repyl = 1\n")
    (tmp_path / "a.eml").write_bytes(b"\n")
    with pytest.raises(SampleError, match=r"a\.toml: unknown key repyl"):
        load(tmp_path)
