"""Answers that do not reach the author."""

from __future__ import annotations

import pytest

from mailsec.gateway.filters import reply_to_elsewhere
from mailsec.gateway.verdict import Severity
from tests.gateway.filters.making import OWN, PARTNER, PROVED, case, mail


def codes(raw: bytes) -> list[str]:
    return [found.code for found in reply_to_elsewhere.look(case(raw))]


@pytest.mark.parametrize(
    ("author", "reply_to"),
    [
        (f"ceo@{OWN}", "ceo@example.net"),
        (f"sales@{PARTNER}", "sales@example.net"),
        ("sales@example.net", "sales.example@gmail.com"),
    ],
)
def test_answers_to_a_stranger_are_found(author: str, reply_to: str) -> None:
    """From our own or a partner's domain, or from a company to a free mailbox."""
    (found,) = reply_to_elsewhere.look(case(mail(author, f"Reply-To: {reply_to}")))
    assert (found.code, found.severity) == ("reply-to-elsewhere", Severity.SUSPICIOUS)
    assert dict(found.detail) == {"address": author, "reply_to": reply_to}


@pytest.mark.parametrize(
    ("author", "fields"),
    [
        ("sales@example.net", ()),
        ("sales@example.net", ("Reply-To: support@www.example.net",)),
        ("no-reply@example.net", ("Reply-To: support@example.org",)),
        ("sales@example.net", ("Reply-To: support@example.org",)),
        ("a@gmail.com", ("Reply-To: a@yahoo.co.jp",)),
        ("wordpress@example.net", ("Reply-To: visitor@gmail.com",)),
        ("sales@example.net", (f"Reply-To: sales@{OWN}",)),
        ("sales@example.net", ("Reply-To: sales@example.net, a@gmail.com",)),
        ("a@example.net", ("Reply-To: talk@example.org", "To: talk@example.org")),
        (
            "talk@lists.example.org",
            ("Reply-To: a@gmail.com", "List-Post: <mailto:talk@lists.example.org>"),
        ),
        ("a@example.net", ("Reply-To: ",)),
    ],
)
def test_usual_places_for_answers_are_let_be(author: str, fields: tuple[str, ...]) -> None:
    """Same owner, web forms, newsletters, private people, mailing lists."""
    assert codes(mail(author, *fields)) == []


def test_a_list_field_alone_is_no_excuse() -> None:
    """Anybody can write one: it has to name the address."""
    raw = mail("sales@example.net", "Reply-To: x@gmail.com", "List-Id: <news.example.org>")
    assert codes(raw) == ["reply-to-elsewhere"]


@pytest.mark.parametrize(
    "field", ["Cc: ceo.office@gmail.com", "List-Id: <gmail.com>", "List-Post: <mailto:x@gmail.com>"]
)
def test_a_free_mailbox_is_no_list(field: str) -> None:
    """Attack: the address for the answers among the recipients, or its provider as a list."""
    raw = mail(f"ceo@{OWN}", "Reply-To: ceo.office@gmail.com", field)
    assert codes(raw) == ["reply-to-elsewhere"]


def test_our_own_form_mail_is_let_be_where_it_is_proved() -> None:
    """A web form on our own site answers to its visitor."""
    raw = mail(f"info@{OWN}", "Reply-To: visitor@gmail.com")
    assert not list(reply_to_elsewhere.look(case(raw, authentication=PROVED)))
    assert codes(raw) == ["reply-to-elsewhere"]
