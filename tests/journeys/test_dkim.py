"""Outbound mail leaves signed, from the operator's shell to the bytes at the outside server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import dkim as dkimpy
import pytest

from mailsec.gateway.message import Message
from tests.journeys.conftest import Place
from tests.journeys.mails import arrived, marker, plain
from tests.servers.dns import txt

pytestmark = pytest.mark.stack

DOMAIN = "signed.example.jp"
AUTHOR = f"boss@{DOMAIN}"
PARTNER = "partner@example.com"
JAPANESE = "お見積書をお送りします。\r\n.\r\n..行頭の点\r\n".encode()


@pytest.fixture(autouse=True)
def published(place: Place) -> Iterator[None]:
    """Nobody publishes anything before or after."""
    place.names.zone = {}
    yield
    place.names.zone = {}


def dkim(place: Place, verb: str) -> Any:
    (answer,) = place.service.commands(["tenant", "dkim", "beta", verb, DOMAIN, "--json"])
    return json.loads(answer)


def put_to_use(place: Place) -> str:
    """The selector of a new key that is published and signs."""
    made = dkim(place, "generate")
    place.names.zone = {**place.names.zone, made["name"]: {"TXT": [txt(made["value"])]}}
    return str(dkim(place, "activate")["selector"])


def selectors_that_hold(place: Place, content: bytes) -> list[str]:
    """The selectors of the signatures that an independent verifier finds to hold."""
    records = {
        name: "".join(each["TXT"]).replace('" "', "").strip('"').encode()
        for name, each in place.names.zone.items()
    }

    def answer(name: bytes, timeout: int) -> bytes:
        return records[name.decode().rstrip(".")]

    verifier = dkimpy.DKIM(content)
    return [
        field.decoded.partition(" s=")[2].partition(";")[0]
        for index, field in enumerate(Message(content).all("dkim-signature"))
        if verifier.verify(index, dnsfunc=answer)
    ]


def sent(place: Place, kind: str, body: bytes = JAPANESE) -> bytes:
    mark = marker(kind)
    fields = b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
    raw = plain(mark, body, sender=AUTHOR, to=PARTNER, fields=fields)
    codes = place.service.wait_for(lambda: accepted(place, raw))
    assert codes
    return arrived(place.service, "outside", mark).content


def signs_with(place: Place, selector: str) -> bool:
    """Whether mail is signed with this key alone; every process knows it within seconds."""

    def signed() -> bool:
        return selectors_that_hold(place, sent(place, "signed")) == [selector]

    return bool(place.service.wait_for(signed))


def accepted(place: Place, raw: bytes) -> bool:
    """The listeners know a new domain after some seconds."""
    return place.service.submit("beta", AUTHOR, [PARTNER], raw)[-1] == 250


def test_mail_is_signed_once_its_domain_has_a_key_and_by_the_new_one_after_a_rotation(
    place: Place,
) -> None:
    """Unsigned before; then by one key after the other, each found by another program to hold."""
    place.service.manage("tenant", "domain", "add", "beta", DOMAIN)
    assert selectors_that_hold(place, sent(place, "unsigned")) == []
    first = put_to_use(place)
    assert signs_with(place, first)
    second = put_to_use(place)
    assert first != second
    assert signs_with(place, second)
    assert sent(place, "untouched").endswith(b"\r\n\r\n" + JAPANESE)
