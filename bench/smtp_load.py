"""Sends mails over many connections and counts the 250s: ``python -m bench.smtp_load PORT …``.

It treats every SMTP server alike, so that two of them can be compared in one run.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from workers.smtpd.server import loop_factory

CRLF = b"\r\n"


@dataclass(frozen=True, slots=True)
class Load:
    """What to send: ``mails`` in all, spread evenly over ``connections`` that stay open.

    The mails of ``folder`` in the order of their names, over and over, where one is given.
    """

    host: str
    port: int
    connections: int = 10
    mails: int = 5000
    size: int = 10_000
    sender: str = "sender@example.net"
    recipient: str = "recipient@example.com"
    folder: str = ""


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What came of it. Latencies run from MAIL to the last reply, in milliseconds; ``began`` is the
    monotonic time of the start, which other processes of this machine share."""

    accepted: int
    refused: int
    seconds: float
    per_second: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    began: float


class _Client(asyncio.Protocol):
    """One connection that waits for one reply at a time, at as little cost as may be."""

    def __init__(self) -> None:
        self._reply: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport) or hasattr(transport, "write")
        self.transport: asyncio.WriteTransport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._buffer.endswith(CRLF):
            return
        start = self._buffer.rfind(b"\n", 0, -1) + 1
        if self._buffer[start + 3 : start + 4] != b"-" and not self._reply.done():
            answer, self._buffer = self._buffer[start:], b""
            self._reply.set_result(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._reply.done():
            self._reply.set_result(b"")

    async def reply(self) -> bytes:
        """The last line of the next reply."""
        answer = await self._reply
        if not answer:
            raise ConnectionResetError("the server closed the connection")
        self._reply = asyncio.get_running_loop().create_future()
        return answer

    async def command(self, data: bytes) -> bytes:
        """Send bytes and wait for the reply."""
        self.transport.write(data)
        return await self.reply()


def make_message(load: Load) -> bytes:
    """A plain message of about ``load.size`` bytes, with its end mark.

    It reads like everyday business mail, since one sentence over and over is what spam looks like,
    and a mail that is tagged is changed and stored a second time.
    """
    head = (
        f"From: Example Works <{load.sender}>\r\nTo: <{load.recipient}>\r\n"
        "Subject: Maintenance report for week 14\r\n"
        "Date: Mon, 01 Apr 2024 10:00:00 +0900\r\nMessage-ID: <week14@example.net>\r\n"
        "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n"
        "Hello,\r\n\r\nhere is the list for last week, as agreed in our meeting.\r\n\r\n"
    ).encode()
    lines, left = [], load.size - len(head)
    for line in _report():
        if left < len(line):
            break
        lines.append(line)
        left -= len(line)
    return head + b"".join(lines) + b".\r\n"


def _report() -> Iterator[bytes]:
    """The lines of a report, without end and without two that are the same."""
    places = ("pump house", "cold store", "loading dock", "workshop", "office wing", "boiler room")
    states = (
        "was checked; nothing to report",
        "needs a new seal before the next round",
        "was cleaned and runs quietly again",
        "waits for the part that we ordered in March",
        "showed a small leak, which Tuesday's shift has closed",
    )
    for number in itertools.count(1):
        place, state = places[number % 6], states[number % 5]
        yield f"{number:5}. Unit {number * 7 % 90 + 10} in the {place} {state}.\r\n".encode()


def messages(load: Load) -> list[bytes]:
    """What is sent in turn, with dots stuffed and end marks."""
    if not load.folder:
        return [make_message(load)]
    return [
        (CRLF + path.read_bytes()).replace(b"\r\n.", b"\r\n..")[2:] + b".\r\n"
        for path in sorted(Path(load.folder).glob("*.eml"))
    ]


async def _one_connection(
    load: Load, mails: int, turn: Iterator[bytes], latencies: list[float]
) -> int:
    loop = asyncio.get_running_loop()
    _, client = await loop.create_connection(_Client, load.host, load.port)
    await client.reply()
    await client.command(b"EHLO client.example.net\r\n")
    mail = f"MAIL FROM:<{load.sender}>\r\n".encode()
    rcpt = f"RCPT TO:<{load.recipient}>\r\n".encode()
    refused = 0
    for _ in range(mails):
        start = time.perf_counter()
        await client.command(mail)
        await client.command(rcpt)
        answer = await client.command(b"DATA\r\n")
        if answer.startswith(b"354"):
            answer = await client.command(next(turn))
        latencies.append(time.perf_counter() - start)
        if not answer.startswith(b"250"):
            refused += 1
            await client.command(b"RSET\r\n")
    await client.command(b"QUIT\r\n")
    client.transport.close()
    return refused


async def send(load: Load) -> LoadResult:
    """Send the whole load and sum it up."""
    latencies: list[float] = []
    share = [load.mails // load.connections] * load.connections
    share[0] += load.mails - sum(share)
    turn = itertools.cycle(messages(load))
    began, start = time.monotonic(), time.perf_counter()
    refused = sum(await asyncio.gather(*(_one_connection(load, n, turn, latencies) for n in share)))
    seconds = time.perf_counter() - start
    latencies.sort()

    def percentile(part: float) -> float:
        return round(latencies[min(len(latencies) - 1, int(len(latencies) * part))] * 1000, 3)

    accepted = len(latencies) - refused
    return LoadResult(
        accepted=accepted,
        refused=refused,
        seconds=round(seconds, 3),
        per_second=round(accepted / seconds, 1),
        p50_ms=percentile(0.50),
        p95_ms=percentile(0.95),
        p99_ms=percentile(0.99),
        began=began,
    )


def main() -> None:
    """Print one JSON line for one load."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--connections", type=int, default=10)
    parser.add_argument("--mails", type=int, default=5000)
    parser.add_argument("--size", type=int, default=10_000)
    parser.add_argument("--sender", default="sender@example.net")
    parser.add_argument("--recipient", default="recipient@example.com")
    parser.add_argument("--folder", default="", help="send these mails instead of made ones")
    load = Load(**vars(parser.parse_args()))
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        result = runner.run(send(load))
    print(json.dumps({**asdict(load), **asdict(result)}))


if __name__ == "__main__":
    main()
