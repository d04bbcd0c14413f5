"""``python -m tests.fuzz``: as many inputs as asked for, each bounded in time; memory is watched.

Input N of seed S is the same on every machine with the same messages, so a finding is repeated by
``--seed S --first N --inputs 1``. What fails is kept under ``var/fuzz``.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tarfile
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from demo.place import CHECKOUT
from tests.fuzz.mutate import mutated
from tests.fuzz.target import check

LIMIT_SECONDS = 20
LARGEST_SEED = 100_000
_OWN = CHECKOUT / "tests" / "gateway" / "eml"
_PACKS = ("mime-open.tar.xz", "train.tar.xz", "attachments-open.tar.xz")


class TooSlow(BaseException):
    """One input took longer than the limit; no handler of the tested code may catch it."""


@dataclass
class Tally:
    """What a run found."""

    inputs: int = 0
    failures: list[str] = field(default_factory=list)
    slowest: float = 0.0
    slowest_input: int = 0
    resident: list[int] = field(default_factory=list)


def main(arguments: Sequence[str] | None = None) -> int:
    """0 where every input was handled, 1 with what was not."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--inputs", type=int, default=10_000)
    parser.add_argument("--corpora", type=Path, default=CHECKOUT.parent / "shared" / "corpora")
    options = parser.parse_args(arguments)
    seeds = [*own_seeds(), *corpus_seeds(options.corpora)]
    print(f"{len(seeds)} messages and files to mutate", flush=True)
    began = time.monotonic()
    tally = run(seeds, options.seed, range(options.first, options.first + options.inputs))
    seconds = time.monotonic() - began
    print(
        f"seed {options.seed}: {tally.inputs} inputs in {seconds:.0f} s, "
        f"{len(tally.failures)} failures, slowest {tally.slowest:.2f} s "
        f"(input {tally.slowest_input}), resident MB {tally.resident}"
    )
    return 1 if tally.failures else 0


def own_seeds() -> Iterator[bytes]:
    """The project's own messages, in the order of their names."""
    for path in sorted(_OWN.rglob("*.eml")):
        yield path.read_bytes()


def corpus_seeds(folder: Path) -> Iterator[bytes]:
    """Messages and files of the public packs, where they are present; large ones are left out."""
    for name in _PACKS:
        if not (folder / name).exists():
            continue
        with tarfile.open(folder / name) as pack:
            for member in pack:
                if not member.isfile() or not 0 < member.size <= LARGEST_SEED:
                    continue
                if name.startswith("train") and member.size % 5:
                    continue
                opened = pack.extractfile(member)
                if opened is not None:
                    yield opened.read()


def run(seeds: Sequence[bytes], seed: int, numbers: range) -> Tally:
    """Check these inputs one after the other."""
    tally = Tally()
    signal.signal(signal.SIGALRM, _too_slow)
    step = max(1, len(numbers) // 10)
    for number in numbers:
        data = mutated(seeds, number, seed)
        began = time.monotonic()
        signal.alarm(LIMIT_SECONDS)
        try:
            check(data, number)
        except (Exception, TooSlow):  # noqa: BLE001 - whatever it is, it is what is looked for
            signal.alarm(0)
            tally.failures.append(_keep(seed, number, data))
        finally:
            signal.alarm(0)
        seconds = time.monotonic() - began
        if seconds > tally.slowest:
            tally.slowest, tally.slowest_input = seconds, number
        tally.inputs += 1
        if tally.inputs % step == 0:
            tally.resident.append(_resident_mb())
            print(f"{tally.inputs} inputs, {tally.resident[-1]} MB", file=sys.stderr, flush=True)
    return tally


def _too_slow(number: int, frame: object) -> None:
    raise TooSlow


def _keep(seed: int, number: int, data: bytes) -> str:
    folder = CHECKOUT / "var" / "fuzz"
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{seed}-{number}"
    (folder / f"{name}.eml").write_bytes(data)
    trace = traceback.format_exc()
    (folder / f"{name}.txt").write_text(trace, encoding="utf-8")
    print(f"input {name}: {trace.strip().splitlines()[-1]}", flush=True)
    return name


def _resident_mb() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // (1024 * 1024)


if __name__ == "__main__":
    sys.exit(main())
