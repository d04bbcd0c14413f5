"""What goes through the pipe between a worker and the process that opens a container.

A request is one header, the container's name, the charset of its names and its bytes. The answer
is a row of members and one end; an answer without an end is no answer.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import astuple, dataclass

from mailsec.gateway.archives.budget import Budget, Limits
from mailsec.gateway.archives.members import Label, Member, Problem

# Lengths of name, charset and content; what is spent of the budget; its limits.
_REQUEST = struct.Struct("!IIQIQdIIIQQd")
_FRAME = struct.Struct("!BBIQ")
_END = struct.Struct("!IQ")
MEMBER, SAME_CONTENT, END = 1, 2, 3
# What a worker tells its helper: open with the channel that comes along, or kill; and which.
ORDER = struct.Struct("!cQ")
OPEN, KILL = b"o", b"k"
MAX_PATH = 1 << 20
_PROBLEMS = tuple(Problem)

Receive = Callable[[int], bytes]


class Nonsense(Exception):
    """What came is no answer: the process that sent it is not to be believed."""


@dataclass(frozen=True, slots=True)
class Request:
    """One container to open, and what its message has spent so far."""

    content: bytes
    label: Label
    limits: Limits
    files: int
    content_bytes: int
    seconds: float


def encode_request(content: bytes, label: Label, budget: Budget) -> bytes:
    """The head of a request; the content follows it."""
    name, charset = _text(label.name[:4096]), _text(label.charset[:200])
    head = _REQUEST.pack(
        len(name), len(charset), len(content),
        min(budget.files, 0xFFFFFFFF), budget.content_bytes, budget.seconds,
        *astuple(budget.limits),
    )  # fmt: skip
    return head + name + charset


def read_request(receive: Receive) -> Request:
    """A request, from a function that gives exactly so many bytes."""
    name, charset, size, files, content_bytes, seconds, *limits = _REQUEST.unpack(
        receive(_REQUEST.size)
    )
    label = Label(_from(receive(name)), _from(receive(charset)))
    return Request(receive(size), label, Limits(*limits), files, content_bytes, seconds)


def encode_member(member: Member, same_content: bool) -> bytes:
    """One member; its content follows, unless it is the one of the member before."""
    path = _text(member.path)[:MAX_PATH]
    kind, size = (SAME_CONTENT, 0) if same_content else (MEMBER, len(member.content))
    return _FRAME.pack(kind, _PROBLEMS.index(member.problem), len(path), size) + path


def encode_end(budget: Budget) -> bytes:
    """The end of an answer, with what was spent."""
    return _FRAME.pack(END, 0, 0, _END.size) + _END.pack(
        min(budget.files, 0xFFFFFFFF), budget.content_bytes
    )


def read_frame(receive: Receive, previous: bytes, most: int) -> Member | tuple[int, int]:
    """The next member, or at the end the files and bytes that were spent.

    ``most`` is the largest content that can be right. Raises Nonsense.
    """
    kind, problem, path_size, size = _FRAME.unpack(receive(_FRAME.size))
    if path_size > MAX_PATH or problem >= len(_PROBLEMS) or size > most:
        raise Nonsense
    if kind == END and size == _END.size and not path_size:
        files, content_bytes = _END.unpack(receive(_END.size))
        return files, content_bytes
    if kind not in (MEMBER, SAME_CONTENT) or (kind == SAME_CONTENT and size):
        raise Nonsense
    path = _from(receive(path_size))
    content = receive(size) if kind == MEMBER else previous
    return Member(path, content, _PROBLEMS[problem])


def _text(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _from(data: bytes) -> str:
    return data.decode("utf-8", "replace")
