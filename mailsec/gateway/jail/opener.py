"""``Jail``: opens containers as ``unpack`` does, in processes that can do nothing else."""

from __future__ import annotations

import contextlib
import io
import os
import socket
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

from mailsec.gateway.archives.budget import Budget
from mailsec.gateway.archives.members import Label, Member, Problem
from mailsec.gateway.errors import ScannerUnavailable
from mailsec.gateway.jail import frames
from mailsec.gateway.jail.frames import KILL, OPEN, ORDER
from mailsec.gateway.unpack import is_container

_ROOT = Path(__file__).parents[3]
_SLACK = 1024 * 1024
_BLOCK = 256 * 1024
_GRACE = 1.0  # seconds that an answer may come late, since the process counts its own time too
_ATTEMPTS = 2
_MORE_FILES = 100  # members beyond the budget that only say what is wrong

Arguments = tuple[str, ...]
_ZYGOTE: Arguments = (sys.executable, "-P", "-s", "-B", "-m", "mailsec.gateway.jail.zygote")


_jails: weakref.WeakSet[Jail] = weakref.WeakSet()


def _forget_all() -> None:
    for jail in list(_jails):
        jail.forget()


os.register_at_fork(after_in_child=_forget_all)


class Jail:
    """One helper process for each worker process, started at the first container.

    Safe to share between threads, and to be inherited by a fork: the new process starts a helper of
    its own. ``close`` ends the helper; it also ends with this process.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, zygote: Arguments = _ZYGOTE
    ) -> None:
        self._clock = clock
        self._command = zygote
        self._lock = threading.Lock()
        self._helper: _Helper | None = None
        self._orders = 0
        _jails.add(self)

    def __call__(
        self,
        content: bytes,
        budget: Budget,
        label: Label = Label(),  # noqa: B008 - a frozen value
    ) -> Iterator[Member]:
        """As ``unpack``; what the process leaves unanswered is a member with a problem.

        ScannerUnavailable where no helper can be started: nothing may count as clean then.
        """
        if not is_container(content):
            return
        for attempt in range(_ATTEMPTS):
            if budget.spent:
                yield Member("", b"", Problem.OVER_BUDGET)
                return
            answered = False
            try:
                for member in self._opened(content, label, budget):
                    answered = True
                    yield member
                return
            except (frames.Nonsense, OSError):
                # A helper that died before it answered says nothing about the container.
                if not answered and attempt + 1 < _ATTEMPTS and self._is_dead():
                    continue
                late = budget.seconds >= budget.limits.seconds
                yield Member("", b"", Problem.OVER_BUDGET if late else Problem.DAMAGED)
                return

    def _opened(self, content: bytes, label: Label, budget: Budget) -> Iterator[Member]:
        channel, order = self._order()
        done = False
        try:
            with channel:
                yield from _Answer(channel, budget, self._clock).members(content, label)
            done = True
        finally:
            if not done:
                self._kill(order)

    def _order(self) -> tuple[socket.socket, int]:
        """Has the helper fork a process; our end of its channel, and the order's number."""
        with self._lock:
            for attempt in range(_ATTEMPTS):
                helper = self._running_helper()
                self._orders += 1
                ours, theirs = socket.socketpair()
                with theirs:
                    try:
                        socket.send_fds(
                            helper.control, [ORDER.pack(OPEN, self._orders)], [theirs.fileno()]
                        )
                        return ours, self._orders
                    except OSError:
                        ours.close()
                        self._end_helper()
                        if attempt + 1 == _ATTEMPTS:
                            raise ScannerUnavailable("the opener of containers ended") from None
        raise AssertionError("unreachable")

    def _kill(self, order: int) -> None:
        with self._lock, contextlib.suppress(OSError):
            if self._helper is not None:
                self._helper.control.sendall(ORDER.pack(KILL, order))

    def _running_helper(self) -> _Helper:
        if self._helper is not None and self._helper.is_gone():
            self._end_helper()
        if self._helper is None:
            try:
                self._helper = _Helper(self._command)
            except OSError as error:
                raise ScannerUnavailable("the opener of containers does not start") from error
        return self._helper

    def _is_dead(self) -> bool:
        with self._lock:
            return self._helper is None or self._helper.is_gone()

    def _end_helper(self) -> None:
        helper, self._helper = self._helper, None
        if helper is not None:
            helper.end()

    def close(self) -> None:
        """Ends the helper; another container starts a new one."""
        with self._lock:
            self._end_helper()

    def forget(self) -> None:
        """In a forked process: the helper is the parent's, only its socket was inherited."""
        self._lock = threading.Lock()
        helper, self._helper = self._helper, None
        if helper is not None:
            helper.forget()


class _Helper:
    """A running zygote, and our end of the socket that it lives by."""

    def __init__(self, command: Arguments) -> None:
        self.control, theirs = socket.socketpair()
        with theirs:
            try:
                self.process = self._start(command, theirs.fileno())
            except OSError:
                self.control.close()
                raise
        self._end = weakref.finalize(self, _end, self.control, self.process, os.getpid())

    @staticmethod
    def _start(command: Arguments, channel: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*command, str(channel)],
            pass_fds=[channel],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={"PYTHONPATH": str(_ROOT), "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0"},
            start_new_session=True,
        )

    def is_gone(self) -> bool:
        """Whether it has ended or is ending: its end of the socket closes before it is a zombie."""
        try:
            return not self.control.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True

    def end(self) -> None:
        self._end()

    def forget(self) -> None:
        self._end.detach()
        self.control.close()
        self.process.returncode = 0  # not our child: nobody here waits for it


def _end(control: socket.socket, process: subprocess.Popen[bytes], owner: int) -> None:
    control.close()
    if owner != os.getpid():
        return
    try:
        process.wait(timeout=2)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class _Answer:
    """One conversation with a process: timed, checked, and charged to the budget."""

    def __init__(self, channel: socket.socket, budget: Budget, clock: Callable[[], float]) -> None:
        self._channel = channel
        self._budget = budget
        self._clock = clock

    def members(self, content: bytes, label: Label) -> Iterator[Member]:
        """Asks, and yields the members as they come; Nonsense or OSError where they break off."""
        budget = self._budget
        head = frames.encode_request(content, label, budget)
        for data in (head, content):
            with self._timed():
                self._channel.sendall(data)
        previous = b""
        before = (budget.files, budget.content_bytes)
        while True:
            if budget.files > budget.limits.files + _MORE_FILES:
                raise frames.Nonsense
            most = budget.limits.content_bytes - budget.content_bytes + _SLACK
            found = frames.read_frame(self._receive, previous, most)
            if isinstance(found, tuple):
                budget.files, budget.content_bytes = map(max, before, found)
                return
            budget.files += 1
            if found.content is not previous:
                budget.content_bytes += len(found.content)
            previous = found.content
            yield found

    def _receive(self, size: int) -> bytes:
        data = io.BytesIO()
        while data.tell() < size:
            with self._timed():
                block = self._channel.recv(min(size - data.tell(), _BLOCK))
            if not block:
                raise frames.Nonsense
            data.write(block)
        return data.getvalue()

    @contextlib.contextmanager
    def _timed(self) -> Iterator[None]:
        """Only waiting for the process counts, not what others do with its members meanwhile."""
        left = self._budget.limits.seconds + _GRACE - self._budget.seconds
        self._channel.settimeout(max(left, 0.001))
        began = self._clock()
        try:
            yield
        finally:
            self._budget.seconds += self._clock() - began
