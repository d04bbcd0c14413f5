"""Writing an encrypted ZIP archive (APPNOTE 6.3, WinZip AE-1/AE-2), in memory.

Deflate or stored only: what is newer opens neither in Explorer nor in the Finder.
"""

from __future__ import annotations

import io
import string
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count, groupby
from operator import itemgetter

import rustyzipper

from mailsec.gateway.errors import EditRefused
from mailsec.gateway.policy import ZipCipher, ZipNames
from mailsec.gateway.zipping.entry_names import entry_names, in_cp932

_METHODS = {
    ZipCipher.AES256: rustyzipper.EncryptionMethod.AES256,
    ZipCipher.ZIPCRYPTO: rustyzipper.EncryptionMethod.ZIPCRYPTO,
}
_DEFLATE, _STORE = 6, 0
_SAMPLE_BYTES = 16_384
_SAMPLES = 4
_WORTH_IT = 0.95
_CENTRAL = struct.Struct(
    "<4s24x3H12x"
)  # up to the name: signature, lengths of name, extra, comment
_LOCAL_NAME_AT = 30
_DIGITS = string.digits + string.ascii_letters


@dataclass(frozen=True, slots=True)
class File:
    """What goes into an archive: folders and name as somebody wrote them, and the content."""

    path: tuple[str, ...]
    content: bytes


@dataclass(frozen=True, slots=True)
class Archive:
    """An encrypted archive as it goes out; ``name`` is plain ASCII."""

    name: str
    content: bytes


def encrypted_archive(
    files: Sequence[File], password: str, cipher: ZipCipher, names: ZipNames
) -> bytes:
    """One archive of all files in order, each encrypted; ``EditRefused`` where it cannot be made.

    Names are made safe and unique. With ``ZipNames.CP932`` they are written as old Windows expects
    them, without the UTF-8 mark.
    """
    wanted = entry_names(file.path for file in files)
    contents = [file.content for file in files]
    if names is ZipNames.UTF8:
        return _archive(wanted, contents, password, cipher)
    coded = _distinct([in_cp932(name) for name in wanted])
    written = _placeholders(coded)
    archive = _archive(written, contents, password, cipher)
    return _renamed(archive, dict(zip(written, coded, strict=True)))


def _archive(
    names: Sequence[str], contents: Sequence[bytes], password: str, cipher: ZipCipher
) -> bytes:
    """Runs of files that are worth compressing and of files that are not, in their order.

    The writer spoils what the older cipher made when it adds to it, so that goes in one run.
    """
    levels = [_level(content) for content in contents]
    if cipher is ZipCipher.ZIPCRYPTO:
        levels = [max(levels)] * len(levels)
    archive = b""
    files = zip(levels, zip(names, contents, strict=True), strict=True)
    for level, run in groupby(files, key=itemgetter(0)):
        archive = _with_run(archive, [file for _, file in run], password, cipher, level)
    return archive


def _with_run(
    archive: bytes, run: list[tuple[str, bytes]], password: str, cipher: ZipCipher, level: int
) -> bytes:
    try:
        if not archive:
            return rustyzipper.compress_bytes(run, password, _METHODS[cipher], level, True)
        files = [(content, name) for name, content in run]
        return rustyzipper.add_to_archive_bytes(archive, files, password, _METHODS[cipher], level)
    except (rustyzipper.RustyZipException, OSError, ValueError) as error:
        raise EditRefused("the archive could not be made") from error


def _level(content: bytes) -> int:
    """Pictures and office files are compressed already: trying costs time and saves nothing."""
    step = max(1, len(content) // _SAMPLES)
    sample = b"".join(content[at : at + _SAMPLE_BYTES] for at in range(0, len(content), step))
    return _DEFLATE if len(zlib.compress(sample, 1)) <= _WORTH_IT * len(sample) else _STORE


def _distinct(names: Sequence[bytes]) -> list[bytes]:
    """Names that differ only in characters that the code lacks are told apart by a number."""
    taken: set[bytes] = set()
    found = []
    for name in names:
        stem, dot, extension = name.rpartition(b".")
        stem, tail = (stem, dot + extension) if stem else (name, b"")
        marks = (b"" if number == 1 else b"~%d" % number for number in count(1))
        found.append(next(n for m in marks if (n := stem + m + tail).lower() not in taken))
        taken.add(found[-1].lower())
    return found


def _placeholders(names: Sequence[bytes]) -> list[str]:
    """An ASCII name of the same length for each, since the writer takes no bytes."""
    numbers: Counter[int] = Counter()
    found = []
    for name in names:
        number, digits = numbers[len(name)], ""
        numbers[len(name)] += 1
        for _ in name:
            number, digit = divmod(number, len(_DIGITS))
            digits = _DIGITS[digit] + digits
        found.append(digits)
    return found


def _renamed(archive: bytes, names: dict[str, bytes]) -> bytes:
    """The archive with other names of the same length, in the directory and before each file."""
    changed = bytearray(archive)
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        at = opened.start_dir
        for entry in opened.infolist():
            _, length, extra, comment = _CENTRAL.unpack_from(archive, at)
            name = names[entry.orig_filename]
            for place in (at + _CENTRAL.size, entry.header_offset + _LOCAL_NAME_AT):
                changed[place : place + length] = name
            at += _CENTRAL.size + length + extra + comment
    return bytes(changed)
