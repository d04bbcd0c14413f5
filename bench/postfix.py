"""A private Postfix beside ours: folders, ports and a master of its own, on loopback alone.

Nothing of the system's own Postfix is touched: the configuration, the queue and the data live in a
folder that is removed afterwards, and ``master`` runs in the foreground as our child.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.stack import DOMAIN, free_ports
from demo.processes import answers

_START_SECONDS = 15.0

# What is not said here is Postfix's default. The settings only leave out what we do not do either
# (DNS, TLS, local mail, limits for each client), so that both sides do the same work.
_MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
mail_owner = postfix
setgid_group = postdrop
command_directory = {commands}
daemon_directory = {daemons}
myhostname = postfix.example.net
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = loopback-only
inet_protocols = ipv4
relay_domains = {domain}
relayhost = [127.0.0.1]:{hop}
alias_maps =
alias_database =
local_recipient_maps =
relay_recipient_maps =
smtp_dns_support_level = disabled
smtp_host_lookup = native
smtpd_peername_lookup = no
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions =
smtpd_tls_security_level = none
smtp_tls_security_level = none
smtpd_client_connection_count_limit = 0
in_flow_delay = 0
message_size_limit = 52428800
"""

_MASTER = """\
127.0.0.1:{accept} inet n - n - - smtpd
  -o smtpd_recipient_restrictions=static:HOLD
127.0.0.1:{relay} inet n - n - - smtpd
{filtered}cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
flush unix n - n 1000? 0 flush
pickup unix n - n 60 1 pickup
showq unix n - n - - showq
"""


_FILTERED = """\
127.0.0.1:{filtered} inet n - n - - smtpd
  -o smtpd_milters=inet:127.0.0.1:{milter}
"""


class PostfixMissing(Exception):
    """There is nothing to compare with; the text says why."""


@dataclass(frozen=True, slots=True)
class Postfix:
    """A running Postfix: mail to ``accept`` stays in the queue, mail to ``relay`` goes on, mail to
    ``filtered`` after a milter has looked at it (0 where there is none)."""

    accept: int
    relay: int
    filtered: int
    version: str
    folder: Path
    pid: int

    def forget_mail(self) -> None:
        """Remove what the accepting port has queued."""
        shutil.rmtree(self.folder / "queue" / "hold")
        _queue_folder(self.folder / "queue" / "hold")

    def queued(self) -> int:
        """How many mails the accepting port has queued."""
        return len(self.held())

    def held(self) -> list[str]:
        """The identifiers of what the accepting port has queued."""
        return [name for _, _, files in os.walk(self.folder / "queue" / "hold") for name in files]

    def release(self, queue_id: str) -> None:
        """Have one held mail sent, or ``ALL``.

        ``postsuper -H`` alone leaves it to the next look at the deferred queue, minutes later.
        """
        self._run("postsuper", "-H", queue_id)
        self._run("postqueue", *(("-f",) if queue_id == "ALL" else ("-i", queue_id)))

    def list_queue(self) -> bytes:
        """The whole queue as ``postqueue -p`` prints it."""
        return self._run("postqueue", "-p")

    def _run(self, *command: str) -> bytes:
        """One of Postfix's own commands, on this queue."""
        done = subprocess.run(
            command, env=_environment(self.folder), stdin=subprocess.DEVNULL, capture_output=True
        )
        done.check_returncode()
        return done.stdout


@contextmanager
def postfix(parent: Path, hop: int, milter: int = 0) -> Iterator[Postfix]:
    """Run Postfix in a fresh folder under ``parent``; PostfixMissing where that cannot be.

    ``milter`` is the port of a mail filter that its third listener asks.
    """
    postconf = _require()
    with tempfile.TemporaryDirectory(prefix="postfix-", dir=parent.resolve()) as name:
        folder = Path(name)
        folder.chmod(0o755)
        accept, relay, filtered = free_ports(3)
        _configure(folder, postconf, (accept, relay, filtered if milter else 0), hop, milter)
        process = _start(folder, postconf)
        try:
            _wait_until_it_answers(process, (accept, relay), folder)
            version = _value(postconf, "mail_version")
            ports = (accept, relay, filtered if milter else 0)
            yield Postfix(*ports, version, folder, process.pid)
        finally:
            _stop(process)


def _require() -> str:
    postconf = shutil.which("postconf") or shutil.which("postconf", path="/usr/sbin")
    if postconf is None:
        raise PostfixMissing("Postfix is not installed")
    if os.geteuid() != 0:
        raise PostfixMissing("Postfix runs as root alone")
    return postconf


def _value(postconf: str, name: str) -> str:
    done = subprocess.run([postconf, "-dh", name], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _configure(
    folder: Path, postconf: str, ports: tuple[int, int, int], hop: int, milter: int
) -> None:
    accept, relay, filtered = ports
    settings = folder / "etc"
    settings.mkdir(mode=0o755)
    main = _MAIN.format(
        folder=folder,
        commands=_value(postconf, "command_directory"),
        daemons=_value(postconf, "daemon_directory"),
        domain=DOMAIN,
        hop=hop,
    )
    (settings / "main.cf").write_text(main)
    listener = _FILTERED.format(filtered=filtered, milter=milter) if milter else ""
    (settings / "master.cf").write_text(
        _MASTER.format(accept=accept, relay=relay, filtered=listener)
    )
    _make_folders(folder)


def _make_folders(folder: Path) -> None:
    queue = folder / "queue"
    queue.mkdir(mode=0o755)
    for name in ("active bounce corrupt defer deferred flush hold incoming private saved trace"
                 " maildrop public").split():  # fmt: skip
        _queue_folder(queue / name)
    (queue / "pid").mkdir(mode=0o755)
    _queue_folder(folder / "data")


def _queue_folder(path: Path) -> None:
    path.mkdir(mode=0o700)
    os.chown(path, pwd.getpwnam("postfix").pw_uid, -1)


def _start(folder: Path, postconf: str) -> subprocess.Popen[bytes]:
    master = f"{_value(postconf, 'daemon_directory')}/master"
    with (folder / "master.log").open("wb") as log:
        return subprocess.Popen(
            [master, "-c", str(folder / "etc"), "-d"],
            env=_environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _environment(folder: Path) -> dict[str, str]:
    return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "MAIL_CONFIG": str(folder / "etc")}


def _wait_until_it_answers(
    process: subprocess.Popen[bytes], ports: tuple[int, ...], folder: Path
) -> None:
    end = time.monotonic() + _START_SECONDS
    while not all(answers(port)() for port in ports):
        if process.poll() is not None or time.monotonic() > end:
            words = (folder / "master.log").read_text(errors="replace").strip()
            raise PostfixMissing(f"Postfix does not start: {words[-300:] or 'it gives no reason'}")
        time.sleep(0.1)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Master ends its children when it ends; what is left of its group is killed."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
