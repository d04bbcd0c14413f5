"""Every file of the public MIME corpus: nothing raises, no byte is lost."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailsec.gateway import mime
from mailsec.gateway.message import Message

PACK = Path(__file__).parents[3] / "shared" / "corpora" / "mime-open.tar.xz"

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not PACK.exists(), reason="the mail corpora do not lie beside the checkout"),
]


def files() -> Iterator[tuple[str, bytes]]:
    with tarfile.open(PACK) as pack:
        for member in pack:
            opened = pack.extractfile(member) if member.isfile() else None
            if opened is not None:
                yield member.name, opened.read()


def check(raw: bytes) -> None:
    """Read everything of one message, and edit it back and forth."""
    message = Message(raw)
    if "bare-cr" in message.defects:
        return
    message.subject.encode("utf-8")
    message.text.encode("utf-8")
    for addresses in (message.from_, message.to, message.cc):
        assert all("\n" not in address.name + address.address for address in addresses)
    assert message.links is not None
    for part in message.parts:
        part.content(), part.is_protected, part.text().encode("utf-8"), part.name.encode("utf-8")
        if part.start >= 0:
            assert raw[part.body_start : part.body_end] == part.body()
            assert all(raw[h.start : h.end] == h.raw for h in part.headers)
        if part.parent is not None and part.start >= 0:
            parent = message.parts[part.parent]
            assert parent.body_start <= part.start <= part.body_end <= parent.body_end
    assert mime.splice(raw, []) == raw
    same = [
        mime.Splice(p.body_start, p.body_end, p.body()) for p in message.parts[-1:] if p.start >= 0
    ]
    assert mime.splice(raw, same) == raw
    if raw[:1] not in (b" ", b"\t"):
        added = Message(mime.add_header_on_top(raw, b"X-Trace: 1"))
        header = added.first("x-trace")
        assert header is not None
        removed = mime.splice(added.raw, mime.remove_headers(added, added.parts[0], [header]))
        assert removed.replace(b"X-Removed: X-Trace" + mime.line_end(added.raw), b"", 1) == raw


def test_every_file_is_read_and_given_back() -> None:
    """All 3,563 files, messages or not."""
    count = 0
    for name, raw in files():
        try:
            check(raw)
        except Exception as error:
            error.add_note(name)
            raise
        count += 1
    assert count > 3_000
