"""Opening connections to SMTP hops, and keeping idle ones for the next mail."""

from __future__ import annotations

import functools
import ipaddress
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from mailsec.gateway.errors import HopFailed, TemporaryResolverError, TlsFailed
from mailsec.gateway.hops import Hop, TlsMode
from mailsec.gateway.ports import Resolver
from mailsec.gateway.smtp.conversation import Conversation, Deadline, Timeouts

ADDRESSES_TRIED = 5
PATIENCE = Timeouts()


@dataclass(frozen=True, slots=True)
class TlsTrust:
    """Whose certificates ``TlsMode.VERIFIED`` believes: those of a PEM file, or the system's."""

    ca_file: str = ""


SYSTEM_TRUST = TlsTrust()


@functools.cache
def _context(trust: TlsTrust, verified: bool) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=trust.ca_file or None)
    if not verified:
        # Without a trusted name for the host, a certificate proves nothing: RFC 7435 takes
        # encryption alone, which still defeats everyone who only listens.
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


@dataclass(frozen=True, slots=True)
class Connector:
    """Opens conversations under one host name; ``resolver`` None asks the system for addresses."""

    hostname: str
    clock: Callable[[], float]
    timeouts: Timeouts = PATIENCE
    trust: TlsTrust = SYSTEM_TRUST
    resolver: Resolver | None = None

    def open(self, hop: Hop, deadline: Deadline) -> Conversation:
        """A greeted conversation, encrypted as the hop demands; ``HopFailed`` otherwise."""
        try:
            return self._open(hop, deadline)
        except TlsFailed:
            if hop.tls is not TlsMode.OPPORTUNISTIC:
                raise
            # The handshake broke the connection; RFC 7435 prefers a mail in the clear to none.
            return self._open(replace(hop, tls=TlsMode.NONE), deadline)

    def _open(self, hop: Hop, deadline: Deadline) -> Conversation:
        conversation = Conversation(self._connect(hop, deadline), self.timeouts, deadline)
        try:
            conversation.greet(self.hostname)
            if hop.tls is not TlsMode.NONE:
                self._encrypt(conversation, hop)
        except HopFailed:
            conversation.close()
            raise
        return conversation

    def _encrypt(self, conversation: Conversation, hop: Hop) -> None:
        needed = hop.tls is not TlsMode.OPPORTUNISTIC
        if not conversation.offers("STARTTLS"):
            if needed:
                raise TlsFailed("The server does not offer STARTTLS", 0, "4.7.4")
            return
        reply = conversation.command("STARTTLS")
        if reply.closing or (needed and reply.code != 220):
            raise TlsFailed(reply.text, reply.code, "4.7.4")
        if reply.code == 220:
            context = _context(self.trust, hop.tls is TlsMode.VERIFIED)
            conversation.start_tls(context, hop.host, self.hostname)

    def _connect(self, hop: Hop, deadline: Deadline) -> socket.socket:
        failure = HopFailed(f"The host {hop.host} has no address", 0, "4.4.3")
        for address in self._addresses(hop)[:ADDRESSES_TRIED]:
            if hop.public_only and not _is_public(address):
                failure = HopFailed(f"The address {address} is not a public one", 0, "4.4.4")
                continue
            wait = deadline.within(self.timeouts.connect).remaining()
            try:
                sock = socket.create_connection((address, hop.port), wait)
            except OSError as error:
                reason = error.strerror or "no answer in time"
                failure = HopFailed(f"No connection to {address}: {reason}", 0, "4.4.1")
                continue
            # Small writes must not wait for the acknowledgement of the one before (RFC 896).
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
        raise failure

    def _addresses(self, hop: Hop) -> tuple[str, ...]:
        try:
            return (str(ipaddress.ip_address(hop.host.strip("[]"))),)
        except ValueError:
            pass  # Not an address, so it is a name.
        try:
            if self.resolver is not None:
                return self.resolver.addresses(hop.host)
            found = socket.getaddrinfo(hop.host, hop.port, type=socket.SOCK_STREAM)
        except TemporaryResolverError as error:
            raise HopFailed(f"The host {hop.host} cannot be looked up now", 0, "4.4.3") from error
        except (OSError, UnicodeError) as error:
            raise HopFailed(f"The host {hop.host} has no address", 0, "4.4.3") from error
        return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def _is_public(address: str) -> bool:
    parsed = ipaddress.ip_address(address)
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return (mapped or parsed).is_global


@dataclass(slots=True)
class _Idle:
    conversation: Conversation
    since: float


class ConnectionPool:
    """Lends conversations, and keeps those that are still good for the next mail to the same hop.

    One pool serves all threads of a process. A forked child starts with an empty one: it drops the
    descriptors without a word, since the connections belong to its parent.
    """

    def __init__(
        self, connector: Connector, idle_seconds: float = 30, mails: int = 100, kept: int = 50
    ) -> None:
        self.connector = connector
        self._idle_seconds = idle_seconds
        self._mails = mails
        self._kept = kept
        self._reset()

    def _reset(self) -> None:
        self._idle: dict[Hop, list[_Idle]] = {}
        self._lock = threading.Lock()
        self._pid = os.getpid()

    @contextmanager
    def lend(self, hop: Hop, deadline: Deadline, fresh: bool = False) -> Iterator[Conversation]:
        """A conversation for one delivery; one that fails on the way is closed, not kept."""
        conversation = None if fresh else self._take(hop, deadline)
        conversation = conversation or self.connector.open(hop, deadline)
        try:
            yield conversation
        except BaseException:
            # Also where a worker's time limit ends it: what was half said must not be lent again.
            conversation.close()
            raise
        self._give(hop, conversation)

    def close(self) -> None:
        """Say good-bye on every idle connection."""
        for idle in self._drain():
            idle.conversation.quit()

    def _take(self, hop: Hop, deadline: Deadline) -> Conversation | None:
        self._leave_parent()
        while True:
            with self._lock:
                waiting = self._idle.get(_key(hop))
                idle = waiting.pop() if waiting else None
            if idle is None:
                return None
            aged = self.connector.clock() - idle.since > self._idle_seconds
            if not aged and not idle.conversation.stale():
                idle.conversation.deadline = deadline
                return idle.conversation
            idle.conversation.quit()

    def _give(self, hop: Hop, conversation: Conversation) -> None:
        now = self.connector.clock()
        ended = [conversation]
        with self._lock:
            ended += self._expired(now)
            room = sum(map(len, self._idle.values())) < self._kept
            if self._idle_seconds > 0 and conversation.transactions < self._mails and room:
                ended.remove(conversation)
                self._idle.setdefault(_key(hop), []).append(_Idle(conversation, now))
        for other in ended:
            other.quit()

    def _expired(self, now: float) -> list[Conversation]:
        ended: list[Conversation] = []
        for key, waiting in list(self._idle.items()):
            old = [idle for idle in waiting if now - idle.since > self._idle_seconds]
            ended += [idle.conversation for idle in old]
            self._idle[key] = [idle for idle in waiting if idle not in old]
            if not self._idle[key]:
                del self._idle[key]
        return ended

    def _leave_parent(self) -> None:
        if self._pid == os.getpid():
            return
        inherited = [idle for waiting in self._idle.values() for idle in waiting]
        self._reset()
        for idle in inherited:
            idle.conversation.close()

    def _drain(self) -> list[_Idle]:
        self._leave_parent()
        with self._lock:
            drained = [idle for waiting in self._idle.values() for idle in waiting]
            self._idle = {}
        return drained


def _key(hop: Hop) -> Hop:
    return replace(hop, priority=0)
