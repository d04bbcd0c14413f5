"""All files of one message, each once: its parts, and what lies in the archives among them.

Filters that look at contents are handed these one after the other, so that an archive is opened
once for all of them and only one branch of it is in memory at a time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mailsec.gateway.charset import decode_base64_text
from mailsec.gateway.file_types import FileType, identify
from mailsec.gateway.message import Message, Part
from mailsec.gateway.unpack import (
    Budget,
    Label,
    Limits,
    Problem,
    Unpack,
    looks_like_mail,
    unpack,
)


@dataclass(frozen=True, slots=True)
class Content:
    """One file. ``inside`` is its path within the attachment ``name``, empty for the part itself.

    ``file_type`` counts every name that a parameter gives the part, since programs differ in which
    they show. ``is_text_body`` marks what a mail program shows as the letter instead of offering it
    as a file. With a problem, ``data`` may be empty or only what could be read.
    """

    part: int
    name: str
    inside: str
    data: bytes
    file_type: FileType
    is_text_body: bool = False
    problem: Problem = Problem.NONE


def contents(
    message: Message, limits: Limits | None = None, opener: Unpack = unpack
) -> Iterator[Content]:
    """Every part and archive member in order; archives share one budget for the whole message.

    ``opener`` opens the containers: ``unpack`` does it in this process, ``Jail`` in another.
    """
    budget = Budget(limits or Limits())
    hosts = {part.parent for part in message.parts}
    for part in message.parts:
        if part.is_multipart:
            continue
        for data in _readings(part):
            yield _whole(part, data)
            # What the message's own structure has read already is not read a second time.
            if not (part.index in hosts and looks_like_mail(data)):
                yield from _members(part, data, budget, opener)
        if part.transfer_encoding == "x-uuencode":  # the code has names of its own
            yield from _members(part, part.body(), budget, opener)


def _whole(part: Part, data: bytes) -> Content:
    text_body = part.is_text and not part.is_attachment
    names = part.names or ("",)
    return Content(part.index, part.name, "", data, identify(data, *names), text_body)


def _members(part: Part, data: bytes, budget: Budget, opener: Unpack) -> Iterator[Content]:
    for member in opener(data, budget, Label(part.name, part.charset)):
        file_type = identify(member.content, member.path)
        yield Content(
            part.index, part.name, member.path, member.content, file_type, problem=member.problem
        )


def _readings(part: Part) -> Iterator[bytes]:
    """What the part may turn into; base64 that goes on behind its padding is read in two ways."""
    content = part.content()
    yield content
    if "content-behind-padding" in part.defects:
        pieces = re.split(rb"=+", part.body())
        whole = b"".join(decode_base64_text(piece) for piece in pieces)
        if whole != content:
            yield whole
