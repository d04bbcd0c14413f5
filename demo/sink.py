"""The demo's mail servers: the customers' own, and one that stands for the world outside.

``python -m demo.sink --folder F --customer PORT --outside PORT --web PORT`` takes every message,
keeps it and shows it on a page. Two kinds of address answer otherwise, for the samples:
``gone@`` is refused for good, ``later@`` is put off once and then taken.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import threading
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from demo.inbox import Inbox
from demo.inbox_page import InboxServer


class PatientSMTP(SMTP):
    """Takes lines of any length: what the service sends is looked at, not refused here."""

    line_length_limit = 1 << 20


class Taker:
    """Keeps what arrives on one port."""

    def __init__(self, inbox: Inbox, server: str) -> None:
        self._inbox = inbox
        self._server = server
        self._put_off: set[tuple[str | None, str]] = set()

    async def handle_RCPT(
        self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[str]
    ) -> str:
        local = address.partition("@")[0].lower()
        if local == "gone":
            return "550 5.1.1 This mailbox does not exist"
        if local == "later" and self._is_first_try(envelope.mail_from, address):
            return "451 4.2.1 This mailbox is busy, try again later"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:
        raw = envelope.original_content or b""
        key = self._inbox.store(self._server, envelope.mail_from or "", envelope.rcpt_tos, raw)
        return f"250 2.0.0 Kept as {key}"

    def _is_first_try(self, sender: str | None, address: str) -> bool:
        key = (sender, address.lower())
        first = key not in self._put_off
        self._put_off ^= {key}
        return first


async def serve(inbox: Inbox, ports: dict[str, int]) -> None:
    """Take mail until the process is asked to stop."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    servers = []
    for name, port in ports.items():
        taker = Taker(inbox, name)

        def factory(taker: Taker = taker) -> SMTP:
            return PatientSMTP(
                taker, data_size_limit=100 * 2**20, enable_SMTPUTF8=True, hostname="demo.localhost"
            )

        servers.append(await loop.create_server(factory, "127.0.0.1", port))
    await ended.wait()
    for server in servers:
        server.close()


def main() -> None:
    """Run both mail servers and the page."""
    parser = argparse.ArgumentParser(prog="python -m demo.sink")
    parser.add_argument("--folder", type=Path, required=True)
    for name in ("customer", "outside", "web"):
        parser.add_argument(f"--{name}", type=int, required=True)
    options = parser.parse_args()
    inbox = Inbox(options.folder)
    page = InboxServer(("127.0.0.1", options.web), inbox)
    threading.Thread(target=page.serve_forever, daemon=True).start()
    asyncio.run(serve(inbox, {"customer": options.customer, "outside": options.outside}))
    page.shutdown()


if __name__ == "__main__":
    main()
