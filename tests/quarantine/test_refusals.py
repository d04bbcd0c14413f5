"""The page of refused mail."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils.timezone import localtime

from quarantine.choices import RefusalReason
from quarantine.selectors import RefusalFilter, refusals
from quarantine.services import TurnedAway, expire_refusals, record_refusals
from tenants.models import Tenant
from tests.console import Elements, Visitor, at_console, host_of
from tests.quarantine.making import NOW

SCRIPT = '</td><script>window.__xss=1</script>"><img src=x onerror=window.__xss=2>'


def turned(number: int = 0, **changes: object) -> TurnedAway:
    facts: dict[str, object] = {
        "at": NOW + timedelta(seconds=number),
        "code": 554,
        "reason": RefusalReason.TENANT,
        "client_ip": "203.0.113.9",
        "helo": "mail.example.net",
        "sender": f"sender{number}@example.net",
        "recipient": "user@alpha.example.jp",
        "detail": {"entry": "example.net"},
        "reference": f"{number:010x}",
    }
    return TurnedAway(**facts | changes)  # type: ignore[arg-type]


def page_of(tenant: Tenant, query: str = "", language: str = "en") -> str:
    answer = at_console(tenant, language=language).get(f"/messages/refused/{query}")
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_before_the_first_refusal_it_says_so(tenant: Tenant) -> None:
    """An empty table would look like a fault."""
    assert "No mail was refused." in page_of(tenant)


def test_when_nothing_matches_it_says_so(tenant: Tenant) -> None:
    """That is another case than having none."""
    assert "No refused mail matches." in page_of(tenant, "?text=x")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"reason": RefusalReason.OPERATOR}, "The operator blocks “example.net”"),
        ({}, "Your block list holds “example.net”."),
        ({"reason": RefusalReason.USER}, "own block list holds “example.net”."),
        (
            {
                "reason": RefusalReason.REPUTATION,
                "detail": {
                    "score": 12,
                    "points": [
                        {"code": "dnsbl", "weight": 10, "zone": "dnsbl.example.org"},
                        {"code": "no-ptr", "weight": 2},
                    ],
                },
            },
            "Listed by the DNS block list dnsbl.example.org (10)",
        ),
        (
            {"reason": RefusalReason.GREYLISTED, "code": 451, "detail": {"score": 4}},
            "Proper servers do so by themselves.",
        ),
        (
            {"reason": RefusalReason.RATE, "code": 450, "detail": {}},
            "handed in more within a minute than it may",
        ),
        (
            {"reason": RefusalReason.MANY, "count": 77, "client_ip": None, "reference": ""},
            "77 more refusals came within one minute.",
        ),
    ],
)
def test_each_reason_stands_in_words(
    tenant: Tenant, changes: dict[str, object], words: str
) -> None:
    """With what the person needs to do something about it."""
    record_refusals(tenant, [turned(**changes)])
    assert words in Elements(page_of(tenant)).text


def test_mail_that_was_put_off_says_what_came_of_it(tenant: Tenant) -> None:
    """In the tenant's own time; who asks why a mail has not come sees whether it may still."""
    put_off = {"reason": RefusalReason.GREYLISTED, "code": 451, "detail": {"score": 4}}
    record_refusals(tenant, [turned(**put_off, grey_key=b"k" * 16)])
    visitor, later = at_console(tenant), NOW + timedelta(minutes=5)
    page = visitor.get("/messages/refused/").content.decode()
    assert "It has not come again from this server so far." in page
    record_refusals(tenant, [], [b"k" * 16], later)
    page = visitor.get("/messages/refused/").content.decode()
    assert f"It came again and was taken at {localtime(later):%Y-%m-%d %H:%M}." in page
    assert "so far" not in page


def test_who_was_turned_away_for_good_is_not_waited_for(tenant: Tenant) -> None:
    """Nothing is said of coming again."""
    record_refusals(tenant, [turned()])
    page = page_of(tenant)
    assert "so far" not in page and "came again" not in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("text=203.0.113.9", {0, 1}),
        ("text=SENDER1", {1}),
        ("text=user@alpha", {0, 1}),
        ("text=0000000001", {1}),
        ("text=203.0.113.9+sender0", {0}),
        ("text=192.0.2.1", {2}),
        ("text=mx2", {2}),
        ("reason=operator", {2}),
        ("since=2026-04-02", set()),
        ("since=2026-04-01&until=2026-04-01&reason=tenant", {0, 1}),
    ],
)
def test_refusals_are_found(tenant: Tenant, query: str, found: set[int]) -> None:
    """By address, sender, recipient, greeting, reference, reason and day."""
    other = turned(2, client_ip="192.0.2.1", helo="mx2.example.org", recipient="b@alpha.example.jp")
    record_refusals(tenant, [turned(0), turned(1)])
    record_refusals(tenant, [replace(other, reason=RefusalReason.OPERATOR)])
    page = page_of(tenant, f"?{query}")
    assert {number for number in range(3) if f"sender{number}@example.net" in page} == found


def test_pages_lead_through_all_of_them(tenant: Tenant) -> None:
    """Newest first, nothing twice, and back again."""
    record_refusals(tenant, [turned(number) for number in range(120)])
    first = refusals(tenant, RefusalFilter())
    second = refusals(tenant, RefusalFilter(), before=first.older)
    third = refusals(tenant, RefusalFilter(), before=second.older)
    seen = [row.sender for page in (first, second, third) for row in page.rows]
    assert seen == [f"sender{number}@example.net" for number in reversed(range(120))]
    assert (first.newer, third.older) == (None, None)
    assert refusals(tenant, RefusalFilter(), after=third.newer).rows == second.rows
    page = page_of(tenant, f"?before={first.older}")
    assert "sender69@example.net" in page
    assert "sender70@example.net" not in page


@pytest.mark.parametrize("query", ["?before=x", "?after=-1", "?before=" + "9" * 40, "?before=٣"])
def test_a_page_that_is_none_is_not_found(tenant: Tenant, query: str) -> None:
    """404, not an error."""
    assert at_console(tenant).get(f"/messages/refused/{query}").status_code == 404


def test_wrong_days_are_said(tenant: Tenant) -> None:
    """In words, as the message list does."""
    page = page_of(tenant, "?since=2026-04-02&until=2026-04-01")
    assert "Please check the search conditions." in page


def test_another_tenants_refusals_are_not_shown(tenant: Tenant, other_tenant: Tenant) -> None:
    """Not even by their reference."""
    record_refusals(tenant, [turned(5)])
    assert "sender5" in page_of(tenant)
    assert refusals(other_tenant, RefusalFilter()).rows == ()
    assert "sender5" not in page_of(other_tenant, "?text=0000000005")


def test_strangers_see_nothing(tenant: Tenant) -> None:
    """They are sent to sign in; a change by POST is no page."""
    assert Visitor(host_of(tenant)).get("/messages/refused/").status_code == 302
    assert at_console(tenant).post("/messages/refused/").status_code == 405


def test_hostile_names_run_nothing(tenant: Tenant) -> None:
    """Greeting, sender, recipient and PTR names are written by strangers."""
    points = [{"code": "ptr-dynamic", "weight": 2, "name": SCRIPT}, {"code": SCRIPT, "weight": 1}]
    hostile = turned(
        helo=SCRIPT,
        sender=SCRIPT,
        recipient=SCRIPT,
        reason=RefusalReason.REPUTATION,
        detail={"score": 12, "points": points, "entry": SCRIPT},
    )
    record_refusals(tenant, [hostile])
    elements = Elements(page_of(tenant))
    assert elements.dangers == []
    assert "__xss" in elements.text


def test_refusals_are_kept_as_long_as_the_trace(tenant: Tenant) -> None:
    """Older ones go."""
    record_refusals(tenant, [turned(0), turned(100)])
    assert expire_refusals(tenant, NOW + timedelta(seconds=50)) == 1
    assert [row.sender for row in refusals(tenant, RefusalFilter()).rows] == [
        "sender100@example.net"
    ]
