"""What Linux offers to make a process harmless, as far as it offers it here.

Each call is worth having and none is relied upon alone: containers often forbid namespaces, older
kernels lack Landlock, other systems have neither.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import struct
import sys
from pathlib import Path

_NEW_USER, _NEW_NET, _NEW_IPC = 0x10000000, 0x40000000, 0x08000000
_PARENT_DEATH_SIGNAL, _DUMPABLE, _NO_NEW_PRIVILEGES = 1, 4, 38
_LANDLOCK_CREATE, _LANDLOCK_RESTRICT, _LANDLOCK_VERSION = 444, 446, 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def leave_the_world() -> None:
    """No network, no file by path, no privileges: for this process and all that it forks."""
    if _libc is None:
        return
    _libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    if _libc.unshare(_NEW_USER | _NEW_NET | _NEW_IPC):
        _libc.unshare(_NEW_NET | _NEW_IPC)
    _landlock()
    _libc.prctl(_DUMPABLE, 0, 0, 0, 0)


def _landlock() -> None:
    """Denies every file and TCP port by an empty rule set; files in memory have no path."""
    assert _libc is not None  # noqa: S101 - the caller has looked
    version = _libc.syscall(_LANDLOCK_CREATE, None, 0, _LANDLOCK_VERSION)
    if version < 1:
        return
    files = {1: 0x1FFF, 2: 0x3FFF, 3: 0x7FFF, 4: 0x7FFF}.get(version, 0xFFFF)
    rules = struct.pack("<QQQ", files, 3, 3)[: 8 if version < 4 else 16 if version < 6 else 24]
    descriptor = _libc.syscall(_LANDLOCK_CREATE, rules, len(rules), 0)
    if descriptor >= 0:
        _libc.syscall(_LANDLOCK_RESTRICT, descriptor, 0)
        os.close(descriptor)


def die_with_parent() -> None:
    """Have the kernel end this process when the one that forked it ends."""
    if _libc is not None:
        _libc.prctl(_PARENT_DEATH_SIGNAL, int(signal.SIGKILL), 0, 0, 0)


def address_space() -> int:
    """Bytes of address space in use; 0 where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except (OSError, ValueError, IndexError):
        return 0


def limit(which: int, value: int) -> None:
    """Sets soft and hard limit, or as near to it as is allowed."""
    try:
        resource.setrlimit(which, (value, value))
    except (OSError, ValueError):
        _, hard = resource.getrlimit(which)
        if hard == resource.RLIM_INFINITY or value <= hard:
            resource.setrlimit(which, (value, hard))
