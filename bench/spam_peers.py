"""Bogofilter and SpamAssassin, trained on the same mails as the shipped model, on the same test.

``python -m bench.spam_peers``: each peer learns the train pack and the made mails, scores the dev
pack, and the table of measure.py is printed for it. Nothing of it asks a network. SpamAssassin is
slow, so it learns and scores random samples only (``--learn``, ``--score``).
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from bench import spam
from mailsec.gateway.spam.made.compose import mails as made_mails
from mailsec.gateway.spam.train import SEED, VARIANTS

_WAIT = 60.0


class PeerMissing(Exception):
    """The program is not installed."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure each peer that is installed, and say of the others why not."""
    parser = argparse.ArgumentParser(prog="python -m bench.spam_peers", description=__doc__)
    parser.add_argument("--learn", type=int, default=2000, help="mails SpamAssassin learns")
    parser.add_argument("--score", type=int, default=1000, help="mails SpamAssassin scores")
    parser.add_argument("--only", choices=("bogofilter", "spamassassin"))
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="mailsec-peers-") as name:
        folder = Path(name)
        try:
            training, test = _prepare(folder)
            if options.only != "spamassassin":
                _bogofilter(folder, training, test)
            if options.only != "bogofilter":
                _spamassassin(folder, _sample(training, options.learn), test, options.score)
        except (spam.CorporaMissing, PeerMissing) as missing:
            print(f"skipped: {missing}")
    return 0


def _prepare(folder: Path) -> tuple[dict[str, list[Path]], Path]:
    """The training mails by label, made ones among them, and the folder of the test."""
    spam.split(folder)
    for number, mail in enumerate(made_mails(VARIANTS, SEED)):
        target = folder / ("spam" if mail.spam else "ham") / f"made-{number:05d}.eml"
        target.write_bytes(mail.raw)
    training = {label: sorted((folder / label).iterdir()) for label in ("ham", "spam")}
    return training, spam.at_border("dev", folder / "dev")


def _sample(training: dict[str, list[Path]], count: int) -> dict[str, list[Path]]:
    """As many mails at random, in the same proportion."""
    total = sum(map(len, training.values()))
    chance = random.Random(SEED)
    return {
        label: chance.sample(paths, min(len(paths), count * len(paths) // total))
        for label, paths in training.items()
    }


def _program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if found is None:
        raise PeerMissing(f"{name} is not installed")
    return found


def _bogofilter(folder: Path, training: dict[str, list[Path]], test: Path) -> None:
    program = _program("bogofilter")
    words = folder / "bogofilter"
    words.mkdir()
    start = time.perf_counter()
    for label, option in (("ham", "-n"), ("spam", "-s")):
        names = "".join(f"{path}\n" for path in training[label]).encode()
        subprocess.run([program, "-d", words, option, "-b"], input=names, check=True)
    learnt = time.perf_counter()
    tested = "".join(f"{path}\n" for path in sorted(test.glob("*.eml")))
    done = subprocess.run(
        [program, "-d", words, "-b", "-T"],
        input=tested,
        capture_output=True,
        text=True,
        check=False,
    )
    scores = dict(_bogofilter_lines(done.stdout))
    _tell("Bogofilter", spam.table(test, scores), start, learnt, scores)


def _bogofilter_lines(output: str) -> Iterator[tuple[str, float]]:
    """``path S 0.123456`` lines."""
    for line in output.splitlines():
        pieces = line.split()
        if len(pieces) >= 3:
            yield Path(pieces[0]).name, float(pieces[-1])


def _spamassassin(folder: Path, training: dict[str, list[Path]], test: Path, count: int) -> None:
    learner, daemon = _program("sa-learn"), _program("spamd")
    # spamd gives up root, and then reads the words as nobody.
    folder.chmod(0o755)
    (folder / "bayes").mkdir()
    (folder / "bayes").chmod(0o777)
    settings = folder / "local.cf"
    settings.write_text(
        f"use_bayes 1\nbayes_auto_learn 0\nbayes_path {folder}/bayes/words\nbayes_file_mode 0777\n"
        "skip_rbl_checks 1\n"
        "lock_method flock\n"
    )
    start = time.perf_counter()
    for label, paths in training.items():
        names = folder / f"{label}.list"
        names.write_text("".join(f"{path}\n" for path in paths))
        command = [learner, "-L", f"--{label}", "--no-sync", "-f", str(names), "-p", str(settings)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    subprocess.run([learner, "--sync", "-p", str(settings)], check=True, stdout=subprocess.DEVNULL)
    for path in (folder / "bayes").iterdir():
        path.chmod(0o666)
    learnt = time.perf_counter()
    rows = (test / "manifest.jsonl").read_text().splitlines()
    chosen = random.Random(SEED).sample(rows, min(count, len(rows)))
    sample = folder / "sample"
    sample.mkdir()
    (sample / "manifest.jsonl").write_text("\n".join(chosen) + "\n")
    paths = [test / json.loads(row)["path"] for row in chosen]
    with _spamd(daemon, settings, folder) as port, ThreadPoolExecutor(2) as threads:
        found = threads.map(lambda path: _check(port, path.read_bytes()), paths)
        scores = {path.name: score for path, score in zip(paths, found, strict=True)}
    size = sum(map(len, training.values()))
    name = f"SpamAssassin, learnt {size} and scored {len(scores)} at random, two children"
    _tell(name, spam.table(sample, scores), start, learnt, scores)


@contextmanager
def _spamd(daemon: str, settings: Path, folder: Path) -> Iterator[int]:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    command = [daemon, "-L", "-x", "-m", "2", "-i", "127.0.0.1", "-A", "127.0.0.1"]
    configured = [f"--cf={line}" for line in settings.read_text().splitlines()]
    process = subprocess.Popen(
        [
            *command,
            "-p",
            str(port),
            "-H",
            str(folder),
            "-s",
            str(folder / "spamd.log"),
            *configured,
        ],
        stderr=subprocess.DEVNULL,
    )
    try:
        end = time.monotonic() + _WAIT
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.2)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def _check(port: int, raw: bytes) -> float:
    """One mail over spamd's protocol: ``Spam: True ; 12.3 / 5.0``."""
    with socket.create_connection(("127.0.0.1", port), 300) as connection:
        connection.sendall(b"CHECK SPAMC/1.2\r\nContent-length: %d\r\n\r\n" % len(raw) + raw)
        connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as reply:
            for line in reply:
                if line.startswith(b"Spam:"):
                    return float(line.partition(b";")[2].partition(b"/")[0])
    return float("-inf")


def _tell(name: str, table: str, start: float, learnt: float, scores: dict[str, float]) -> None:
    each = (time.perf_counter() - learnt) / max(len(scores), 1) * 1000
    print(
        f"{name}: learning {learnt - start:.0f} s, scoring {each:.1f} ms a mail\n{table}",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
