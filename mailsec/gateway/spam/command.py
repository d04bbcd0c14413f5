"""``python -m mailsec.gateway.spam score|explain|train``: the classifier without a database."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from mailsec.gateway.envelope import Client, Direction, Envelope
from mailsec.gateway.message import Message
from mailsec.gateway.ports import SpamClassifier
from mailsec.gateway.spam import train
from mailsec.gateway.spam.classifier import BaseClassifier
from mailsec.gateway.spam.model import from_bytes

_NOWHERE = Envelope(Direction.INBOUND, Client("192.0.2.1"), "", ())


def main(arguments: Sequence[str]) -> int:
    """Do what the first argument names; 1 where a file could not be read."""
    parser = argparse.ArgumentParser(prog="python -m mailsec.gateway.spam", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    score = commands.add_parser("score", help="read paths on standard input, write PATH<TAB>SCORE")
    explain = commands.add_parser("explain", help="say why one mail has its score")
    explain.add_argument("file", type=Path)
    for command in (score, explain):
        command.add_argument("--model", type=Path, metavar="FILE", help="another model's file")
    train.add_arguments(commands.add_parser("train", help="make a model of folders of mail"))
    options = parser.parse_args(arguments)
    if options.command == "train":
        return train.run(options)
    model = from_bytes(options.model.read_bytes()) if options.model else None
    classifier = BaseClassifier(model)
    if options.command == "explain":
        return explain_file(str(options.file), classifier, sys.stdout, sys.stderr)
    if hasattr(sys.stdin, "reconfigure"):
        # Paths of the file system need not be UTF-8, and go out as they came in.
        sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")
        sys.stdout.reconfigure(encoding="utf-8", errors="surrogateescape")  # type: ignore[union-attr]
    return score_files(sys.stdin, classifier, sys.stdout, sys.stderr)


def score_files(paths: TextIO, classifier: SpamClassifier, out: TextIO, errors: TextIO) -> int:
    """One ``path<TAB>score`` line a file; 1 where any could not be read, after all others were."""
    status = 0
    for line in paths:
        path = line.rstrip("\r\n")
        if not path:
            continue
        message = _read(path, errors)
        if message is None:
            status = 1
            continue
        out.write(f"{path}\t{classifier.score(message, _NOWHERE).score:.9f}\n")
    return status


def explain_file(path: str, classifier: BaseClassifier, out: TextIO, errors: TextIO) -> int:
    """The score, its summands, and the strings behind them."""
    message = _read(path, errors)
    if message is None:
        return 1
    found = classifier.explain(message)
    score = classifier.score(message, _NOWHERE)
    out.write(f"score\t{score.score:.6f}\nlogit\t{found.logit:+.4f}\nbias\t{found.bias:+.4f}\n")
    for reason in score.reasons:
        out.write(f"{reason.code}\t{reason.weight:+.4f}\t{reason.detail.get('examples', '-')}\n")
    return 0


def _read(path: str, errors: TextIO) -> Message | None:
    try:
        return Message(Path(path).read_bytes())
    except (OSError, ValueError) as error:
        shown = path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        errors.write(f"{shown}: {getattr(error, 'strerror', None) or error}\n")
        return None
