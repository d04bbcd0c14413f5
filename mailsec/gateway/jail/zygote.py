"""The clean helper: has everything loaded, and forks a process for each container.

It is started by exec with an empty environment, so that it holds no credential, no connection and
nothing of any mail; it ends when the worker's end of its socket is closed.
"""

from __future__ import annotations

import codecs
import contextlib
import gc
import io
import os
import select
import signal
import socket
import sys
import tarfile
import zipfile

from mailsec.gateway.archives.budget import Budget
from mailsec.gateway.archives.members import Label
from mailsec.gateway.jail import child, kernel
from mailsec.gateway.jail.frames import KILL, ORDER
from mailsec.gateway.unpack import unpack

_CHARSETS = (
    "utf-8-sig utf-16 utf-16-le utf-16-be utf-32 utf-7 ascii latin-1 cp437 cp850 cp866 cp874 cp932 "
    "cp936 cp949 cp950 cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 shift_jis "
    "euc_jp iso2022_jp gb18030 gbk gb2312 big5 euc_kr koi8_r koi8_u hz idna"
).split() + [f"iso8859_{number}" for number in (*range(2, 12), 13, 14, 15, 16)]


def main(arguments: list[str]) -> int:
    """Serves the socket whose descriptor is the only argument until its other end is closed."""
    control = socket.socket(fileno=int(arguments[0]))
    _warm_up()
    used = kernel.address_space()
    kernel.leave_the_world()
    gc.freeze()
    woken, wake = socket.socketpair()
    for end in (woken, wake):
        end.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
    running: dict[int, int] = {}  # process by order
    while _serve_once(control, woken, running, used):
        pass
    for process in running.values():
        os.kill(process, signal.SIGKILL)
    return 0


def _serve_once(
    control: socket.socket, woken: socket.socket, running: dict[int, int], used: int
) -> bool:
    """Waits for an order or for the end of a process; whether there is more to wait for."""
    ready, _, _ = select.select([control, woken], [], [])
    if woken in ready:
        with contextlib.suppress(BlockingIOError):
            woken.recv(4096)
        _reap(running)
    if control not in ready:
        return True
    order, descriptors, _, _ = socket.recv_fds(control, ORDER.size, 1)
    if len(order) < ORDER.size:
        return False
    kind, number = ORDER.unpack(order)
    if kind == KILL and number in running:
        os.kill(running[number], signal.SIGKILL)
    for descriptor in descriptors:
        running[number] = _fork(descriptor, used)
        os.close(descriptor)
    return True


def _fork(descriptor: int, used: int) -> int:
    process = os.fork()
    if process:
        return process
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        child.serve(socket.socket(fileno=descriptor), used)
        status = 0
    finally:
        os._exit(status)  # whatever happened: an answer without its end says that it failed


def _reap(running: dict[int, int]) -> None:
    for number, process in list(running.items()):
        done, _ = os.waitpid(process, os.WNOHANG)
        if done:
            del running[number]


def _warm_up() -> None:
    """Loads whatever is loaded at first use, since nothing can be loaded afterwards."""
    for charset in _CHARSETS:
        codecs.lookup(charset)
    packed, rolled = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", "a")
    with tarfile.open(fileobj=rolled, mode="w:xz") as roll:
        roll.addfile(tarfile.TarInfo("a.txt"))
    mail = b"MIME-Version: 1.0\nContent-Type: text/html; charset=cp932\n\n<p>\x82\xa0</p>\n"
    for sample in (packed.getvalue(), rolled.getvalue(), mail, b"begin 644 a\n#86)C\n`\nend\n"):
        for _ in unpack(sample, Budget(), Label("a")):
            pass
    # What was not loaded by now is not there: looking for it would need files.
    sys.meta_path.clear()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
