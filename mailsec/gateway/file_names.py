"""What a file name really says, once the tricks are taken out of it."""

from __future__ import annotations

import re
import unicodedata

_STREAM = re.compile(r":[^/\\]*$")
_SHOWN_LENGTH = 120


def clean_name(name: str, length: int = _SHOWN_LENGTH) -> str:
    """The name as a person may be shown it: one line, no control or direction characters.

    U+202E and its like turn ``fdp.exe`` round so that it is read as ``exe.pdf``.
    """
    kept = "".join(
        " " if char.isspace() else char
        for char in name
        if char.isspace() or unicodedata.category(char)[0] != "C"
    )
    shown = " ".join(kept.split())
    return shown if len(shown) <= length else shown[: length // 2] + "…" + shown[-length // 2 :]


def real_extension(name: str) -> str:
    """The extension that Windows would act upon, in lower case and without its dot.

    Everything behind a NUL is cut, as C programs do; direction marks, trailing dots, blanks and
    quotes and an NTFS stream (``a.exe::$DATA``) do not hide it.
    """
    base = re.split(r"[/\\]", name.split("\0", 1)[0])[-1]
    bare = "".join(char for char in base if unicodedata.category(char)[0] != "C")
    bare = _without_tail(bare)
    while (stream := _STREAM.search(bare)) is not None and stream.start() > 0:
        bare = _without_tail(bare[: stream.start()])
    stem, dot, extension = bare.rpartition(".")
    return extension.strip().lower() if dot and (stem or extension) else ""


def _without_tail(name: str) -> str:
    """Without the dots, blanks and quotes at the end that Windows or a mail program drops."""
    end = len(name)
    while end and (name[end - 1] in ".\"';" or name[end - 1].isspace()):
        end -= 1
    return name[:end]
