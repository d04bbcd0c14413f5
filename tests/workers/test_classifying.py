"""The engine that scores a tenant's mail knows what the tenant taught it."""

from __future__ import annotations

from mailsec.gateway.envelope import Client, Direction, Envelope
from mailsec.gateway.message import Message
from mailsec.gateway.spam.tenant import TenantModel
from quarantine import kept, services
from tenants.models import Tenant
from tests.quarantine.making import NOW
from tests.quarantine.test_release import ADMIN, quarantined
from workers.classifying import classifier

ENVELOPE = Envelope(Direction.INBOUND, Client("192.0.2.1"), "a@example.net", ("b@example.com",))
WORDS = b"offer of the season for members only please see our gardens and terraces "


def mail(number: int) -> bytes:
    return b"From: a@example.net\r\nSubject: gardens %d\r\n\r\n" % number + WORDS * 3 + b"\r\n"


def test_lessons_move_the_score_and_are_taken_back(tenant: Tenant, other_tenant: Tenant) -> None:
    """Up with "spam", back to where it was, and never for another tenant."""

    def score(asked: Tenant) -> float:
        kept.forget_models()
        return classifier(asked).score(Message(mail(99)), ENVELOPE).score

    before, others = score(tenant), score(other_tenant)
    ids = [quarantined(tenant, raw=mail(number)) for number in range(6)]
    for message_id in ids:
        services.learn(tenant, message_id, True, ADMIN, NOW, TenantModel)
    assert score(tenant) > before
    assert score(other_tenant) == others
    for message_id in ids:
        services.undo_lesson(tenant, message_id, ADMIN, NOW, TenantModel)
    assert score(tenant) == before
