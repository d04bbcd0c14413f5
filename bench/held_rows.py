"""Fills a tenant with held mail: the rows that so many outbound mails leave, but for their bytes.

Every second mail has its files in an archive; every fourth went to a colleague too, who has it.
They came over five days and wait for a week, so none is due and no reminder is either.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from quarantine.choices import (
    DeliveryState,
    DirectionChoice,
    EventKind,
    HoldEnding,
    MessageState,
    VerdictChoice,
)
from quarantine.identifiers import first_id_at
from quarantine.sealing import seal
from tenants.keys import key_of
from tenants.models import Tenant
from tenants.scope import scoped

SENDERS, CUSTOMERS = 400, 5_000
RULES = ("見積書の確認", "First mail to a customer", "Many recipients")
_SUBJECTS = (
    "見積書のご送付（{:06}）",
    "Quotation no. {:06} for the cold store",
    "【至急】契約書の確認のお願い {:06}",
    "Minutes of the meeting, part {:06}",
    "請求書送付のご案内 {:06}",
    "Re: delivery dates of order {:06}",
    "打合せ議事録の共有 {:06}",
    "Drawings for unit {:06}, revised",
)
_FAMILIES = ("sato", "suzuki", "takahashi", "tanaka", "watanabe", "smith", "mueller", "rossi")
_ARRIVING, _WAITING = timedelta(days=5), timedelta(days=7)
_FORM = "aes-256"

Row = tuple[object, ...]

_COLUMNS = {
    "quarantine_storedmessage": (
        "id direction state received_at client_ip client_helo client_tls connector smtputf8 sender "
        "size subject header_from message_id policy_version changed keep_original verdict "
        "trace_header error tries"
    ),
    "quarantine_delivery": (
        "message_id recipient state form attempts delay_told remote_host remote_tls remote_code "
        "remote_status remote_reply finished_at"
    ),
    "quarantine_event": "message_id at kind data",
    "quarantine_hold": (
        "message_id sender rules unreadable held_at due_at remind_at ending told_at written "
        "recipients"
    ),
    "quarantine_processing": "message_id sender hidden locked made_at",
    "encryption_protection": (
        "id message_id sender archive_name password files created_at notified_by"
    ),
}


@dataclass(frozen=True, slots=True)
class _Mail:
    """One mail of the fill; everything follows from its number and its time."""

    number: int
    at: datetime

    @property
    def id(self) -> UUID:
        return UUID(int=first_id_at(self.at).int + self.number)

    @property
    def sender(self) -> str:
        return f"{_FAMILIES[self.number % 8]}{self.number % SENDERS}@bench.example.jp"

    @property
    def subject(self) -> str:
        return _SUBJECTS[self.number % 8].format(self.number)

    @property
    def customers(self) -> list[str]:
        places = (self.number * 7 + step * 11 for step in range(1 + self.number % 3))
        return [f"buyer{place % CUSTOMERS}@customer{place % 900}.example.com" for place in places]

    @property
    def is_locked(self) -> bool:
        return self.number % 2 == 0

    @property
    def colleague(self) -> str:
        return f"colleague{self.number % 50}@bench.example.jp" if self.number % 4 == 0 else ""


@scoped
def fill(tenant: Tenant, count: int, now: datetime) -> None:
    """Store so many held mails by COPY, and have the planner know them."""
    mails = [_Mail(number, now - _ARRIVING * (1 - number / count)) for number in range(count)]
    copies = {
        "quarantine_storedmessage": map(_message, mails),
        "quarantine_delivery": (row for mail in mails for row in _deliveries(mail)),
        "quarantine_event": (row for mail in mails for row in _events(mail)),
        "quarantine_hold": map(_hold, mails),
        "quarantine_processing": map(_processing, mails[::2]),
        "encryption_protection": map(_lock(tenant), mails[::2]),
    }
    for table, rows in copies.items():
        _copy(table, rows)


def _copy(table: str, rows: Iterator[Row]) -> None:
    names = ", ".join(_COLUMNS[table].split())
    with connection.cursor() as cursor:
        with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute(f"ANALYZE {table}")


def _message(mail: _Mail) -> Row:
    head = (mail.id, DirectionChoice.OUTBOUND.value, MessageState.HELD.value, mail.at)
    client = ("192.0.2.1", "mail.bench.example.jp", "TLSv1.3", "office", False, mail.sender)
    shown = (48_000 + mail.number % 9_000, mail.subject, _written_from(mail), _message_id(mail))
    return (*head, *client, *shown, 1, False, False, VerdictChoice.CLEAN.value, b"", "", 1)


def _deliveries(mail: _Mail) -> Iterator[Row]:
    form = _FORM if mail.is_locked else ""
    for customer in mail.customers:
        held = (mail.id, customer, DeliveryState.HELD.value, form)
        yield (*held, 0, False, "", "", 0, "", "", None)
    if mail.colleague:
        sent = (mail.id, mail.colleague, DeliveryState.DELIVERED.value, "")
        yield (*sent, 1, False, "192.0.2.9", "TLSv1.3", 250, "2.0.0", "Ok", mail.at)


def _events(mail: _Mail) -> Iterator[Row]:
    held = {"rules": _rules(mail), "unreadable": False, "count": len(mail.customers)}
    yield (mail.id, mail.at, EventKind.RECEIVED.value, "{}")
    yield (mail.id, mail.at, EventKind.EXAMINED.value, "{}")
    yield (mail.id, mail.at, EventKind.HELD.value, json.dumps(held))


def _hold(mail: _Mail) -> Row:
    """As ``quarantine.services.treating`` stores it: what is searched in upper case by ASCII."""
    written = "\n".join((mail.subject, _written_from(mail), mail.sender))
    # Within a day's mail some waits longer than the rest: the order of dues is not that of arrival.
    due = mail.at + _WAITING + timedelta(minutes=mail.number * 37 % 600)
    terms = (mail.at, due, mail.at + _WAITING * 0.75, HoldEnding.DISCARD.value, mail.at)
    searched = (_folded(written), _folded("\n".join(mail.customers)))
    return (mail.id, mail.sender, json.dumps(_rules(mail)), False, *terms, *searched)


def _processing(mail: _Mail) -> Row:
    return (mail.id, mail.sender, False, True, mail.at)


def _lock(tenant: Tenant) -> Callable[[_Mail], Row]:
    """What makes a mail's row; the key is read before the connection is busy with copying."""
    key = key_of(tenant)

    def protection(mail: _Mail) -> Row:
        name = f"{mail.at:%Y%m%d}-{mail.number:06}.zip"
        secret = seal(key, tenant.schema_name, mail.id, b"Abc2#defgh3Ky")
        return (mail.id, mail.id, mail.sender, name, secret, '["plan.pdf"]', mail.at, "")

    return protection


def _rules(mail: _Mail) -> Sequence[str]:
    return [RULES[mail.number % 3]]


def _written_from(mail: _Mail) -> str:
    return f"{mail.sender.partition('@')[0].title()} <{mail.sender}>"


def _message_id(mail: _Mail) -> str:
    return f"{mail.number:06}@bench.example.jp"


def _folded(text: str) -> str:
    return "".join(char.upper() if char.isascii() else char for char in text)
