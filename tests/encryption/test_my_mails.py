"""All mails that wait for one person, behind a code by mail."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from encryption.code_mail import code_mail
from mailsec.gateway.message import Message
from policies.models import AddressGroup, GroupMember
from quarantine import selectors, services
from quarantine.models import SenderLink, StoredMessage
from quarantine.selectors import MessageFilter
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.console import Elements, Visitor, host_of
from tests.encryption.sent import SENDER, sent
from tests.quarantine.making import NOW

CODE = re.compile(r"\b([0-9]{6})\b")


def text_of(answer: Any) -> str:
    assert answer.status_code == 200, answer.status_code
    return " ".join(Elements(answer.content.decode()).text.split())


def mails(tenant: Tenant) -> list[StoredMessage]:
    with tenant_scope(tenant):
        return list(selectors.messages_with(tenant, MessageFilter(direction="notice")))


def code_in(tenant: Tenant) -> str:
    raw = selectors.original(tenant, mails(tenant)[0].id)
    found = CODE.search(Message(raw).text)
    assert found is not None
    return found[1]


def signed_in(tenant: Tenant, address: str = SENDER) -> Visitor:
    person = Visitor(host_of(tenant))
    person.post("/mail/", {"action": "address", "address": address})
    data = {"action": "code", "address": address, "code": code_in(tenant)}
    assert person.post("/mail/", data).status_code == 302
    return person


def test_a_code_by_mail_opens_the_list_and_the_list_opens_the_mail(tenant: Tenant) -> None:
    """Looking makes no link; the button does, and leads to the page of the notices."""
    message_id = sent(tenant)
    sent(tenant, sender="other@alpha.example.jp", subject="not mine")
    person = signed_in(tenant, SENDER.upper())
    text = text_of(person.get("/mail/"))
    assert "見積書" in text
    assert "not mine" not in text
    with tenant_scope(tenant):
        assert not SenderLink.objects.exists()
    answer = person.post("/mail/", {"action": "open", "id": message_id.hex})
    assert re.fullmatch(r"/mail/[A-Za-z0-9_-]{43}", answer["Location"])
    assert "見積書" in text_of(person.get(answer["Location"]))
    with tenant_scope(tenant):
        assert SenderLink.objects.get().person == SENDER


def test_the_members_of_a_mailbox_see_its_mails(tenant: Tenant) -> None:
    """And act under their own address."""
    member = "member@alpha.example.jp"
    with tenant_scope(tenant):
        group = AddressGroup.objects.create(address=SENDER, author="test")
        GroupMember.objects.create(group=group, address=member)
    message_id = sent(tenant)
    person = signed_in(tenant, member)
    assert "見積書" in text_of(person.get("/mail/"))
    answer = person.post("/mail/", {"action": "open", "id": message_id.hex})
    assert member in text_of(person.get(answer["Location"]))


def test_others_mails_are_not_opened(tenant: Tenant) -> None:
    """Whatever identifier is sent."""
    message_id = sent(tenant, sender="other@alpha.example.jp")
    person = signed_in(tenant)
    answer = person.post("/mail/", {"action": "open", "id": message_id.hex})
    assert "No mail waits for you." in text_of(answer)
    with tenant_scope(tenant):
        assert not SenderLink.objects.exists()


@pytest.mark.parametrize("address", ["stranger@example.com", "x@beta.example.jp"])
def test_the_answer_is_the_same_for_strangers_who_get_no_mail(
    tenant: Tenant, other_tenant: Tenant, address: str
) -> None:
    """Nobody learns whose addresses there are; nobody outside is written to."""
    person = Visitor(host_of(tenant))
    known = text_of(person.post("/mail/", {"action": "address", "address": SENDER}))
    strange = text_of(person.post("/mail/", {"action": "address", "address": address}))
    assert known.replace(SENDER, address) == strange
    assert len(mails(tenant)) == 1
    assert mails(other_tenant) == []


def test_codes_end_with_time_tries_and_use(tenant: Tenant) -> None:
    """Ten minutes, five wrong answers, once."""

    def code(at: timedelta) -> str:
        said: list[str] = []
        notice = code_mail(tenant, SENDER, "000000", NOW)
        services.send_code(tenant, SENDER, lambda each: (said.append(each), notice)[1], NOW + at)
        return said[0]

    def is_right(word: str, at: timedelta) -> bool:
        return services.check_code(tenant, SENDER, word, NOW + at)

    minute = timedelta(minutes=1)
    first = code(minute * 0)
    assert not is_right(first, minute * 10)
    second = code(minute * 10)
    wrong = "000000" if second != "000000" else "000001"
    for _ in range(5):
        assert not is_right(wrong, minute * 11)
    assert not is_right(second, minute * 11)
    third = code(minute * 12)
    assert is_right(third, minute * 13)
    assert not is_right(third, minute * 13)


def test_a_new_code_waits_a_minute_and_there_are_five_an_hour(tenant: Tenant) -> None:
    """A mailbox cannot be flooded, and guessing leads nowhere."""
    notice = code_mail(tenant, SENDER, "000000", NOW)

    def send(seconds: int) -> bool:
        at = NOW + timedelta(seconds=seconds)
        return services.send_code(tenant, SENDER, lambda _: notice, at) is not None

    assert [send(second) for second in (0, 59, 60, 120, 180, 240, 300, 3599)] == [
        *(True, False, True, True, True, True),
        *(False, False),
    ]
    assert send(3600)


def test_the_cookie_is_for_this_page_this_tenant_and_half_an_hour(
    tenant: Tenant, other_tenant: Tenant
) -> None:
    """Nobody can write one, and it opens nothing else."""
    person = signed_in(tenant)
    cookie = person.cookies["mailsec_held"]
    assert (cookie["path"], cookie["httponly"], cookie["max-age"]) == ("/mail/", True, 1800)
    foreign = Visitor(host_of(other_tenant))
    foreign.cookies["mailsec_held"] = cookie.value
    forged = Visitor(host_of(tenant))
    forged.cookies["mailsec_held"] = cookie.value[:-1] + "x"
    for stranger in (foreign, forged):
        assert "Send me a code" in text_of(stranger.get("/mail/"))
    assert person.get("/held/").status_code == 302
    person.post("/mail/", {"action": "leave"})
    assert "Send me a code" in text_of(person.get("/mail/"))


def test_looking_changes_nothing_and_tells_no_other_site(tenant: Tenant) -> None:
    """GET, HEAD and OPTIONS, with and without the cookie."""
    sent(tenant)
    person = signed_in(tenant)
    before = len(mails(tenant))
    for visitor in (person, Visitor(host_of(tenant))):
        for method in ("get", "head", "options"):
            query = {"action": "address", "address": SENDER}
            answer = getattr(visitor, method)("/mail/", query)
            assert answer.status_code in (200, 405)
        assert visitor.get("/mail/")["Referrer-Policy"] == "no-referrer"
        assert "no-store" in visitor.get("/mail/")["Cache-Control"]
    assert len(mails(tenant)) == before
    with tenant_scope(tenant):
        assert not SenderLink.objects.exists()
    assert timezone.now() > NOW


@pytest.mark.parametrize(
    "data",
    [
        {"action": "address", "address": "no address"},
        {"action": "address"},
        {"action": "code", "address": SENDER, "code": "12345"},
        {"action": "code", "address": SENDER, "code": "１２３４５６"},
        {"action": "code", "address": "x\r\ny@alpha.example.jp", "code": "123456"},
        {"action": "code", "code": "123456"},
        {"action": "nothing"},
    ],
)
def test_bad_input_gets_the_form_again(tenant: Tenant, data: dict[str, str]) -> None:
    """With the reason, and no mail."""
    assert Visitor(host_of(tenant)).post("/mail/", data).status_code == 200
    assert mails(tenant) == []
