"""The files that are embedded in a OneNote section ([MS-ONESTORE] 2.6.13)."""

from __future__ import annotations

from collections.abc import Iterator

from mailsec.gateway.archives.budget import Budget
from mailsec.gateway.archives.members import Label, Member, Problem

SIGNATURE = bytes.fromhex("e4525c7b8cd8a74daeb15378d02996d3")
_FILE_DATA = bytes.fromhex("e716e3bd65261145a4c48d4d0b7a9eac")
_REVISION_STORE = bytes.fromhex("3fdd9a101b91f549a5d01791edc8aed8")
_HEAD = len(_FILE_DATA) + 8 + 4 + 8  # identifier, length, two unused fields


def read(content: bytes, _label: Label, budget: Budget) -> Iterator[Member]:
    """Every embedded file; its name stands elsewhere, so its number takes the place of it."""
    if content[48:64] != _REVISION_STORE:  # the web's own format, whose cells nothing here reads
        yield Member("", b"", Problem.UNSUPPORTED)
    elif max(204, int.from_bytes(content[196:204], "little")) > len(content):
        yield Member("", b"", Problem.DAMAGED)
    at, number = content.find(_FILE_DATA), 0
    while at >= 0:
        budget.take_file()
        number += 1
        size = int.from_bytes(content[at + 16 : at + 24], "little")
        data = content[at + _HEAD : at + _HEAD + size]
        budget.take_bytes(len(data), len(data), len(data))
        problem = Problem.DAMAGED if len(data) < size else Problem.NONE
        yield Member(f"embedded-{number}", data, problem)
        at = content.find(_FILE_DATA, at + _HEAD + len(data))
