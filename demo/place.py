"""Where one set of embedded servers lives, and as whom it runs.

PostgreSQL refuses to run as root. Root therefore runs the binaries as an existing account without
rights, and gives that account folders of its own. The account may not be able to enter the checkout
at all (a clone in a folder of mode 0700): then data, sockets and a copy of the binaries go to a
folder of root's under ``/var/lib``. The mode of a folder that is not ours is never changed.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import secrets
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
ACCOUNTS = ("nobody", "daemon")
ROOTS_HOME = Path("/var/lib/mailsec-dev")

MINIMAL_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}

# A socket address holds 103 bytes on macOS and 107 on Linux; PostgreSQL adds "/.s.PGSQL.5432".
LONGEST_RUN_FOLDER = 103 - len("/.s.PGSQL.5432")

# A server outlives the object that started it, and sometimes the process. Kept here, it is still
# collected when it ends before us, and Python does not warn that nobody waited for it.
_started: list[subprocess.Popen[bytes]] = []


class ServersError(Exception):
    """The embedded servers cannot be used; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Account:
    """The account that root lends to the servers."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Place:
    """The folders of one named set of servers.

    ``state`` is under ``var/`` and ours alone (password, locks, logs). ``home`` holds what the
    servers' account must reach; it is the same folder unless the account cannot enter it.
    """

    name: str
    state: Path
    home: Path
    run: Path
    account: Account | None

    @property
    def logs(self) -> Path:
        return self.state / "log"

    def folder(self, name: str) -> Path:
        """A folder under ``home`` that only the servers' account (and root) can enter."""
        path = self.home / name
        _make_private(path, self.account)
        return path

    def password(self) -> str:
        """The password of both servers, made once."""
        path = self.state / "password"
        if not path.exists():
            write_private(path, secrets.token_hex(24))
        return path.read_text()

    def spawn(self, arguments: list[str], log: Path) -> subprocess.Popen[bytes]:
        """Start a server binary as the right account, away from the terminal's signals.

        Its standard input is a pipe; the caller closes it.
        """
        with log.open("ab") as output:
            process = subprocess.Popen(
                arguments,
                # The folder we stand in may be closed to the account; PG* variables may not leak.
                cwd="/",
                env=MINIMAL_ENVIRONMENT,
                umask=0o077,
                user=self.account.uid if self.account else None,
                group=self.account.gid if self.account else None,
                extra_groups=[] if self.account else None,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        _started[:] = [each for each in _started if each.poll() is None] + [process]
        return process


def find(name: str) -> Place:
    """The place of the servers called ``name``, its folders made where they are missing."""
    if not name or not name.replace("-", "").isalnum() or not name.isascii():
        raise ServersError(f"A name of letters, digits and hyphens is wanted, not {name!r}.")
    account = _account_for_root() if os.geteuid() == 0 else None
    state = CHECKOUT / "var" / name
    state.mkdir(parents=True, exist_ok=True)
    state.chmod(0o700 if account is None else 0o711)
    (state / "log").mkdir(mode=0o700, exist_ok=True)
    if account is None:
        return Place(name, state, state, _run_folder(state), None)
    home = _home_for(account, state)
    run = home / "run"
    _make_private(run, account)
    return Place(name, state, home, run, account)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(temporary, path)


def command_of(pid: int) -> str:
    """The command line of a running process, its words parted by blanks; empty if there is none.

    A process number alone proves nothing: it may have been given to another program since.
    """
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        words = b""
    if words or Path("/proc/self/cmdline").exists():
        return os.fsdecode(words).replace("\0", " ")
    shown = subprocess.run(  # macOS has no /proc
        ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return shown.stdout


def tail(path: Path, lines: int = 12) -> str:
    """The last lines of a log, empty where there is none."""
    text = path.read_text(errors="replace") if path.exists() else ""
    return "\n".join(text.splitlines()[-lines:])


def _account_for_root() -> Account:
    for name in ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(name, entry.pw_uid, entry.pw_gid)
    wanted = " or ".join(ACCOUNTS)
    raise ServersError(
        f"PostgreSQL does not run as root, and there is no account {wanted} to lend it. "
        "Run as an ordinary user, or set DATABASE_URL and REDIS_URL to servers of your own."
    )


def _home_for(account: Account, state: Path) -> Path:
    if _fits(state / "run") and can_enter(account, state):
        return state
    key = hashlib.sha256(os.fsencode(state)).hexdigest()[:16]
    home = ROOTS_HOME / f"{state.name}-{key}"
    for folder in (ROOTS_HOME, home):
        # Only root can write to /var/lib, so these names cannot be taken by anyone else.
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        folder.chmod(0o711 if folder == home else 0o755)
    write_private(state / "home", f"{home}\n")
    return home


def can_enter(account: Account, folder: Path) -> bool:
    """True if the account itself can enter the folder: asked of the kernel, not of mode bits."""
    asked = subprocess.run(
        ["/bin/sh", "-c", 'cd -- "$1"', "sh", str(folder)],
        cwd="/",
        env=MINIMAL_ENVIRONMENT,
        user=account.uid,
        group=account.gid,
        extra_groups=[],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return asked.returncode == 0


def _run_folder(state: Path) -> Path:
    run = state / "run"
    if _fits(run):
        _make_private(run, None)
        return run
    # The path is too long for a socket. A fresh folder of ours is remembered; its name is not
    # predictable, and it is used again only while it is still ours and closed to others.
    note = state / "run-folder"
    if note.exists():
        kept = Path(note.read_text().strip())
        if _is_ours(kept):
            return kept
    base = tempfile.gettempdir()
    if not _fits(Path(base) / "mailsec-12345678"):
        base = "/tmp"  # noqa: S108 - mkdtemp makes the folder safely
    made = Path(tempfile.mkdtemp(prefix="mailsec-", dir=base))
    write_private(note, f"{made}\n")
    return made


def _fits(run: Path) -> bool:
    return len(os.fsencode(run)) <= LONGEST_RUN_FOLDER


def _is_ours(folder: Path) -> bool:
    try:
        found = folder.lstat()
    except OSError:
        return False
    return (
        stat.S_ISDIR(found.st_mode)
        and found.st_uid == os.geteuid()
        and stat.S_IMODE(found.st_mode) == 0o700
    )


def _make_private(folder: Path, account: Account | None) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    if account is not None:
        os.chown(folder, account.uid, account.gid, follow_symlinks=False)


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the file's lock: one process at a time is inside."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def reachable_copy(source: list[Path], place: Place, label: str) -> Path:
    """The folder that holds ``source``, or a copy of it that the servers' account can enter.

    ``source`` are folders beside each other. Copies are shared by all checkouts of one version.
    """
    parent = source[0].parent
    if place.account is None or all(can_enter(place.account, folder) for folder in source):
        return parent
    target = ROOTS_HOME / label
    ROOTS_HOME.mkdir(mode=0o755, parents=True, exist_ok=True)
    with exclusive(ROOTS_HOME / ".lock"):
        if not target.exists():
            fresh = Path(tempfile.mkdtemp(dir=ROOTS_HOME, prefix=".copy-"))
            for folder in source:
                shutil.copytree(folder, fresh / folder.name, symlinks=True)
            _open_for_reading(fresh)
            fresh.rename(target)
    return target


def _open_for_reading(folder: Path) -> None:
    """Let everyone read the copied programs, whatever umask they were installed with."""
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        if path.is_symlink():
            continue
        runs = path.is_dir() or bool(path.stat().st_mode & 0o100)
        path.chmod(0o755 if runs else 0o644)
