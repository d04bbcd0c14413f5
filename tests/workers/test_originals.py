"""An original on its way after its mail: whole below our trace header, or not at all."""

from __future__ import annotations

import base64
from uuid import UUID

import pytest

from mailsec.gateway.verdict import Severity
from policies import services as policies
from quarantine import kept, selectors, services
from quarantine.choices import EventKind, MessageState, VerdictChoice
from quarantine.models import StoredMessage
from quarantine.services import OriginalRelease
from tenants.models import Tenant
from tests.quarantine.making import NOW, arrive
from tests.quarantine.test_release import ADMIN, ONE, deliver, row
from tests.workers.test_release import INFECTED
from workers.tasks.examine import examine

PROGRAM = b"MZ" + bytes(58) + b"\x40\0\0\0PE\0\0" + bytes(64) + b"not a working program"
FORBIDDEN = (
    b"Subject: hello\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\n\r\nthe letter\r\n--b\r\nContent-Type: application/octet-stream; name=setup.exe\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.b64encode(PROGRAM) + b"\r\n--b--\r\n"
)


def stripped(tenant: Tenant, raw: bytes) -> UUID:
    """Delivered by the ordinary way, without its file."""
    message_id = arrive(tenant, raw=raw)
    examine("alpha", [str(message_id)])
    assert row(tenant, message_id).changed
    return message_id


def sent(tenant: Tenant, message_id: UUID, *, files_allowed: bool = False) -> StoredMessage:
    """The original's own message after its examination."""
    wish = OriginalRelease(files_allowed=files_allowed)
    assert services.release_original(tenant, message_id, ADMIN, NOW, wish) == (ONE,)
    made = kept.originals_of(tenant, message_id)[-1].id
    examine("alpha", [str(made)])
    return row(tenant, made)


def test_a_file_that_is_let_through_leaves_with_the_bytes_as_they_came(tenant: Tenant) -> None:
    """Below our trace header; the finding stays in the trace."""
    made = sent(tenant, stripped(tenant, FORBIDDEN), files_allowed=True)
    assert (made.state, made.verdict) == (MessageState.READY, VerdictChoice.FORBIDDEN)
    assert (made.changed, made.keep_original, made.restricted) == (False, False, True)
    assert selectors.outgoing(tenant, made) == bytes(made.trace_header) + FORBIDDEN
    assert made.queue_id.encode() in bytes(made.trace_header)
    assert [each.severity for each in made.findings.all()] == [Severity.FORBIDDEN]


@pytest.mark.parametrize(
    ("raw", "files_allowed", "code"),
    [(FORBIDDEN, False, "file-type"), (INFECTED, True, "virus")],
)
def test_what_may_not_leave_stays_and_both_traces_say_why(
    tenant: Tenant, raw: bytes, files_allowed: bool, code: str
) -> None:
    """A forbidden file that nobody let through, a virus whoever asks."""
    message_id = stripped(tenant, raw)
    made = sent(tenant, message_id, files_allowed=files_allowed)
    assert made.state == MessageState.CLOSED
    assert deliver(tenant, made.id) == []
    for each in (made, row(tenant, message_id)):
        event = list(each.events.all())[-1]
        assert event.kind == EventKind.REFUSED
        assert [reason["code"] for reason in event.data["reasons"]] == [code]
    assert selectors.original(tenant, message_id) == raw


def test_a_false_alarm_is_over_when_nothing_is_found_any_more(tenant: Tenant) -> None:
    """The tenant accepts the type since: no permission is needed, and it is called clean."""
    message_id = stripped(tenant, FORBIDDEN)
    policies.set_values(tenant, {"file_type_check": "no"})
    made = sent(tenant, message_id)
    assert (made.state, made.verdict) == (MessageState.READY, VerdictChoice.CLEAN)
    assert selectors.outgoing(tenant, made).endswith(FORBIDDEN)
