"""AUTH on the outbound listener (RFC 4954): PLAIN and LOGIN, under TLS only."""

from __future__ import annotations

import asyncio
import logging
from base64 import b64decode
from typing import TYPE_CHECKING

from workers.smtpd.authorise import find_login
from workers.smtpd.limits import client_key
from workers.smtpd.ports import ConnectorInfo
from workers.smtpd.replies import Refused

if TYPE_CHECKING:
    from workers.smtpd.protocol import MailProtocol

log = logging.getLogger(__name__)

_CANNOT_DECODE = "501 5.5.2 Cannot decode the response"
_TOO_OFTEN = "454 4.7.0 Too many failed logins, please try again later"
_ASK_NAME = "334 VXNlcm5hbWU6"
_ASK_PASSWORD = "334 UGFzc3dvcmQ6"  # noqa: S105 - the prompt "Password:" in base64
_ASK_PLAIN = "334 "


class Login:
    """The login of one session. A wrong one waits, which holds up nobody else."""

    def __init__(self, session: MailProtocol) -> None:
        self._session = session
        self._failures = 0

    @property
    def offered(self) -> bool:
        """Whether AUTH is announced: under TLS, to networks that have a login, and only once."""
        identity = self._session.identity
        return bool(identity.tls) and identity.login is None and self._has_login()

    def _has_login(self) -> bool:
        return any(c.proof == "auth" for c in self._session.identity.connectors)

    async def run(self, argument: str) -> None:
        """The whole dialogue of one AUTH command."""
        identity = self._session.identity
        if not self._has_login() or not identity.extended:
            raise Refused("503 5.5.1 AUTH is not available")
        if not identity.tls:
            raise Refused("538 5.7.11 Encryption required: send STARTTLS first")
        if identity.login is not None:
            raise Refused("503 5.5.1 Logged in already")
        client = client_key(identity.address)
        if self._session.desk.failed_logins.exhausted(client):
            raise Refused(_TOO_OFTEN)
        username, password = await self._credentials(argument)
        connector = find_login(identity.connectors, username, password)
        if connector is None:
            await self._fail(client)
        else:
            self._succeed(connector)

    async def _credentials(self, argument: str) -> tuple[str, bytes]:
        mechanism, _, initial = argument.partition(" ")
        initial = initial.strip()
        if mechanism.upper() == "PLAIN":
            # RFC 4616: authorisation identity, name, password.
            parts = _decoded(initial or await self._ask(_ASK_PLAIN)).split(b"\0")
            if len(parts) != 3:
                raise Refused(_CANNOT_DECODE)
            name, password = parts[1], parts[2]
        elif mechanism.upper() == "LOGIN":
            name = _decoded(initial or await self._ask(_ASK_NAME))
            password = _decoded(await self._ask(_ASK_PASSWORD))
        else:
            raise Refused("504 5.5.4 Unknown authentication type")
        return name.decode("utf-8", "surrogateescape"), password

    async def _ask(self, challenge: str) -> str:
        session = self._session
        session.say(challenge)
        line = await session.read_line(session.limits.command_timeout)
        if line is None:
            raise ConnectionResetError
        if line == b"*":
            raise Refused("501 5.7.0 Authentication cancelled")
        return line.decode("ascii", "replace")

    def _succeed(self, connector: ConnectorInfo) -> None:
        self._session.identity.login = connector.key
        self._session.say("235 2.7.0 Authentication successful")

    async def _fail(self, client: int) -> None:
        session = self._session
        self._failures += 1
        session.desk.failed_logins.allow(client)
        log.warning("Login failed from %s", session.identity.address)
        await asyncio.sleep(session.limits.failed_login_delay)
        if self._failures >= session.limits.failed_logins:
            session.over = True
        raise Refused("535 5.7.8 Authentication credentials invalid")


def _decoded(response: str) -> bytes:
    if response == "=":  # An empty initial response, RFC 4954 section 4.
        return b""
    try:
        return b64decode(response, validate=True)
    except ValueError:
        raise Refused(_CANNOT_DECODE) from None
