"""Whom a listener lets in: the PROXY header of load balancers, connection limits and rates."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from aiosmtpd.proxy_protocol import V2_CMD, get_proxy

from workers.smtpd import replies
from workers.smtpd.limits import client_address, client_key
from workers.smtpd.ports import Address

if TYPE_CHECKING:
    from workers.smtpd.protocol import MailProtocol

log = logging.getLogger(__name__)


class Admission:
    """The way in of one session, and what it has to give back on its way out."""

    def __init__(self, session: MailProtocol) -> None:
        self._session = session
        self._entered = False
        self._client: int | None = None

    async def admit(self) -> bool:
        """Whether the session may begin; a refused client has its reply."""
        session, desk = self._session, self._session.desk
        self._entered = True
        if not desk.connections.enter() or desk.stopping:
            session.hang_up(replies.STOPPING if desk.stopping else replies.TOO_MANY_CONNECTIONS)
            return False
        address = await self._client_address()
        if address is None:
            return False
        client = self._client = client_key(address)
        if not desk.connections.enter_client(client) or not desk.rate.allow(client):
            session.hang_up(replies.TOO_MANY_CONNECTIONS)
            return False
        session.identity.address = address
        session.identity.connectors = desk.gate.connectors_for(address)
        if desk.guard is not None:
            ours = session.transport.get_extra_info("sockname") if session.transport else None
            session.identity.inquiry = desk.guard.begin(address, ours[0] if ours else "")
        return True

    def leave(self) -> None:
        """Give back what was counted, and ask no longer."""
        if self._session.identity.inquiry is not None:
            self._session.identity.inquiry.end()
        if self._client is not None:
            self._session.desk.connections.leave_client(self._client)
        if self._entered:
            self._session.desk.connections.leave()

    async def _client_address(self) -> Address | None:
        """The client's own address, from PROXY where the peer is one of our load balancers."""
        session, listener = self._session, self._session.desk.listener
        peer = session.transport.get_extra_info("peername") if session.transport else None
        if not peer:
            return None
        address = client_address(peer[0])
        if not any(address in network for network in listener.proxy_networks):
            return address
        session.wait_at_most(listener.limits.proxy_timeout)
        try:
            proxy = await get_proxy(session._reader)
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            proxy = None
        session.wait_without_end()
        if proxy is None or not proxy.valid:
            log.warning("No valid PROXY header from %s", address)
            return None
        if proxy.command == V2_CMD.LOCAL:
            return address  # The load balancer itself asks whether we are alive.
        if proxy.src_addr is None or isinstance(proxy.src_addr, str | bytes):
            return address
        return client_address(str(proxy.src_addr))
