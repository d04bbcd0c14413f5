"""Encrypted archives beside 7z at its default level: the same file, in turns, one process each."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

from bench import zip_memory
from bench.report import Figure
from mailsec.gateway.policy import ZipCipher, ZipNames
from mailsec.gateway.zipping.writer import File, encrypted_archive

ROUNDS = 5
_BYTES = 10_000_000
_PASSWORD = "Abc2#defgh3Ky"
_SWITCHES = {ZipCipher.AES256: "-mem=AES256", ZipCipher.ZIPCRYPTO: "-mem=ZipCrypto"}


def measure(folder: Path, say: Callable[[str], None]) -> list[Figure]:
    """Megabytes a second of 10 MB that do not compress and of 10 MB of text, by cipher; memory."""
    seven_zip = shutil.which("7z") or shutil.which("7zz")
    contents = {"incompressible": os.urandom(_BYTES), "text": _text()}
    figures = []
    for kind, content in contents.items():
        source = folder / f"{kind}.bin"
        source.write_bytes(content)
        for cipher, switch in _SWITCHES.items():
            say(f"zip: 10 MB {kind}, {cipher}")
            ours, theirs = [], []
            for _ in range(ROUNDS):
                ours.append(_seconds(partial(_ours, content, cipher)))
                if seven_zip:
                    out = folder / "out.zip"
                    out.unlink(missing_ok=True)
                    command: list[str | Path] = [seven_zip, "a", "-tzip", switch, f"-p{_PASSWORD}"]
                    command += [out, source]
                    theirs.append(_seconds(partial(_theirs, command)))
            figures.append(_figure(f"zip 10 MB {kind}, {cipher}; 7z", ours, theirs))
    say("zip: memory of the largest mail")
    return [*figures, *zip_memory.measure()]


def _text() -> bytes:
    """Lines of a report, none like another."""
    line = "{:7}. The pump in unit {} was checked; the pressure is {} bar.\n"
    text = "".join(line.format(n, n * 7 % 90, n * 13 % 50) for n in range(200_000))
    return text.encode()[:_BYTES].ljust(_BYTES, b".")


def _ours(content: bytes, cipher: ZipCipher) -> None:
    encrypted_archive([File(("plan.bin",), content)], _PASSWORD, cipher, ZipNames.UTF8)


def _theirs(command: list[str | Path]) -> None:
    subprocess.run(command, check=True, capture_output=True)


def _seconds(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _figure(name: str, ours: list[float], theirs: list[float]) -> Figure:
    rate = round(_BYTES / 1e6 / median(ours), 1)
    if not theirs:
        return Figure(name, rate, "MB/s")
    ratio = median(other / one for one, other in zip(ours, theirs, strict=True))
    return Figure(name, rate, "MB/s", round(_BYTES / 1e6 / median(theirs), 1), round(ratio, 2))
