"""Rspamd over HTTP, as another engine behind the classifier's port.

Protocol: https://docs.rspamd.com/developers/protocol/ - POST /checkv2 with the message as body and
the envelope in header fields; the answer is JSON.
"""

from __future__ import annotations

import http.client
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from mailsec.gateway.envelope import Envelope
from mailsec.gateway.errors import ScannerUnavailable
from mailsec.gateway.message import Message
from mailsec.gateway.ports import SpamReason, SpamScore

_LONGEST_REPLY = 4 * 1024 * 1024
# Rspamd's own "this is spam" stands where ours is: at the default of the tag threshold.
_AT_REQUIRED = 60.0
_MOST_REASONS = 20
_MOST_RECIPIENTS = 100
CODE = "rspamd"


@dataclass(frozen=True, slots=True)
class RspamdAddress:
    """Where Rspamd's normal worker listens; ``password`` only where it asks for one."""

    host: str = "127.0.0.1"
    port: int = 11333
    password: str = ""


class RspamdClassifier:
    """A ``SpamClassifier`` that asks Rspamd; ``timeout`` (seconds) bounds each wait for it."""

    name = "rspamd"

    def __init__(self, address: RspamdAddress, timeout: float = 20.0) -> None:
        self._address = address
        self._timeout = timeout

    def score(self, message: Message, envelope: Envelope) -> SpamScore:
        """Rspamd's score in relation to its ``required_score``, which becomes 60 of 100.

        ``ScannerUnavailable`` where it gives no answer, or one that makes no sense.
        """
        answer = self._ask(message.raw, self._fields(envelope))
        if answer.get("is_skipped") is True:
            raise ScannerUnavailable("rspamd skipped the message")
        score = _number(answer, "score")
        required = _number(answer, "required_score")
        if required <= 0:
            raise ScannerUnavailable("rspamd gave no usable required_score")
        reasons = sorted(_reasons(answer), key=lambda reason: (-abs(reason.weight), reason.code))
        return SpamScore(_scaled(score / required), tuple(reasons[:_MOST_REASONS]))

    def _fields(self, envelope: Envelope) -> list[tuple[str, str]]:
        fields = [
            ("IP", envelope.client.ip),
            ("Helo", envelope.client.helo),
            ("From", envelope.sender),
            *(("Rcpt", recipient) for recipient in envelope.recipients[:_MOST_RECIPIENTS]),
            ("Password", self._address.password),
        ]
        return [(name, _field_value(value)) for name, value in fields if value]

    def _ask(self, raw: bytes, fields: list[tuple[str, str]]) -> dict[str, Any]:
        connection = http.client.HTTPConnection(
            self._address.host, self._address.port, timeout=self._timeout
        )
        try:
            connection.putrequest("POST", "/checkv2")
            for name, value in fields:
                connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(raw)))
            connection.endheaders(raw)
            response = connection.getresponse()
            content = response.read(_LONGEST_REPLY + 1)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise ScannerUnavailable(f"rspamd: {error}") from error
        finally:
            connection.close()
        if response.status != http.HTTPStatus.OK or len(content) > _LONGEST_REPLY:
            raise ScannerUnavailable(f"rspamd answered with status {response.status}")
        return _object(content)


def _field_value(value: str) -> str:
    """One line of printable characters: an envelope must not write header fields of its own."""
    return "".join(one for one in value if one.isprintable()).encode().decode("latin-1")


def _object(content: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ScannerUnavailable("rspamd answered with what is no JSON") from error
    if not isinstance(answer, dict):
        raise ScannerUnavailable("rspamd answered with what is no object")
    return answer


def _number(answer: dict[str, Any], name: str) -> float:
    value = answer.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ScannerUnavailable(f"rspamd gave no {name}")
    return float(value)


def _scaled(share: float) -> float:
    """0 at -infinity, 60 at the required score, 100 at infinity, rising throughout."""
    low = _AT_REQUIRED / 50.0 - 1.0
    at = (share - 1.0) + low / math.sqrt(1.0 - low * low)
    return 50.0 + 50.0 * at / math.hypot(1.0, at)


def _reasons(answer: dict[str, Any]) -> Iterator[SpamReason]:
    symbols = answer.get("symbols")
    for name, symbol in symbols.items() if isinstance(symbols, dict) else ():
        weight = symbol.get("score") if isinstance(symbol, dict) else None
        if isinstance(weight, int | float) and math.isfinite(weight) and weight:
            yield SpamReason(CODE, float(weight), MappingProxyType({"examples": str(name)[:60]}))
