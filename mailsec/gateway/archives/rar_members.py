"""The members of a RAR archive, by UnRAR's library where it is installed.

The library opens files only, so the archive is put into memory that has a path
(``memfd_create``): nothing is written to a disk. It is told to test, never to extract.
"""

from __future__ import annotations

import io
import mmap
import os
import re
import zlib
from collections.abc import Iterator
from typing import Any

from mailsec.gateway.archives.budget import Budget
from mailsec.gateway.archives.members import Label, Member, Problem
from mailsec.gateway.errors import BudgetExceeded, MemberTooDense

try:
    from unrar.cffi import unrarlib
except (ImportError, OSError):  # no wheel for this platform
    unrarlib = None

MARK = b"Rar!\x1a\x07"
_END_OF_ARCHIVE, _MISSING_PASSWORD, _BAD_PASSWORD = 10, 22, 24
_UNKNOWN_FORMAT, _OPEN_FAILED = 14, 15
_SKIP, _TEST, _EXTRACT_MODE = 0, 1, 1
_PROCESS_DATA = 1
_FROM_VOLUME, _TO_VOLUME, _ENCRYPTED, _IS_DIRECTORY = 0x01, 0x02, 0x04, 0x20
_STOP = -1

_SINCE_END_MARKS = 29  # RAR 3: archives of older versions may end without one
_END_WITHIN = 64 * 1024
_END4 = re.compile(rb"(?s)..\x7b..[\x07-\x20]\x00")  # checksum, type, flags, size
_END5 = re.compile(rb"(?s)....[\x03-\x0a]\x05")  # checksum, size, type

# Empty files in memory that were made while that was still allowed.
_spare: list[int] = []


def available() -> bool:
    """Whether the library is here, and files in memory."""
    return unrarlib is not None and hasattr(os, "memfd_create")


def prepare(count: int, size: int) -> None:
    """Makes files in memory before a process gives up the right to; they cost nothing unused."""
    for _ in range(count):
        descriptor = os.memfd_create("archive")
        os.ftruncate(descriptor, size)
        _spare.append(descriptor)


def read(content: bytes, _label: Label, budget: Budget) -> Iterator[Member]:
    """Every member as it comes out; encrypted headers make the whole archive encrypted."""
    start = max(content.find(MARK), 0)  # a program may stand in front
    descriptor = _in_memory(content[start:])
    if descriptor is None:
        yield Member("", b"", Problem.OVER_BUDGET)
        return
    try:
        yield from _read(f"/proc/self/fd/{descriptor}", len(content), _has_end(content), budget)
    finally:
        os.close(descriptor)


def _in_memory(content: bytes) -> int | None:
    if not _spare:
        try:
            descriptor = os.memfd_create("archive")
            os.ftruncate(descriptor, len(content))
        except OSError:
            return None
    else:
        descriptor = _spare.pop()
    with mmap.mmap(descriptor, max(len(content), 1)) as memory:
        memory[: len(content)] = content
    os.ftruncate(descriptor, len(content))
    return descriptor


def _read(path: str, packed: int, ended: bool, budget: Budget) -> Iterator[Member]:
    request = unrarlib.RAROpenArchiveDataEx(path, _EXTRACT_MODE)
    handle = unrarlib.RAROpenArchiveEx(request.value)
    if request.value.OpenResult or not handle:
        yield Member("", b"", _problem_of(request.value.OpenResult))
        return
    sink = _Sink(packed, budget)
    mine = unrarlib.ffi.new_handle(sink)
    try:
        unrarlib.RARSetCallbackPtr(handle, unrarlib.PyUNRARCALLBACKStub, mine)
        yield from _members(handle, sink, ended, budget)
    finally:
        unrarlib.RARCloseArchive(handle)


def _has_end(content: bytes) -> bool:
    """Whether a block that ends the archive stands near the end, with a right checksum."""
    tail = content[-_END_WITHIN:]
    for found in _END4.finditer(tail):
        block = tail[found.start() : found.start() + found[0][5]]
        if zlib.crc32(block[2:]) & 0xFFFF == int.from_bytes(block[:2], "little"):
            return True
    for found in _END5.finditer(tail):
        block = tail[found.start() : found.start() + 5 + found[0][4]]
        if zlib.crc32(block[4:]) == int.from_bytes(block[:4], "little"):
            return True
    return False


def _members(handle: Any, sink: _Sink, ended: bool, budget: Budget) -> Iterator[Member]:
    version = 0
    while True:
        header = unrarlib.RARHeaderDataEx()
        result = unrarlib.RARReadHeaderEx(handle, header)
        if result == _END_OF_ARCHIVE:
            # The library takes the end of the bytes for the end of the archive.
            if not version or (version >= _SINCE_END_MARKS and not ended):
                yield Member("", b"", Problem.DAMAGED)
            return
        if result:
            yield Member("", b"", _problem_of(result))
            return
        budget.take_file()
        version = max(version, int(header.UnpVer), 1)
        name, flags = unrarlib.ffi.string(header.FileNameW), int(header.Flags)
        sink.begin()
        # What needs a password is only passed over, so that the names behind it are still seen.
        operation = _SKIP if flags & _ENCRYPTED else _TEST
        result = unrarlib.RARProcessFileW(handle, operation, unrarlib.ffi.NULL, unrarlib.ffi.NULL)
        if sink.error is not None and not isinstance(sink.error, MemberTooDense):
            raise sink.error
        if flags & _IS_DIRECTORY:
            continue
        yield Member(name, sink.out.getvalue(), _member_problem(result, flags, sink))
        if sink.error is not None or (result and result not in _GO_ON):
            yield Member("", b"", _problem_of(result))
            return


_GO_ON = frozenset((12, 21, _MISSING_PASSWORD, _BAD_PASSWORD))  # bad data, unknown error


def _member_problem(result: int, flags: int, sink: _Sink) -> Problem:
    if sink.error is not None:
        return Problem.OVER_BUDGET
    if flags & _ENCRYPTED:
        return Problem.ENCRYPTED
    if flags & (_FROM_VOLUME | _TO_VOLUME):
        return Problem.UNSUPPORTED  # the rest is in another file
    return _problem_of(result) if result else Problem.NONE


def _problem_of(result: int) -> Problem:
    if result in (_MISSING_PASSWORD, _BAD_PASSWORD):
        return Problem.ENCRYPTED
    return Problem.UNSUPPORTED if result in (_UNKNOWN_FORMAT, _OPEN_FAILED) else Problem.DAMAGED


class _Sink:
    """Takes the bytes of one member after the other, as the library hands them over."""

    def __init__(self, packed: int, budget: Budget) -> None:
        self.out = io.BytesIO()
        self.error: BudgetExceeded | None = None
        self._total = 0
        self._packed = packed
        self._budget = budget

    def begin(self) -> None:
        """Makes ready for the next member."""
        self.out = io.BytesIO()

    def __call__(self, message: int, first: int, second: int) -> int:
        """The library's callback: anything but data (passwords, volumes) is refused."""
        if message != _PROCESS_DATA or self.error is not None:
            return _STOP
        try:
            self._total += second
            self._budget.take_bytes(second, self._total, self._packed)
        except BudgetExceeded as error:
            self.error = error
            return _STOP
        block = unrarlib.ffi.buffer(unrarlib.ffi.cast("char *", first), second)
        self.out.write(block)
        return 1
