"""``python -m mailsec.gateway edit``: one message changed, written to standard output."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from mailsec.gateway.edits import banner, bare_cr, removal, subject
from mailsec.gateway.errors import EditRefused
from mailsec.gateway.inspect import listed
from mailsec.gateway.message import Message


def main(arguments: Sequence[str]) -> int:
    """Edit the file as told. 0, or 2 with the reason on standard error and no output."""
    options = _parser().parse_args(arguments)
    try:
        raw = Path(options.file).read_bytes()
        edited = edit(raw, options.remove_part, options.banner, options.subject_prefix)
    except OSError as error:
        return _failed(f"{options.file}: {error.strerror or error}")
    except (EditRefused, ValueError) as error:
        return _failed(str(error))
    return _write(sys.stdout.buffer, edited)


def edit(raw: bytes, removals: Sequence[int], text: str, prefix: str) -> bytes:
    """The message without these parts, with the text at its head and the tag before its subject."""

    def change(message: Message) -> Message:
        return _changed(message, removals, text, prefix)

    return bare_cr.edited(Message(raw), change).raw


def _changed(message: Message, removals: Sequence[int], text: str, prefix: str) -> Message:
    parts = listed(message)
    for number in removals:
        if not 0 <= number < len(parts):
            raise EditRefused(f"the message has no part {number}")
    if removals:
        indexes = [parts[number].index for number in removals]
        message = removal.remove(message, dict.fromkeys(indexes, ""))
    if text:
        message = banner.put_on_top(message, banner.words_of(text))
    if prefix:
        message = subject.tag(message, prefix)
    return message


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m mailsec.gateway edit",
        description="Edit a message; every byte that the edit does not need stays as it is.",
    )
    parser.add_argument(
        "--subject-prefix", default="", metavar="P", help="put P before the subject"
    )
    parser.add_argument("--banner", default="", metavar="TEXT", help="put TEXT before the letter")
    parser.add_argument(
        "--remove-part",
        type=int,
        action="append",
        default=[],
        metavar="N",
        help="remove part N of the list that inspect prints, from 0; may be given several times",
    )
    parser.add_argument("file", metavar="FILE", help="the message")
    return parser


def _failed(reason: str) -> int:
    sys.stderr.write(f"edit: {reason}\n")
    return 2


def _write(out: BinaryIO, raw: bytes) -> int:
    out.write(raw)
    out.flush()
    return 0
