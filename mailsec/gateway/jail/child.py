"""The process that opens one container and ends."""

from __future__ import annotations

import gc
import io
import math
import os
import resource
import socket
import time

from mailsec.gateway.archives import rar_members
from mailsec.gateway.archives.budget import Budget
from mailsec.gateway.jail import frames, kernel
from mailsec.gateway.unpack import unpack

_MEMORY = 640 * 1024 * 1024
_CHANNEL = 3
_BLOCK = 256 * 1024
_RAR_FILES = 8
_RAR_BYTES = 256 * 1024 * 1024


def serve(channel: socket.socket, used: int) -> None:
    """Answers the one request on ``channel``; ``used`` is the address space before it."""
    gc.disable()
    kernel.die_with_parent()
    os.dup2(channel.detach(), _CHANNEL)
    os.closerange(_CHANNEL + 1, 256)
    files = _RAR_FILES if rar_members.available() else 0
    rar_members.prepare(files, _RAR_BYTES)
    _confine(used, files)
    request = frames.read_request(_receive)
    _answer(request)


def _confine(used: int, files: int) -> None:
    """Little memory, no writing, no further process; one file open at a time beside our own."""
    kernel.limit(resource.RLIMIT_CORE, 0)
    kernel.limit(resource.RLIMIT_FSIZE, 0)
    kernel.limit(resource.RLIMIT_NPROC, 0)
    kernel.limit(resource.RLIMIT_NOFILE, _CHANNEL + 1 + files + bool(files))
    if used:
        kernel.limit(resource.RLIMIT_AS, used + _MEMORY)


def _answer(request: frames.Request) -> None:
    left = max(request.limits.seconds - request.seconds, 0)
    kernel.limit(resource.RLIMIT_CPU, math.ceil(left) + 1)
    budget = Budget(
        request.limits,
        request.files,
        request.content_bytes,
        request.seconds,
        clock=time.thread_time,
    )
    previous: bytes | None = None
    for member in unpack(request.content, budget, request.label):
        same = member.content is previous and bool(member.content)
        _send(frames.encode_member(member, same))
        if not same:
            _send(member.content)
        previous = member.content
    _send(frames.encode_end(budget))


def _receive(size: int) -> bytes:
    data = io.BytesIO()
    while data.tell() < size:
        block = os.read(_CHANNEL, min(size - data.tell(), _BLOCK))
        if not block:
            os._exit(0)  # nobody wants an answer any more
        data.write(block)
    return data.getvalue()


def _send(data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(_CHANNEL, view) :]
