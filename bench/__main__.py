"""``make bench``: measures, prints a table, and keeps the figures in ``var/bench``."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from bench import accept, examination, holds, memory, mix, relay, report, spam, zipping
from bench.load import Shape
from bench.postfix import Postfix, PostfixMissing, postfix
from bench.rspamd import RspamdMissing, rspamd
from bench.sink import sink
from bench.stack import free_ports, stack
from demo.place import CHECKOUT

FOLDER = CHECKOUT / "var" / "bench"
PARTS = ("spam", "examination", "zip", "accept", "relay", "holds")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the parts that are asked for, all of them by default."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--quick", action="store_true", help="one round of the main shapes")
    options = parser.parse_args(arguments)
    parts = tuple(options.parts) or PARTS
    if unknown := set(parts) - set(PARTS):
        parser.error(f"unknown part: {', '.join(sorted(unknown))}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    if "spam" in parts:
        _spam()
    if "examination" in parts:
        _examination()
    if "zip" in parts:
        _zip()
    if set(parts) - {"spam", "examination", "zip"}:
        with ExitStack() as resources:
            _run(parts, options.quick, resources)
    return 0


def _spam() -> None:
    """The classifier needs no servers."""
    try:
        caught, figures = spam.measure(say)
    except spam.CorporaMissing as missing:
        say(f"spam is not measured: {missing}")
        return
    print(caught)
    _show("spam", "Spam classifier", figures, (), report.versions(None))


def _examination() -> None:
    """The core alone, in this process."""
    with tempfile.TemporaryDirectory(prefix="mailsec-mix-") as folder:
        try:
            figures, shares = examination.measure(Path(folder), say)
        except mix.MixMissing as missing:
            say(f"the examination is not measured: {missing}")
            return
    _show("examination", "Inbound examination", figures, shares, report.versions(None))


def _zip() -> None:
    """The writer of archives alone, in this process."""
    with tempfile.TemporaryDirectory(prefix="mailsec-zip-") as folder:
        figures = zipping.measure(Path(folder), say)
    _show("zip", "Encrypted archives", figures, (), report.versions(None))


def _run(parts: Sequence[str], quick: bool, resources: ExitStack) -> None:
    say("starting the servers and the service")
    logs = Path(resources.enter_context(tempfile.TemporaryDirectory(prefix="mailsec-bench-")))
    (hop,) = free_ports(1)
    hopper = resources.enter_context(sink(hop))
    peer = _peer(hop, _milter(resources) if "relay" in parts else 0, resources)
    service = resources.enter_context(stack(logs, hop))
    found = report.versions(peer.version if peer else None)
    if "accept" in parts:
        runs = accept.measure(
            service,
            peer,
            1 if quick else accept.ROUNDS,
            accept.SHAPES[1:3] if quick else accept.SHAPES,
            say,
        )
        figures = [figure for run in runs for figure in run.figures()]
        _show("accept", "Durable accepts", figures, accept.limits(runs), found)
    if "relay" in parts:
        rounds = 1 if quick else relay.ROUNDS
        shapes = [*(relay.SHAPES[:1] if quick else relay.SHAPES), *_real_mail(resources)]
        figures, costs = relay.measure(service, peer, hopper, rounds, shapes, say)
        _show("relay", "End to end", figures, costs, found)
        service.start_web()
        _show("memory", "Memory", memory.figures(service.pids()), (), found)
    if "holds" in parts:
        size = holds.QUICK if quick else holds.Size()
        figures, steps = holds.measure(service, peer, hopper, size, say)
        _show("holds", "Held mail", figures, steps, found)


def _milter(resources: ExitStack) -> int:
    try:
        return resources.enter_context(rspamd(FOLDER))
    except RspamdMissing as missing:
        say(f"no filter beside Postfix: {missing}")
        return 0


def _real_mail(resources: ExitStack) -> list[Shape]:
    folder = resources.enter_context(tempfile.TemporaryDirectory(prefix="mailsec-mix-"))
    try:
        count = len(mix.write(Path(folder), relay.REAL_MAILS))
    except mix.MixMissing as missing:
        say(f"no real mail to measure with: {missing}")
        return []
    return [Shape(0, 10, count, folder)]


def _peer(hop: int, milter: int, resources: ExitStack) -> Postfix | None:
    try:
        return resources.enter_context(postfix(FOLDER, hop, milter))
    except PostfixMissing as missing:
        say(f"nothing to compare with: {missing}")
        return None


def _show(
    name: str,
    title: str,
    figures: Sequence[report.Figure],
    limits: Sequence[str],
    found: dict[str, str],
) -> None:
    print(report.table(title, figures, limits), flush=True)
    report.write(FOLDER, name, figures, found, limits)


def say(text: str) -> None:
    """Progress, apart from the figures."""
    print(f"... {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
