"""Whether the service's notices came with a signature that holds, as any receiver would find."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from demo.inbox import Received
from demo.plan import HOSTNAME, SELECTOR
from mailsec.gateway.authentication import Result
from mailsec.gateway.checks import dkim
from mailsec.gateway.checks.lookups import NoRecords
from mailsec.gateway.dkim import keys, publication, signing
from mailsec.gateway.dkim.canonical import SignedForm
from mailsec.gateway.envelope import domain_of


class Published(NoRecords):
    """A domain name system in which the service's own key stands, and nothing else."""

    def __init__(self, key: Path) -> None:
        private = signing.load(HOSTNAME, SELECTOR, key.read_bytes()).key
        self._name = publication.name_of(SELECTOR, HOSTNAME)
        self._record = keys.record_of(private.public_key())

    def texts(self, name: str) -> tuple[bytes, ...]:
        return (self._record,) if name == self._name else ()


def signatures(found: Sequence[Received], key: Path) -> str:
    """One line: how many of these mails are notices, and how many of those are signed."""
    notices, names = [item for item in found if _is_notice(item)], Published(key)
    signed = sum(_holds(item, names) for item in notices)
    return f"{signed} of {len(notices)} notices of the service carry a signature that holds."


def _is_notice(item: Received) -> bool:
    return [domain_of(author.address) for author in item.message.from_] == [HOSTNAME]


def _holds(item: Received, names: Published) -> bool:
    results = dkim.check(SignedForm(item.message), names, datetime.now(UTC), HOSTNAME.__eq__)
    return any(each.result is Result.PASS for each in results.values())
