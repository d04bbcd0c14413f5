"""The stage that looks and decides, in process."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest

from mailsec.gateway.errors import ScannerUnavailable
from mailsec.gateway.ports import ScanResult
from quarantine import selectors
from quarantine.choices import MessageState
from quarantine.models import StoredMessage
from tenants.models import Tenant
from tests.quarantine.making import RAW, arrive
from workers import examination
from workers.tasks.examine import examine


class Scanner:
    """A scanner that does what a test says."""

    name = "test"

    def __init__(self, answer: Callable[[bytes], ScanResult]) -> None:
        self._answer = answer

    def scan(self, content: bytes) -> ScanResult:
        return self._answer(content)


def silent(content: bytes) -> ScanResult:
    raise ScannerUnavailable("nobody answers")


def broken(content: bytes) -> ScanResult:
    raise KeyError("our own fault")


def state_of(tenant: Tenant, message_id: UUID) -> StoredMessage:
    return selectors.message_row(tenant, message_id)


def use(monkeypatch: pytest.MonkeyPatch, answer: Callable[[bytes], ScanResult]) -> None:
    monkeypatch.setattr(examination, "scanner", lambda: Scanner(answer))


def test_a_clean_message_is_ready_and_described(tenant: Tenant) -> None:
    """Header facts are stored; the bytes that leave are a trace header and the original."""
    message_id = arrive(tenant)
    examine("alpha", [str(message_id)])
    row = state_of(tenant, message_id)
    assert (row.state, row.subject, row.changed) == (MessageState.READY, "hello", False)
    leaving = selectors.outgoing(tenant, row)
    assert leaving.startswith(b"Received: from mx.example.net")
    assert leaving.endswith(RAW)


def test_a_silent_scanner_makes_mail_wait_and_never_passes_it(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """WAITING, no copy can be sent; when the scanner is back, it goes on."""
    message_id = arrive(tenant)
    use(monkeypatch, silent)
    examine("alpha", [str(message_id)])
    assert state_of(tenant, message_id).state == MessageState.WAITING
    use(monkeypatch, lambda content: ScanResult())
    examine("alpha", [str(message_id)])
    assert state_of(tenant, message_id).state == MessageState.READY


def test_our_own_fault_sets_the_message_aside_and_not_its_neighbours(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SHUNTED with the error for the operator; its bytes are kept."""
    bad, good = arrive(tenant, raw=RAW.replace(b"tomorrow.", b"deadly")), arrive(tenant)
    use(monkeypatch, lambda content: broken(content) if b"deadly" in content else ScanResult())
    examine("alpha", [str(bad), str(good)])
    row = state_of(tenant, bad)
    assert row.state == MessageState.SHUNTED
    assert "KeyError" in row.error
    assert selectors.original(tenant, bad).endswith(b"deadly\r\n")
    assert state_of(tenant, good).state == MessageState.READY


def test_long_lines_leave_legal_and_the_original_is_not_kept(tenant: Tenant) -> None:
    """No line over 998 octets goes out; nothing was found, so nothing stays in quarantine."""
    message_id = arrive(tenant, raw=RAW + b"x" * 5000 + b"\r\n")
    examine("alpha", [str(message_id)])
    row = state_of(tenant, message_id)
    leaving = selectors.outgoing(tenant, row)
    assert row.changed
    assert not row.keep_original
    assert max(map(len, leaving.split(b"\r\n"))) <= 998


def test_the_same_task_twice_changes_nothing(tenant: Tenant) -> None:
    """Tasks may come any number of times."""
    message_id = arrive(tenant)
    for _ in range(3):
        examine("alpha", [str(message_id)])
    row = selectors.message_with(tenant, message_id)
    assert row is not None
    assert [event.kind for event in row.events.all()] == ["received", "examined"]
