"""The sender's authentication on the way of a message, from the name server to what leaves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import dkim as dkimpy
import pytest

from mailsec.gateway.message import Message
from quarantine import selectors
from tenants.models import Tenant
from tests.gateway.checks.making import PLAIN, arc_key, key_record, signed
from tests.quarantine.making import arrive
from tests.servers.dns import NameServer, txt
from workers import examination, senders
from workers.tasks.examine import examine

ZONE = {
    "example.jp": {"TXT": [txt("v=spf1 ip4:198.51.100.1 -all")]},
    "s1._domainkey.example.jp": {"TXT": [txt(key_record())]},
    "s1._domainkey.example.org": {"TXT": [txt(key_record())]},
}


@pytest.fixture(autouse=True)
def names(settings: Any) -> Iterator[NameServer]:
    """A name server of the test's own, asked by the setting."""
    senders.authenticator.cache_clear()
    with NameServer(ZONE) as server:
        settings.SENDER_DNS = f"127.0.0.1:{server.port}"
        settings.MAIL_HOSTNAME = "mx.example.org"
        yield server
    senders.authenticator.cache_clear()


def leaving(tenant: Tenant, raw: bytes) -> tuple[bytes, bool]:
    """What leaves, and whether it was changed."""
    message_id = arrive(tenant, raw=raw, sender="sender@example.jp")
    examine("alpha", [str(message_id)])
    row = selectors.message_row(tenant, message_id)
    return selectors.outgoing(tenant, row), row.changed


def results(raw: bytes) -> list[str]:
    return [field.decoded for field in Message(raw).all("authentication-results")]


def test_clean_mail_leaves_with_our_results_above_its_own_bytes(tenant: Tenant) -> None:
    """SPF fails for a forwarder, the author's signature holds: nothing is changed but the top."""
    raw = signed(PLAIN)
    out, changed = leaving(tenant, raw)
    assert out.endswith(raw)
    assert not changed
    assert [field.name for field in Message(out).headers[:3]] == [
        "Received",
        "Authentication-Results",
        "DKIM-Signature",
    ]
    (ours,) = results(out)
    assert ours.startswith("mx.example.org;")
    assert "spf=fail smtp.mailfrom=example.jp" in ours
    assert "dkim=pass header.d=example.jp header.s=s1" in ours
    assert "dmarc=none header.from=example.jp" in ours


def test_forged_results_do_not_leave(tenant: Tenant) -> None:
    """The mail is changed then, and the change is stored."""
    forged = b"Authentication-Results: mx.example.org 1; dmarc=pass\r\n"
    out, changed = leaving(tenant, forged + signed(PLAIN))
    assert changed
    assert len(results(out)) == 1


def test_tagged_mail_says_what_it_was_and_is_sealed(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An SPF failure that nothing outweighs is tagged; the seal holds for another verifier."""
    monkeypatch.setattr(examination, "service_key", arc_key)
    out, changed = leaving(tenant, PLAIN)
    assert changed
    assert Message(out).subject == "[SPAM] Greetings"
    assert "spf=fail" in results(out)[0]
    state, _, _ = dkimpy.arc_verify(out, dnsfunc=lambda name, timeout: key_record().encode())
    assert state == b"pass"
