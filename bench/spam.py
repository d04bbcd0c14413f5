"""What the spam classifier catches on public mail, how long it takes, and how much memory.

Trains on nothing: the shipped model is measured on the ``dev`` pack of the corpora beside the
checkout, as it stood at the border. ``python -m bench.spam --split DIR`` writes the training mails
into folders, as ``python -m mailsec.gateway.spam train`` wants them.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from bench.report import Figure
from demo.place import CHECKOUT
from mailsec.gateway.envelope import Client, Direction, Envelope
from mailsec.gateway.message import Message
from mailsec.gateway.spam.classifier import BaseClassifier

CORPORA = CHECKOUT.parent / "shared" / "corpora"
_ENVELOPE = Envelope(Direction.INBOUND, Client("192.0.2.1"), "", ())


class CorporaMissing(Exception):
    """The mail corpora do not lie beside the checkout."""


def measure(say: Callable[[str], None]) -> tuple[str, list[Figure]]:
    """The table of measure.py for the shipped model, and its cost."""
    with tempfile.TemporaryDirectory(prefix="mailsec-bench-") as folder:
        mails = at_border("dev", Path(folder) / "dev")
        say("scoring")
        classifier = BaseClassifier()
        scores, seconds = {}, []
        for path in sorted(mails.glob("*.eml")):
            raw = path.read_bytes()
            # Processor time: other work on the machine disturbs it least.
            start = time.process_time()
            scores[path.name] = classifier.score(Message(raw), _ENVELOPE).score
            seconds.append(time.process_time() - start)
        figures = [*_at_thresholds(mails, scores), *_times(seconds), *_memory()]
        return table(mails, scores), figures


def at_border(pack: str, out: Path) -> Path:
    """A pack's messages without what a collector left on them, and their manifest."""
    if not (CORPORA / "border.py").exists():
        raise CorporaMissing("the mail corpora do not lie beside the checkout")
    command = [CORPORA / "border.py", CORPORA / f"{pack}.tar.xz", out]
    subprocess.run([sys.executable, *map(str, command)], check=True, stdout=subprocess.DEVNULL)
    return out


def table(mails: Path, scores: dict[str, float]) -> str:
    """What measure.py says of these scores."""
    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as lines:
        lines.writelines(f"{name}\t{score:.9f}\n" for name, score in scores.items())
        lines.flush()
        command = [sys.executable, str(CORPORA / "measure.py"), str(mails), lines.name]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    return str(done.stdout)


def _at_thresholds(mails: Path, scores: dict[str, float]) -> Iterator[Figure]:
    """What the default thresholds do, which were set without this pack."""
    rows = [json.loads(line) for line in (mails / "manifest.jsonl").read_text().splitlines()]
    groups: dict[str, list[float]] = {}
    for row in rows:
        japanese = row["lang"] == "ja" or row["source"] == "ja-small"
        name = f"{'Japanese' if japanese else 'other'} {row['label']}"
        groups.setdefault(name, []).append(scores[row["path"]])
    for threshold in (60, 90):
        for name, found in sorted(groups.items()):
            share = sum(score >= threshold for score in found) / len(found) * 100
            yield Figure(f"{name} at {threshold} or above", share, "%")


def _times(seconds: Sequence[float]) -> Iterator[Figure]:
    ordered = sorted(seconds)
    yield Figure("mean processor time a mail", sum(ordered) / len(ordered) * 1000, "ms")
    for name, share in (("median", 0.5), ("95th percentile", 0.95), ("99th percentile", 0.99)):
        yield Figure(f"{name} a mail", ordered[int(len(ordered) * share)] * 1000, "ms")


def _memory() -> Iterator[Figure]:
    """Resident memory of processes of their own, without and with the classifier."""
    bare = _resident("import mailsec.gateway.message")
    loaded = _resident(
        "from mailsec.gateway.spam.classifier import BaseClassifier; kept = BaseClassifier()"
    )
    yield Figure("memory of the reader alone", bare, "MB")
    yield Figure("memory with classifier and model", loaded, "MB")


def _resident(program: str) -> float:
    lines = [program, "print(open('/proc/self/statm').read().split()[1])"]
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        check=True,
        capture_output=True,
        text=True,
        cwd=CHECKOUT,
    )
    return int(done.stdout) * os.sysconf("SC_PAGE_SIZE") / 1e6


def split(folder: Path) -> None:
    """The training mails in ``ham`` and ``spam``, and ``groups.tsv`` with their near duplicates."""
    mails = at_border("train", folder / "train")
    pack = (CORPORA / "train.jsonl").read_text(encoding="utf-8").splitlines()
    clusters = {row["path"]: row["cluster"] for row in map(json.loads, pack)}
    for label in ("ham", "spam"):
        (folder / label).mkdir(exist_ok=True)
    lines = []
    for row in map(json.loads, (mails / "manifest.jsonl").read_text().splitlines()):
        (mails / row["path"]).rename(folder / row["label"] / row["path"])
        lines.append(f"{row['path']}\t{clusters[row['origin']]}\n")
    (folder / "groups.tsv").write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.spam", description=__doc__)
    parser.add_argument("--split", type=Path, required=True, metavar="DIR")
    split(parser.parse_args().split)
