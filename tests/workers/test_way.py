"""The mail's way inside one process: receive, examine, deliver."""

from __future__ import annotations

from django.utils import timezone

from mailsec.gateway.envelope import Client, Direction, Envelope
from quarantine import selectors, services
from quarantine.choices import MessageState
from quarantine.services import Arrival
from tenants.models import Tenant
from tenants.scope import tenant_scope
from workers.tasks.examine import examine

RAW = b"From: a@example.net\r\nTo: b@alpha.example.jp\r\nSubject: hello\r\n\r\nbody\r\n"


def arrive(tenant: Tenant, raw: bytes = RAW) -> object:
    envelope = Envelope(
        Direction.INBOUND,
        Client("192.0.2.1", "mx.example.net"),
        "a@example.net",
        ("b@alpha.example.jp",),
    )
    return services.receive(tenant, [Arrival(envelope, raw)], timezone.now())[0]


def test_a_clean_message_is_ready_after_examination(tenant: Tenant) -> None:
    """State READY, header facts stored, nothing changed."""
    message_id = arrive(tenant)
    examine(tenant.slug, [str(message_id)])
    with tenant_scope(tenant):
        stored = selectors.message_with(tenant, message_id)
    assert stored is not None
    assert stored.state == MessageState.READY, stored.error
    assert stored.subject == "hello"
