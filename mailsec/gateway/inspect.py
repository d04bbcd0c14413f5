"""``python -m mailsec.gateway inspect``: what the reader sees in a message, as JSON lines."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from mailsec.gateway.message import Address, Message, Part


def main(arguments: Sequence[str] = ()) -> int:
    """Read file paths from standard input, one a line, and write one JSON object for each."""
    parser = argparse.ArgumentParser(
        prog="python -m mailsec.gateway inspect",
        description="Read file paths on standard input and write one JSON line for each message.",
    )
    parser.parse_args(arguments)
    if isinstance(sys.stdin, TextIO) or hasattr(sys.stdin, "reconfigure"):
        # Paths of the file system need not be UTF-8.
        sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")  # type: ignore[union-attr]
    return run(sys.stdin, sys.stdout)


def run(paths: TextIO, out: TextIO) -> int:
    """Inspect each file; 1 where any could not be read, after all others were."""
    status = 0
    for line in paths:
        path = line.rstrip("\r\n")
        if not path:
            continue
        shown = path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        try:
            raw = Path(path).read_bytes()
        except (OSError, ValueError) as error:
            status = 1
            reason = getattr(error, "strerror", None) or str(error)
            _write(out, {"path": shown, "error": reason})
            continue
        _write(out, {"path": shown, **describe(Message(raw))})
    return status


def describe(message: Message) -> dict[str, object]:
    """Everything that a person asks of a message, as plain values.

    ``parts`` holds every leaf and every embedded message, nested ones included; only multipart
    containers, which have no content of their own, are left out.
    """
    return {
        "subject": message.subject,
        "from": _addresses(message.from_),
        "to": _addresses(message.to),
        "cc": _addresses(message.cc),
        "message_id": message.message_id,
        "text": message.text,
        "parts": [_part(number, part) for number, part in enumerate(listed(message))],
        "links": list(message.links),
        "defects": list(message.defects),
    }


def _addresses(addresses: tuple[Address, ...]) -> list[dict[str, str]]:
    return [{"name": address.name, "address": address.address} for address in addresses]


def listed(message: Message) -> tuple[Part, ...]:
    """The parts that ``parts`` shows, in order; a part's place is its number for ``edit``."""
    return tuple(part for part in message.parts if not part.is_multipart)


def _part(number: int, part: Part) -> dict[str, object]:
    content = part.content()
    return {
        "index": number,
        "type": part.content_type,
        "name": part.name,
        "charset": part.charset,
        "disposition": part.disposition,
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def _write(out: TextIO, value: dict[str, object]) -> None:
    out.write(json.dumps(value, ensure_ascii=False) + "\n")
    out.flush()
