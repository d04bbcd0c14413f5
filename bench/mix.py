"""A realistic mix of mail: every so many messages of the public packs beside the checkout.

It is written to a folder of files with CRLF line ends, as SMTP carries them, so that each side of a
comparison is sent the same bytes. Without the packs there is nothing real to measure with.
"""

from __future__ import annotations

import re
import tarfile
from pathlib import Path

from demo.place import CHECKOUT

CORPORA = CHECKOUT.parent / "shared" / "corpora"
_PACKS = ("train.tar.xz", "dev.tar.xz")
_LARGEST = 300_000
_LINE_END = re.compile(rb"\r\n|\r|\n")
_LONG_LINE = re.compile(rb"[^\r\n]{998}")


class MixMissing(Exception):
    """The packs are not there; the text says so."""


def write(folder: Path, count: int) -> list[Path]:
    """About ``count`` messages, evenly over the packs' sources; the same ones each time."""
    members = _members()
    step = max(1, len(members) // count)
    wanted = set(members[::step])
    made: list[Path] = []
    for pack in _PACKS:
        with tarfile.open(CORPORA / pack) as opened:
            for member in opened:
                if (pack, member.name) not in wanted:
                    continue
                file = opened.extractfile(member)
                raw = _as_sent(file.read()) if file else b""
                if raw:
                    made.append(folder / f"{len(made):05}.eml")
                    made[-1].write_bytes(raw)
    return made


def _members() -> list[tuple[str, str]]:
    missing = [pack for pack in _PACKS if not (CORPORA / pack).exists()]
    if missing:
        raise MixMissing(f"the mail packs are not beside the checkout: {', '.join(missing)}")
    found = []
    for pack in _PACKS:
        with tarfile.open(CORPORA / pack) as opened:
            found += [
                (pack, member.name)
                for member in opened
                if member.isfile() and 0 < member.size <= _LARGEST
            ]
    return sorted(found)


def _as_sent(raw: bytes) -> bytes:
    """Without an mbox line, NUL and over-long lines, which some server would refuse."""
    if raw.startswith(b"From "):
        raw = raw.partition(b"\n")[2]
    raw = _LINE_END.sub(b"\r\n", raw.replace(b"\0", b""))
    return b"" if _LONG_LINE.search(raw) else raw.rstrip(b"\r\n") + b"\r\n"
