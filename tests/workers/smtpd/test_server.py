"""Starting, stopping by SIGTERM without cutting mail, and several processes on one port."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mailsec.gateway.envelope import Direction
from tests.servers.smtp_client import SmtpClient
from tests.workers.smtpd.conftest import QUICK
from tests.workers.smtpd.fakes import FakeIntake
from tests.workers.smtpd.running import MESSAGE, LoopFactory, directory, running
from workers.smtpd.ports import Listener
from workers.smtpd.server import SmtpServer

ROOT = Path(__file__).resolve().parents[3]
INBOUND = Listener(Direction.INBOUND, limits=QUICK)
Start = Callable[..., tuple[subprocess.Popen[bytes], int]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts listener processes that keep their mail in ``tmp_path``."""
    processes: list[subprocess.Popen[bytes]] = []

    def _start(port: int = 0, grace: float = 10.0) -> tuple[subprocess.Popen[bytes], int]:
        arguments = ["-m", "tests.servers.smtpd_process", str(tmp_path), str(port), str(grace)]
        process = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, stdout=subprocess.PIPE)
        processes.append(process)
        assert process.stdout is not None
        return process, int(process.stdout.readline())

    yield _start
    for process in processes:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _begin_data(port: int) -> SmtpClient:
    client = SmtpClient(port)
    client.hello()
    client.envelope("", "a@example.com")
    assert client.command("DATA").code == 354
    client.raw(MESSAGE[:20])
    return client


def test_sigterm_in_the_middle_of_data_lets_the_mail_end(start: Start, tmp_path: Path) -> None:
    """It is stored and answered 250, then 421; idle sessions end at once; new ones find no door."""
    process, port = start()
    with SmtpClient(port) as idle, _begin_data(port) as busy:
        process.send_signal(signal.SIGTERM)
        assert idle.codes_until_close() == [421]
        with pytest.raises(ConnectionError):
            SmtpClient(port)
        busy.raw(MESSAGE[20:] + b".\r\n")
        assert busy.codes_until_close() == [250, 421]
    assert process.wait(timeout=20) == 0
    assert [file.read_bytes() for file in tmp_path.glob("*.eml")] == [MESSAGE]


def test_a_mail_that_does_not_end_in_the_grace_is_cut_without_250(
    start: Start, tmp_path: Path
) -> None:
    """The client keeps it; the process ends."""
    process, port = start(grace=0.3)
    with _begin_data(port) as busy:
        process.send_signal(signal.SIGTERM)
        assert busy.codes_until_close() == []
    assert process.wait(timeout=20) == 0
    assert list(tmp_path.glob("*.eml")) == []


def test_sigterm_under_load_loses_nothing_that_was_answered_250(
    start: Start, tmp_path: Path
) -> None:
    """Every 250 has its file; what has no 250 may be sent again."""
    process, port = start()
    accepted: list[str] = []

    def send_on() -> None:
        with SmtpClient(port) as client:
            client.hello()
            while True:
                answer = client.send("", "a@example.com", MESSAGE)
                if answer.code != 250:
                    return
                accepted.append(answer.text.rpartition(" ")[2])

    def guarded() -> None:
        try:
            send_on()
        except OSError:
            return

    threads = [threading.Thread(target=guarded) for _ in range(8)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 10
    while len(accepted) < 20 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 0
    for thread in threads:
        thread.join()
    assert len(accepted) >= 20
    assert set(accepted) <= {file.stem for file in tmp_path.glob("*.eml")}


def test_two_processes_share_one_port(start: Start, tmp_path: Path) -> None:
    """When one stops, the other takes all."""
    first, port = start()
    start(port)
    first.send_signal(signal.SIGTERM)
    assert first.wait(timeout=20) == 0
    for _ in range(5):
        with SmtpClient(port) as client:
            client.hello()
            assert client.send("", "a@example.com", MESSAGE).code == 250
    assert len(list(tmp_path.glob("*.eml"))) == 5


def test_stopping_waits_for_a_commit(any_loop: LoopFactory) -> None:
    """The 250 of a mail that is on its way into the database is still sent."""
    intake = FakeIntake(seconds=0.4)
    with running(INBOUND, any_loop, intake=intake) as server, server.client() as client:
        client.hello()
        client.envelope("", "a@example.com")
        client.command("DATA")
        client.raw(MESSAGE + b".\r\n")
        time.sleep(0.1)
        stop = server.begin_stop()
        assert client.codes_until_close() == [250, 421]
        stop.result(timeout=5)
        assert len(server.stored) == 1


def test_a_client_that_pipelines_on_and_on_does_not_hold_up_the_stop() -> None:
    """After the mail that is under way it hears 421."""
    intake = FakeIntake(seconds=0.2)
    with running(INBOUND, intake=intake) as server, server.client() as client:
        client.hello()
        once = b"MAIL FROM:<>\r\nRCPT TO:<a@example.com>\r\nDATA\r\n" + MESSAGE + b".\r\n"
        client.raw(once * 50)
        assert [client.reply().code for _ in range(3)] == [250, 250, 354]
        server.begin_stop().result(timeout=2)
        assert client.codes_until_close()[-1] == 421
        assert len(server.stored) < 5


def test_a_bound_socket_may_be_handed_in(any_loop: LoopFactory) -> None:
    """For socket activation, and for ports below 1024 without root."""
    sock = socket.create_server(("127.0.0.1", 0))
    port = sock.getsockname()[1]
    with running(replace(INBOUND, sock=sock), any_loop) as server, server.client() as client:
        assert server.port == port
        assert client.hello().code == 250


def test_a_taken_port_stops_the_start_and_leaves_nothing_open(any_loop: LoopFactory) -> None:
    """Both listeners or none."""
    taken = socket.create_server(("127.0.0.1", 0))
    port = taken.getsockname()[1]
    other = socket.create_server(("127.0.0.1", 0))
    listeners = [replace(INBOUND, sock=other), replace(INBOUND, port=port)]
    with taken, asyncio.Runner(loop_factory=any_loop) as runner, pytest.raises(OSError):
        runner.run(SmtpServer(listeners, directory(), FakeIntake()).start())
    with pytest.raises(ConnectionError):
        SmtpClient(other.getsockname()[1] if other.fileno() >= 0 else port)


def test_replies_are_sent_without_delay(any_loop: LoopFactory) -> None:
    """TCP_NODELAY: a small reply does not wait for the last one to be acknowledged."""
    with running(INBOUND, any_loop) as server, server.client() as client:
        client.hello()
        ((session,),) = (desk.sessions for desk in server.server._desks)
        assert session.transport is not None
        sock = session.transport.get_extra_info("socket")
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
