"""``python -m mailsec.gateway examine``: what is found in messages and decided, as JSON lines.

Under the default policy, without a database and without the network: nobody asks the domain name
system, so senders are not authenticated, and nobody knows who wrote before.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from mailsec.gateway.edits.texts import finding_text
from mailsec.gateway.envelope import Client, Direction, Envelope
from mailsec.gateway.jail.opener import Jail
from mailsec.gateway.message import Message
from mailsec.gateway.pipeline import decide, examine
from mailsec.gateway.policy import Language, Policy
from mailsec.gateway.ports import Services
from mailsec.gateway.signatures.engine import BuiltinScanner
from mailsec.gateway.spam.classifier import BaseClassifier
from mailsec.gateway.verdict import Finding


def main(arguments: Sequence[str] = ()) -> int:
    """Read file paths from standard input, one a line, and write one JSON object for each."""
    parser = argparse.ArgumentParser(
        prog="python -m mailsec.gateway examine",
        description="Read file paths on standard input; write one JSON line for each message.",
    )
    parser.add_argument(
        "--own-domain",
        action="append",
        default=[],
        metavar="D",
        help="a mail domain of the company, against which likenesses are judged; may be repeated",
    )
    parser.add_argument("--language", choices=list(Language), default=Language.ENGLISH)
    options = parser.parse_args(arguments)
    if hasattr(sys.stdin, "reconfigure"):
        # Paths of the file system need not be UTF-8.
        sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")
    policy = Policy(own_domains=tuple(options.own_domain), language=Language(options.language))
    jail = Jail()
    try:
        return run(sys.stdin, sys.stdout, policy, services(jail))
    finally:
        jail.close()


def services(jail: Jail) -> Services:
    """Everything that an examination needs and that this machine has by itself."""
    return Services(BuiltinScanner(), classifier=BaseClassifier(), unpack=jail)


def run(paths: TextIO, out: TextIO, policy: Policy, asked: Services) -> int:
    """Examine each file; 1 where any could not be read, after all others were."""
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
        _write(out, {"path": shown, **describe(raw, policy, asked)})
    return status


def describe(raw: bytes, policy: Policy, asked: Services) -> dict[str, object]:
    """What is found in a message, and what becomes of it, as plain values."""
    message = Message(raw)
    envelope = envelope_of(message)
    verdict = examine(message, envelope, policy, asked)
    decision = decide(verdict, envelope, policy)
    return {
        "disposition": decision.disposition.value,
        "label": decision.label.value,
        "score": None if verdict.spam_score is None else round(verdict.spam_score, 3),
        "tagged": bool(decision.subject_prefix),
        "warned": bool(decision.banner),
        "removed": sorted(decision.remove),
        "findings": [_finding(finding, policy.language) for finding in verdict.findings],
    }


def envelope_of(message: Message) -> Envelope:
    """The envelope of a file that has none: as its Return-Path or its author and its To say."""
    returned = message.text_of("Return-Path").strip().strip("<>")
    authors = [author.address for author in message.from_ if author.address]
    recipients = [reader.address for reader in message.to if reader.address]
    return Envelope(
        Direction.INBOUND,
        Client(""),
        returned or (authors[0] if authors else ""),
        tuple(recipients) or ("recipient@example.com",),
    )


def _finding(finding: Finding, language: Language) -> dict[str, object]:
    return {
        "check": finding.check,
        "code": finding.code,
        "severity": finding.severity.value,
        "part": finding.part,
        "reason": finding_text(finding, language),
        "detail": dict(finding.detail),
    }


def _write(out: TextIO, value: dict[str, object]) -> None:
    out.write(json.dumps(value, ensure_ascii=False) + "\n")
    out.flush()
