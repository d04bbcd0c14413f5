"""One SMTP session (RFC 5321): the commands, and the way of a message from DATA to its 250."""

from __future__ import annotations

import asyncio
import logging
import secrets
import ssl
from collections.abc import Awaitable, Callable

from workers.smtpd import replies
from workers.smtpd.address import MalformedAddress, Path, parse_path
from workers.smtpd.admission import Admission
from workers.smtpd.authorise import client_certificates
from workers.smtpd.connection import Connection, LineTooLong
from workers.smtpd.data import DataReader, has_bare_line_end
from workers.smtpd.desk import Desk
from workers.smtpd.header_check import check_header_block
from workers.smtpd.login import Login
from workers.smtpd.mail_parameters import read_mail_parameters
from workers.smtpd.ports import DirectoryUnavailable, IntakeUnavailable
from workers.smtpd.receiving import receive_message
from workers.smtpd.replies import Refused
from workers.smtpd.transaction import Identity, Transaction

log = logging.getLogger(__name__)

_SHORT = 512  # RFC 5321 section 4.5.3.1.4
_LONG = 2048  # with the parameters of the extensions, and addresses in UTF-8
_LIMITS = {"MAIL": _LONG, "RCPT": _LONG, "AUTH": 12_288}
_FOREIGN = frozenset({"GET", "POST", "PUT", "HEAD", "CONNECT", "OPTIONS", "HOST:"})
_HELO_SIGNS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:[]")
_HELO_LENGTH = 255
_OK = "250 2.0.0 Ok"
_HELO_FIRST = "503 5.5.1 Send EHLO first"
_BAD_ARGUMENT = "501 5.5.4 Syntax error in the argument"


class MailProtocol(Connection):
    """A session with one client.

    Commands are methods named ``smtp_*``, which aiosmtpd collects; they reply by ``say`` or raise
    ``Refused``.
    """

    def __init__(self, desk: Desk, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(desk, loop)
        self.limits = desk.listener.limits
        self.identity = Identity()
        self.transaction: Transaction | None = None
        self._errors = 0
        self._login = Login(self)
        self._admission = Admission(self)

    # The session.

    async def _handle_client(self) -> None:
        try:
            if await self._admission.admit():
                self.say(f"220 {self.hostname} ESMTP")
                while not self.over:
                    await self._next_command()
                if self._output:
                    await self.flush()
        except ConnectionError:
            log.debug("The client went away")
        except Exception as error:  # noqa: BLE001 - the shell's edge: a fault ends one session only
            self.say(await self.handle_exception(error))
            if self.transport is not None:
                self.transport.write(b"".join(self._output))
        finally:
            self._admission.leave()
            self.desk.sessions.discard(self)
            self.shut()

    async def _next_command(self) -> None:
        self._idle = True
        if self.desk.stopping:
            self._leave(replies.STOPPING)
            return
        try:
            line = await self.read_line(self.limits.command_timeout)
        except LineTooLong:
            self._refuse("500 5.5.2 Command line too long")
            return
        finally:
            self._idle = False
        if line is None:
            self.over = True
            return
        try:
            await self._obey(line)
        except Refused as refused:
            self._refuse(refused.reply)
        except (DirectoryUnavailable, IntakeUnavailable) as error:
            log.warning("Mail is deferred: %s", error)
            self._refuse(replies.NOT_NOW)
        except ConnectionError:
            raise
        except Exception as error:  # noqa: BLE001 - the shell's edge: the client tries again later
            self._refuse(await self.handle_exception(error))

    async def _obey(self, line: bytes) -> None:
        verb, _, argument = line.partition(b" ")
        name = verb.upper().decode("ascii", "replace")
        command: Callable[[str], Awaitable[None]] | None = self._smtp_methods.get(name)
        if command is None:
            if name in _FOREIGN:  # Someone leads a browser here; nothing else it says is heard.
                self._leave("421 4.7.0 This is no web server")
                return
            raise Refused("500 5.5.2 Command not recognized")
        if len(line) > _LIMITS.get(name, _SHORT):
            raise Refused("500 5.5.2 Command line too long")
        if b"\r" in line or b"\0" in line:
            raise Refused("500 5.5.2 Command holds a bare CR or NUL")
        await command(argument.decode("utf-8", "surrogateescape").strip(" \t"))

    def _refuse(self, reply: str) -> None:
        log.info("%s refused: %s", self.identity.address, reply)
        self._errors += 1
        self.say(reply)
        if self._errors >= self.limits.errors:
            self._leave(replies.TOO_MANY_ERRORS)

    def _leave(self, reply: str) -> None:
        self.say(reply)
        self.over = True

    async def handle_exception(self, error: Exception) -> str:
        """Tell the log what happened and the client only where to look for it."""
        reference = secrets.token_hex(4)
        log.error("SMTP session failed, reference %s", reference, exc_info=error)
        return f"{replies.NOT_NOW} (reference {reference})"

    # Greeting, TLS and login.

    async def smtp_HELO(self, argument: str) -> None:
        self._greet(argument, extended=False)
        self.say(f"250 {self.hostname}")

    async def smtp_EHLO(self, argument: str) -> None:
        self._greet(argument, extended=True)
        lines = [
            f"250 {self.hostname}",
            "PIPELINING",
            f"SIZE {self.limits.message_size}",
            "8BITMIME",
            "SMTPUTF8",
            "ENHANCEDSTATUSCODES",
        ]
        if not self.identity.tls and self._tls_context() is not None:
            lines.append("STARTTLS")
        if self._login.offered:
            lines.append("AUTH PLAIN LOGIN")
        self.say(*lines)

    def _greet(self, argument: str, *, extended: bool) -> None:
        if not argument:
            raise Refused("501 5.5.4 Say who you are")
        name = argument[:_HELO_LENGTH]
        # The name goes into headers and pages later: strange signs never leave this place.
        self.identity.helo = "".join(sign if sign in _HELO_SIGNS else "?" for sign in name)
        self.identity.extended = extended
        self.transaction = None

    def _tls_context(self) -> ssl.SSLContext | None:
        return self.desk.listener.tls(client_certificates(self.identity.connectors))

    async def smtp_STARTTLS(self, argument: str) -> None:
        if argument:
            raise Refused(_BAD_ARGUMENT)
        if self.identity.tls:
            raise Refused("503 5.5.1 TLS is active already")
        context = self._tls_context()
        if context is None:
            raise Refused("454 4.7.0 TLS is not available at this moment")
        self.transaction = None
        self.wait_without_end()  # The handshake has a time limit of its own.
        try:
            version, certificate = await self.start_tls(context)
        except OSError as error:
            log.info("TLS handshake failed: %s", error.__class__.__name__)
            raise ConnectionResetError from error
        self.identity.begin_tls(version, certificate)

    async def smtp_AUTH(self, argument: str) -> None:
        if self.transaction is not None:
            raise Refused("503 5.5.1 Not within a mail transaction")
        await self._login.run(argument)

    # The envelope.

    async def smtp_MAIL(self, argument: str) -> None:
        if not self.identity.helo:
            raise Refused(_HELO_FIRST)
        if self.transaction is not None:
            raise Refused("503 5.5.1 Nested MAIL command")
        path, rest = _read_path(argument, "FROM:")
        parameters = read_mail_parameters(rest, extended=self.identity.extended)
        if not path.address.isascii() and not parameters.smtputf8:
            raise Refused("553 5.6.7 This address needs SMTPUTF8")
        if path.address and not path.domain:
            raise Refused("553 5.1.7 The sender has no domain")
        if parameters.size > self.limits.message_size:
            raise Refused(replies.TOO_LARGE)
        transaction = Transaction(
            identity=self.identity,
            direction=self.desk.listener.direction,
            sender=path,
            size=parameters.size,
            smtputf8=parameters.smtputf8,
            size_limit=self.limits.message_size,
        )
        self.desk.gate.sender(transaction)
        self.transaction = transaction
        self.say("250 2.1.0 Ok")

    async def smtp_RCPT(self, argument: str) -> None:
        transaction = self.transaction
        if transaction is None:
            raise Refused("503 5.5.1 Need MAIL command")
        if transaction.count >= self.limits.recipients:
            raise Refused("452 4.5.3 Too many recipients, send the rest in a further mail")
        path, rest = _read_path(argument, "TO:")
        if rest.strip():
            raise Refused("555 5.5.4 RCPT parameter not recognized")
        if not path.address:
            raise Refused("501 5.1.3 The recipient is empty")
        # A domain of other letters is known by its A-label; a local part has no such form.
        if not path.local.isascii() and not transaction.smtputf8:
            raise Refused("553 5.6.7 This address needs SMTPUTF8")
        await self.desk.gate.recipient(transaction, path)
        self.say("250 2.1.5 Ok")

    async def smtp_RSET(self, argument: str) -> None:
        if argument:
            raise Refused(_BAD_ARGUMENT)
        self.transaction = None
        self.say(_OK)

    # The message.

    async def smtp_DATA(self, argument: str) -> None:
        transaction = self.transaction
        if transaction is None:
            raise Refused("503 5.5.1 Need MAIL command")
        if argument:
            raise Refused(_BAD_ARGUMENT)
        if not transaction.count:
            raise Refused("503 5.5.1 Need a recipient")
        self.say("354 End data with <CR><LF>.<CR><LF>")
        self.transaction = None
        reader = DataReader(transaction.size_limit)
        try:
            await receive_message(self, reader)
            await self._store(transaction, reader.message())
        finally:
            self.desk.bytes_in_flight.give_back(reader.size)

    async def _store(self, transaction: Transaction, raw: bytes) -> None:
        if has_bare_line_end(raw):
            raise Refused(replies.BARE_LINE_END)
        header = check_header_block(raw, self.limits)
        if self.desk.guard is not None:
            await self.desk.guard.message(transaction, header, raw)
        mails = self.desk.gate.message(transaction, raw, header)
        if self._output:
            await self.flush()  # Earlier replies do not wait for the commit.
        if not mails:
            self.say("250 2.0.0 Ok: nobody reads this address")
            return
        queue_ids = await self.desk.intake.store(mails)
        if self.desk.guard is not None:
            self.desk.guard.taken(transaction)
        self._errors = 0
        self.say("250 2.0.0 Ok: queued as " + " ".join(queue_ids))

    # The rest, which gives no information.

    async def smtp_NOOP(self, argument: str) -> None:
        self.say(_OK)

    async def smtp_QUIT(self, argument: str) -> None:
        self._leave("221 2.0.0 Bye")

    async def smtp_VRFY(self, argument: str) -> None:
        raise Refused("252 2.5.0 Cannot verify, send the mail and see")

    async def smtp_EXPN(self, argument: str) -> None:
        raise Refused("502 5.5.1 Command not implemented")

    smtp_HELP = smtp_ETRN = smtp_EXPN


def _read_path(argument: str, keyword: str) -> tuple[Path, str]:
    if argument[: len(keyword)].upper() != keyword:
        raise Refused("501 5.5.4 Syntax error in the argument")
    try:
        return parse_path(argument[len(keyword) :])
    except MalformedAddress:
        raise Refused("501 5.1.3 The address is malformed") from None
