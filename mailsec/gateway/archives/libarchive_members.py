"""7z, CAB, LZH, cpio, RPM and some packed streams, by the system's libarchive.

Only what is asked for is switched on: each further format would be one more parser that hostile
bytes could reach. Without the library everything here is unsupported, never clean.
"""

from __future__ import annotations

import ctypes
import io
from collections.abc import Iterator
from functools import partial

from mailsec.gateway.archives.budget import Budget
from mailsec.gateway.archives.members import Label, Member, Problem, Reader
from mailsec.gateway.archives.streams import without_ending
from mailsec.gateway.archives.zip_records import decode_name
from mailsec.gateway.errors import MemberTooDense

try:
    from libarchive.ffi import libarchive as _library
except (ImportError, OSError, AttributeError, TypeError):  # the system has none
    _library = None

_END, _OK, _WARN, _FAILED = 1, 0, -20, -25
_REGULAR, _LINKS, _DIRECTORY = 0o100000, 0o120000, 0o040000
_BLOCK = 64 * 1024
_RAW = "data"
_pointer, _int = ctypes.c_void_p, ctypes.c_int


def _function(name: str, result: object, *arguments: object) -> ctypes._FuncPointer:
    function: ctypes._FuncPointer = _library[f"archive_{name}"]
    function.restype, function.argtypes = result, arguments  # type: ignore[assignment]
    return function


if _library is not None:
    _new = _function("read_new", _pointer)
    _free = _function("read_free", _int, _pointer)
    _open = _function("read_open_memory", _int, _pointer, ctypes.c_char_p, ctypes.c_size_t)
    _next = _function("read_next_header", _int, _pointer, ctypes.POINTER(_pointer))
    _data = _function("read_data", ctypes.c_ssize_t, _pointer, _pointer, ctypes.c_size_t)
    _error = _function("error_string", ctypes.c_char_p, _pointer)
    _has_encrypted = _function("read_has_encrypted_entries", _int, _pointer)
    _is_encrypted = _function("entry_is_encrypted", _int, _pointer)
    _kind = _function("entry_filetype", _int, _pointer)
    _wide = _function("entry_pathname_w", ctypes.c_wchar_p, _pointer)
    _narrow = _function("entry_pathname", ctypes.c_char_p, _pointer)


def available() -> bool:
    """Whether the library is here."""
    return _library is not None


def reader(formats: tuple[str, ...], filters: tuple[str, ...] = ()) -> Reader:
    """A reader for these formats behind these filters, by libarchive's names."""
    return partial(_read, formats, filters)


def _read(
    formats: tuple[str, ...],
    filters: tuple[str, ...],
    content: bytes,
    label: Label,
    budget: Budget,
) -> Iterator[Member]:
    if _library is None:
        yield Member("", b"", Problem.UNSUPPORTED)
        return
    archive = _new()
    try:
        if not _switched_on(archive, formats, filters):
            yield Member("", b"", Problem.UNSUPPORTED)
            return
        if _open(archive, content, len(content)) != _OK:
            # What opens nothing has no format, and the library must not be asked about its entries.
            yield Member("", b"", _by_words(archive))
            return
        yield from _members(archive, content, label, budget)
    finally:
        _free(archive)


def _switched_on(archive: int, formats: tuple[str, ...], filters: tuple[str, ...]) -> bool:
    """Whether the library, which may be an old one, knows all that is asked for."""
    names = [f"format_{name}" for name in formats] + [f"filter_{name}" for name in filters]
    try:
        for name in names:
            _function(f"read_support_{name}", _int, _pointer)(archive)
    except AttributeError:
        return False
    return True


def _members(archive: int, content: bytes, label: Label, budget: Budget) -> Iterator[Member]:
    entry = _pointer()
    source = _Source(archive, len(content), budget)
    while True:
        result = _next(archive, ctypes.byref(entry))
        if result == _END:
            if _has_encrypted(archive) > 0 and not source.files:
                yield Member("", b"", Problem.ENCRYPTED)
            return
        if result < _WARN:
            yield Member("", b"", _problem(archive))
            return
        budget.take_file()
        source.files += 1
        kind = _kind(entry)
        if kind == _DIRECTORY:
            continue
        name = _name(entry)
        if name == _RAW and not kind & ~_REGULAR and label.name:
            name = without_ending(label.name)
        if _is_encrypted(entry) > 0:
            yield Member(name, b"", Problem.ENCRYPTED)
            continue
        data, problem, fatal = source.read() if kind != _LINKS else (b"", Problem.NONE, False)
        yield Member(name, data, problem)
        if fatal:
            return


class _Source:
    """The bytes of one member after the other, charged as they come out."""

    def __init__(self, archive: int, packed: int, budget: Budget) -> None:
        self.files = 0
        self._archive = archive
        self._packed = packed
        self._budget = budget
        self._total = 0
        self._buffer = ctypes.create_string_buffer(_BLOCK)

    def read(self) -> tuple[bytes, Problem, bool]:
        """Content, problem, and whether nothing can be read behind it."""
        out = io.BytesIO()
        while True:
            count = _data(self._archive, self._buffer, _BLOCK)
            if count == 0:
                return out.getvalue(), Problem.NONE, False
            if count < 0:
                return out.getvalue(), _problem(self._archive), count < _FAILED
            self._total += count
            out.write(memoryview(self._buffer)[:count])
            try:
                self._budget.take_bytes(count, self._total, self._packed)
            except MemberTooDense:
                return out.getvalue(), Problem.OVER_BUDGET, True


def _problem(archive: int) -> Problem:
    """Why an entry cannot be read on; only for an archive that could be opened."""
    return Problem.ENCRYPTED if _has_encrypted(archive) > 0 else _by_words(archive)


def _by_words(archive: int) -> Problem:
    """What the library's own words say of the fault."""
    words = (_error(archive) or b"").lower()
    if b"encrypt" in words or b"passphrase" in words:
        return Problem.ENCRYPTED
    known = (b"unsupported", b"not supported", b"unrecognized", b"multivolume", b"can't decompress")
    return Problem.UNSUPPORTED if any(word in words for word in known) else Problem.DAMAGED


def _name(entry: ctypes.c_void_p) -> str:
    """By the library's own reading where it has one, else the bytes as a ZIP's would be read."""
    wide = _wide(entry)
    if wide and "\ufffd" not in wide:
        return str(wide)
    return decode_name(_narrow(entry) or b"", 0) or "unnamed"
