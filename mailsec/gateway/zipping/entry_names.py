"""Names of files in an archive: safe on every system, and no two the same.

Senders write names by which a careless unzipper leaves its folder, overwrites another file or shows
a program as a document; and names that only one system knows how to tell apart.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import count

from mailsec.gateway import charset

_LONGEST_BYTES = 255  # of one name in most file systems, in UTF-8
_LONGEST_EXTENSION = 20
# What Windows does not take in a name; the colon opens an NTFS stream.
_FORBIDDEN = re.compile(r'[/\\:*?"<>|]')
_DEVICE = re.compile(r"(?i)(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?")
_NAMELESS = "attachment"


def entry_names(paths: Iterable[Sequence[str]]) -> list[str]:
    """One name for each path, in order; a path is folders and a file name, none of them trusted.

    Normalised to NFC, since macOS writes decomposed names that Windows shows as two characters;
    unique also where letter case does not count.
    """
    taken: set[str] = set()
    return [_unique([safe_name(part) for part in path] or [_NAMELESS], taken) for path in paths]


def safe_name(name: str) -> str:
    """A single file or folder name without anything that leaves its folder or hides its type."""
    kept = "".join(
        " " if char.isspace() else char
        for char in unicodedata.normalize("NFC", name)
        if char.isspace() or unicodedata.category(char)[0] != "C"
    )
    bare = _FORBIDDEN.sub("_", kept).strip(" .")
    if not bare:
        return _NAMELESS
    return _shortened(f"_{bare}" if _DEVICE.fullmatch(bare) else bare)


def _shortened(name: str, suffix: str = "") -> str:
    """At most 255 bytes with the suffix put before the extension, which stays."""
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension) > _LONGEST_EXTENSION:
        stem, dot, extension = name, "", ""
    tail = f"{suffix}{dot}{extension}"
    room = _LONGEST_BYTES - len(tail.encode())
    # A cut may leave a blank at the end, or half of a decomposed character that NFC had joined.
    short = stem.encode()[:room].decode("utf-8", "ignore")
    return (short.rstrip(" .") or "_") + tail if len(short) < len(stem) else short + tail


def _unique(path: list[str], taken: set[str]) -> str:
    *folders, name = path
    for candidate in _candidates(name):
        whole = "/".join((*folders, candidate))
        key = unicodedata.normalize("NFC", unicodedata.normalize("NFC", whole).casefold())
        if key not in taken:
            taken.add(key)
            return whole
    raise AssertionError("unreachable: the candidates never end")


def _candidates(name: str) -> Iterator[str]:
    yield name
    for number in count(2):
        yield _shortened(name, f" ({number})")


def in_cp932(name: str) -> bytes:
    """The name as Japanese Windows without UTF-8 reads it; what it lacks becomes ``_``.

    The wave dash and its like are written by the codes that Windows shows them by.
    """
    return b"".join(charset.encode(char, "cp932") or b"_" for char in name)
