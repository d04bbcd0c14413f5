"""``train``: the mails of some folders, with made mail beside them, become a model file."""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from mailsec.gateway.spam import training
from mailsec.gateway.spam.made.compose import mails as made_mails
from mailsec.gateway.spam.model import Model
from mailsec.gateway.spam.training import Example

SEED = 1
VARIANTS = 12


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What ``train`` takes."""
    parser.add_argument("--ham", nargs="+", type=Path, required=True, metavar="DIR")
    parser.add_argument("--spam", nargs="+", type=Path, required=True, metavar="DIR")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE")
    parser.add_argument("--date", required=True, help="the date to state in the file")
    parser.add_argument(
        "--groups", type=Path, metavar="FILE",
        help="lines NAME<TAB>GROUP: mails of one group are near duplicates and share a fold",
    )  # fmt: skip
    parser.add_argument(
        "--made", type=int, default=VARIANTS, metavar="N",
        help="how many mails to make of each hand-written body (default: %(default)s)",
    )  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Train, check in folds, calibrate, write the file, and print its figures."""
    groups = _groups(options.groups)
    manifests: dict[str, str] = {}
    mails: list[Example] = []
    for spam, folders in ((False, options.ham), (True, options.spam)):
        kind = "spam" if spam else "ham"
        hashes = []
        for path, raw in _read(folders):
            hashes.append(hashlib.sha256(raw).hexdigest())
            mails.append(training.example(raw, spam, groups.get(path.name, path.name)))
        manifests[kind] = hashlib.sha256("\n".join(sorted(hashes)).encode()).hexdigest()
    mails += [
        training.example(mail.raw, mail.spam, mail.kind, made=True)
        for mail in made_mails(options.made, SEED)
    ]
    data = _stated(mails, manifests, options.date)
    logits = training.cross_validated(mails, SEED)
    calibration = training.calibrate(mails, logits)
    data |= training.figures(mails, logits, calibration)
    weights, bias = training.fit(mails, SEED)
    model = Model(weights, bias, calibration, training.rates(mails), data)
    options.out.write_bytes(model.to_bytes())
    for name, value in data.items():
        sys.stdout.write(f"{name}: {value}\n")
    return 0


def _read(folders: Sequence[Path]) -> Iterator[tuple[Path, bytes]]:
    """Every file of the folders, by name."""
    for path in sorted(path for folder in folders for path in folder.rglob("*") if path.is_file()):
        yield path, path.read_bytes()


def _groups(path: Path | None) -> dict[str, str]:
    if path is None:
        return {}
    lines = path.read_text(encoding="utf-8").splitlines()
    return {name: group for name, _, group in (line.partition("\t") for line in lines)}


def _stated(mails: Sequence[Example], manifests: dict[str, str], date: str) -> dict[str, object]:
    def count(spam: bool, made: bool) -> int:
        return sum(mail.spam is spam and mail.made is made for mail in mails)

    return {
        "date": date,
        "seed": SEED,
        "public ham": count(False, False),
        "public spam": count(True, False),
        "made ham": count(False, True),
        "made spam": count(True, True),
        "sha256 of the ham's sorted hashes": manifests["ham"],
        "sha256 of the spam's sorted hashes": manifests["spam"],
    }
