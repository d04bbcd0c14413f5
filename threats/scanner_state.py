"""Which virus scanner is at work, and how old what it knows is."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.conf import settings

from mailsec.gateway.clients.clamd import ClamdAddress, ClamdScanner
from mailsec.gateway.errors import ScannerUnavailable
from mailsec.gateway.signatures.engine import load_definitions

_KEEP_SECONDS = 60.0
_TIMEOUT_SECONDS = 2.0
_OLD_DAYS = 7
# Keyed by the setting, so that another scanner's state is never taken for this one's.
_kept: dict[str, tuple[float, ScannerState]] = {}


@dataclass(frozen=True, slots=True)
class ScannerState:
    """The scanner in use. ``version`` is that of its definitions, ``dated`` the day they are of;
    both are empty where it did not say. ``reachable`` is false where it gave no answer."""

    engine: str
    version: str = ""
    dated: date | None = None
    reachable: bool = True

    @property
    def days(self) -> int | None:
        """The definitions' age, None where it is not known."""
        return (datetime.now(UTC).date() - self.dated).days if self.dated else None

    @property
    def is_old(self) -> bool:
        """Whether definitions that are renewed daily have stopped being so.

        The built-in ones come with each version of the service and are never old by themselves.
        """
        return self.engine == "ClamAV" and self.days is not None and self.days > _OLD_DAYS


def scanner_state() -> ScannerState:
    """The installation's scanner, asked at most once a minute in each process."""
    kept = _kept.get(settings.SCANNER)
    now = time.monotonic()
    if kept is None or now - kept[0] > _KEEP_SECONDS:
        kept = _kept[settings.SCANNER] = (now, read_state(settings.SCANNER))
    return kept[1]


def read_state(scanner: str, ask: Callable[[str], str] | None = None) -> ScannerState:
    """The state of ``builtin`` or ``clamd:…``; ``ask`` gets clamd's words from its address."""
    kind, _, address = scanner.partition(":")
    if kind != "clamd":
        definitions = load_definitions()
        return ScannerState("Mailsec", definitions.version, date.fromisoformat(definitions.date))
    try:
        return _of_clamd((ask or _ask)(address))
    except ScannerUnavailable:
        return ScannerState("ClamAV", reachable=False)


def _ask(address: str) -> str:
    clamd = ClamdScanner(ClamdAddress.of(address), _TIMEOUT_SECONDS, _TIMEOUT_SECONDS)
    return clamd.version()


def _of_clamd(words: str) -> ScannerState:
    """From ``ClamAV 1.0.7/27450/Thu Nov  7 09:30:12 2024``; the latter two come with a database."""
    engine, _, rest = words.partition("/")
    version, _, moment = rest.partition("/")
    try:
        dated = datetime.strptime(moment.strip(), "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC).date()
    except ValueError:
        dated = None
    shown = " / ".join(part for part in (engine.removeprefix("ClamAV").strip(), version) if part)
    return ScannerState("ClamAV", shown[:60], dated)
