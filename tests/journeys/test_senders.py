"""The sender's authentication, from the SMTP client to what the customer's server receives."""

from __future__ import annotations

from collections.abc import Iterator

import dkim as dkimpy
import pytest

from mailsec.gateway.message import Message
from tests.gateway.checks.making import key_record, signed
from tests.journeys.conftest import Place
from tests.journeys.mails import USER, arrived, below_trace, marker, plain
from tests.servers.dns import txt

pytestmark = pytest.mark.stack

AUTHOR = "sender@shop.example.jp"


@pytest.fixture(autouse=True)
def zone(place: Place) -> Iterator[None]:
    """shop.example.jp sends from elsewhere and signs; nobody else is known."""
    place.names.zone = {
        "shop.example.jp": {"TXT": [txt("v=spf1 ip4:198.51.100.1 -all")]},
        "s1._domainkey.shop.example.jp": {"TXT": [txt(key_record())]},
    }
    yield
    place.names.zone = {}


def received(place: Place, mark: str, raw: bytes) -> bytes:
    assert place.service.send(AUTHOR, [USER], raw)[-1] == 250
    return arrived(place.service, "alpha", mark).content


def results(raw: bytes) -> list[str]:
    return [field.decoded for field in Message(raw).all("authentication-results")]


def test_signed_mail_arrives_as_signed_with_our_results_on_top(place: Place) -> None:
    """hdr-08, clean: signed fields and body are the same bytes."""
    mark = marker("hdr-08-clean")
    raw = signed(plain(mark, sender=AUTHOR), "shop.example.jp", (b"simple", b"simple"))
    content = received(place, mark, raw)
    assert below_trace(content) == raw
    (ours,) = results(content)
    assert ours.startswith("gateway.example.org;")
    assert "dkim=pass header.d=shop.example.jp header.s=s1" in ours


def test_changed_mail_says_what_it_was_and_is_sealed(place: Place) -> None:
    """hdr-08, changed: a line of 5,000 octets breaks the signature, which is still there; the
    results say that it held, and the seal holds for another verifier."""
    mark = marker("hdr-08-changed")
    raw = signed(plain(mark, b"x" * 5000 + b"\r\n", sender=AUTHOR), "shop.example.jp")
    content = received(place, mark, raw)
    assert below_trace(content) != raw
    assert "dkim=pass header.d=shop.example.jp" in results(content)[0]
    assert Message(content).first("dkim-signature") is not None
    state, _, _ = dkimpy.arc_verify(content, dnsfunc=lambda name, timeout: key_record().encode())
    assert state == b"pass"


def test_a_forged_sender_is_tagged_and_his_forged_results_are_gone(place: Place) -> None:
    """SPF fails and nothing outweighs it; only one field speaks in our name."""
    mark = marker("forged")
    forged = b"Authentication-Results: gateway.example.org; dmarc=pass\r\n"
    content = received(place, mark, plain(mark, sender=AUTHOR, fields=forged))
    assert Message(content).subject.startswith("[SPAM] ")
    (ours,) = results(content)
    assert "spf=fail smtp.mailfrom=shop.example.jp" in ours
    assert "dmarc=none" in ours
