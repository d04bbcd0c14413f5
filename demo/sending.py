"""Sends one sample over SMTP and keeps what the listener said."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from pathlib import Path

from demo.samples import Sample


@dataclass(frozen=True, slots=True)
class Credentials:
    """A connector's sign-in."""

    username: str
    password: str


@dataclass(frozen=True, slots=True)
class Client:
    """Speaks to the service's listeners."""

    ports: dict[str, int]  # by listener
    certificate: Path
    credentials: dict[str, Credentials]  # by mail domain

    def send(self, sample: Sample, wire: bytes) -> str:
        """The reply that settled the mail: the first refusal, or the one after the data."""
        with smtplib.SMTP("127.0.0.1", self.ports[sample.listener], timeout=30) as smtp:
            smtp.ehlo("client.example.net")
            if smtp.has_extn("starttls"):
                smtp.starttls(context=ssl.create_default_context(cafile=str(self.certificate)))
                smtp.ehlo("client.example.net")
            if sample.auth:
                held = self.credentials[sample.sender.rpartition("@")[2]]
                smtp.login(held.username, held.password)
            return self._transaction(smtp, sample, wire)

    def _transaction(self, smtp: smtplib.SMTP, sample: Sample, wire: bytes) -> str:
        code, text = smtp.mail(sample.sender)
        if code != 250:
            return _reply(code, text)
        for recipient in sample.recipients:
            code, text = smtp.rcpt(recipient)
            if code not in (250, 251):
                return _reply(code, text)
        try:
            code, text = smtp.data(wire)
        except smtplib.SMTPDataError as error:
            refusal = error.smtp_error
            return _reply(
                error.smtp_code, refusal.encode() if isinstance(refusal, str) else refusal
            )
        return _reply(code, text)


def _reply(code: int, text: bytes) -> str:
    return f"{code} {text.decode('utf-8', 'replace').splitlines()[0] if text else ''}".strip()
