"""A released message on its way: looked at again, judged by its contents alone, sent in time."""

from __future__ import annotations

import base64
from datetime import timedelta

from mailsec.gateway.hops import Outcome as Attempt
from mailsec.gateway.message import Message
from mailsec.gateway.verdict import Label
from quarantine import selectors, services
from quarantine.choices import MessageState, VerdictChoice
from quarantine.dispatch import leaving
from tenants.models import Tenant
from tests.quarantine.making import NOW, RAW, arrive, settlement
from tests.quarantine.test_release import ADMIN, ONE, OTHER, quarantined, row, states
from workers.courier import schedule_of
from workers.reports import notices_for
from workers.tasks.examine import examine

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STAN" + rb"DARD-ANTIVIRUS-TEST-FILE!$H+H*"
INFECTED = (
    b"Subject: hello\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\n\r\nthe letter\r\n--b\r\nContent-Type: application/octet-stream; name=a.txt\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.b64encode(EICAR) + b"\r\n--b--\r\n"
)
SIGNED = (
    b"Subject: hello\r\nMIME-Version: 1.0\r\nContent-Type: multipart/signed; "
    b'protocol="application/pkcs7-signature"; micalg=sha-256; boundary=s\r\n\r\n'
    b"--s\r\nContent-Type: application/octet-stream; name=run.js\r\n\r\nvar a = 1;\r\n"
    b"--s\r\nContent-Type: application/pkcs7-signature\r\n\r\nx\r\n--s--\r\n"
)


def test_it_leaves_as_it_came_and_keeps_its_name(tenant: Tenant) -> None:
    """The other recipients' copies are still held as spam; the trace names this one alone."""
    message_id = quarantined(tenant, ONE, OTHER, restricted=True)
    services.release(tenant, message_id, ADMIN, NOW, [ONE])
    (claimed,) = services.claim_examination(tenant, [message_id], NOW)
    assert claimed.envelope.recipients == (ONE,)
    assert claimed.before is not None
    assert (claimed.before.verdict, claimed.before.spam_score) == ("spam", 95.0)
    later = NOW + timedelta(hours=1)
    services.take_up_stalled(tenant, later)
    examine("alpha", [str(message_id)])
    stored = row(tenant, message_id)
    assert stored.state == MessageState.READY
    assert (stored.verdict, stored.restricted) == ("spam", True)
    assert states(tenant, message_id) == {ONE: "queued", OTHER: "withheld"}
    content = selectors.outgoing(tenant, stored)
    assert content.endswith(b"\r\n" + RAW)
    assert ONE.encode() in content
    assert OTHER.encode() not in content


def test_a_virus_is_taken_out(tenant: Tenant) -> None:
    """By the definitions of the day of the release, and nobody but administrators goes on."""
    message_id = quarantined(tenant, ONE, OTHER, raw=INFECTED)
    services.release(tenant, message_id, ADMIN, NOW, [ONE])
    examine("alpha", [str(message_id)])
    stored = row(tenant, message_id)
    assert (stored.state, stored.changed) == (MessageState.READY, True)
    assert (stored.verdict, stored.restricted) == (VerdictChoice.MALICIOUS, True)
    content = selectors.outgoing(tenant, stored)
    assert base64.b64encode(EICAR) not in content
    assert "the letter" in Message(content).text
    assert selectors.original(tenant, message_id) == INFECTED


def test_a_forbidden_file_in_a_signed_mail_leaves_where_it_is_let_through(
    tenant: Tenant,
) -> None:
    """Nothing can be taken out of it, so it stayed for ever before; its bytes are not touched."""
    message_id = arrive(tenant, raw=SIGNED)
    examine("alpha", [str(message_id)])
    for files_allowed, state in ((False, MessageState.QUARANTINED), (True, MessageState.READY)):
        assert row(tenant, message_id).state == MessageState.QUARANTINED
        services.release(tenant, message_id, ADMIN, NOW, files_allowed=files_allowed)
        examine("alpha", [str(message_id)])
        assert row(tenant, message_id).state == state
    stored = row(tenant, message_id)
    assert selectors.outgoing(tenant, stored) == bytes(stored.trace_header) + SIGNED
    assert (stored.verdict, stored.restricted) == (VerdictChoice.FORBIDDEN, True)


def test_after_six_days_it_still_has_its_full_time(tenant: Tenant) -> None:
    """A first deferral is not the last, and no delay is told at once."""
    message_id = quarantined(tenant, label=Label.UNEXAMINED)
    released_at = NOW + timedelta(days=6)
    services.release(tenant, message_id, ADMIN, released_at)
    examine("alpha", [str(message_id)])
    mail = leaving(tenant, message_id)
    assert (mail.received_at, mail.began_at) == (NOW, released_at)
    schedule = schedule_of(tenant)
    retry_at = schedule.next_attempt(1, mail.began_at, released_at, 0.0)
    assert retry_at is not None


def test_no_sender_of_spam_is_told_of_a_failure(tenant: Tenant) -> None:
    """Whoever is named did not write it (product, 3)."""
    for label, expected in ((Label.SPAM, 0), (Label.FORGED, 0), (Label.UNEXAMINED, 1)):
        message_id = quarantined(tenant, label=label)
        services.release(tenant, message_id, ADMIN, NOW)
        examine("alpha", [str(message_id)])
        claims = services.claim_deliveries(tenant, message_id, NOW + timedelta(days=9999))
        settled = [settlement(claim, Attempt.REFUSED) for claim in claims]
        mail = leaving(tenant, message_id)
        assert len(notices_for(tenant, mail, settled, schedule_of(tenant), NOW)) == expected
