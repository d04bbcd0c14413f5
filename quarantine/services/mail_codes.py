"""Codes by mail: whoever reads an address's mail may see what is held for it."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from mailsec.gateway.envelope import domain_of
from quarantine.models import MailCode
from quarantine.services.receive import Notice, store_notice
from tenants.keys import key_of
from tenants.models import Tenant
from tenants.scope import scoped
from tenants.selectors import domains_of

LIFE = timedelta(minutes=10)
_TRIES = 5
_PAUSE = timedelta(seconds=60)
_MOST_AN_HOUR = 5  # with five tries each, a day of guessing finds one code in 1,600
_HOUR = timedelta(hours=1)


@scoped
def send_code(
    tenant: Tenant, address: str, write: Callable[[str], Notice], now: datetime
) -> UUID | None:
    """Mail a new code to an address (lower case) of the tenant; the id of the mail.

    None, and nothing is written, for an address outside its domains, within 60 seconds of the last
    code, and for the sixth in an hour. An older code is worth nothing from then on.
    """
    if domain_of(address) not in domains_of(tenant):
        return None
    with transaction.atomic():
        code = f"{secrets.randbelow(1_000_000):06}"
        fresh = {
            "code_hash": _hash(tenant, address, code),
            "sent_at": now,
            "expires_at": now + LIFE,
            "counted_from": now,
        }
        row, made = MailCode.objects.select_for_update().get_or_create(
            address=address, defaults=fresh
        )
        if not made and now < row.sent_at + _PAUSE:
            return None
        if now >= row.counted_from + _HOUR:
            row.counted_from, row.mailed = now, 0
        if row.mailed >= _MOST_AN_HOUR:
            return None
        row.code_hash, row.sent_at, row.expires_at = fresh["code_hash"], now, now + LIFE
        row.tries, row.mailed = 0, row.mailed + 1
        row.save()
        return store_notice(tenant, write(code), now)


@scoped
def check_code(tenant: Tenant, address: str, code: str, now: datetime) -> bool:
    """Whether this is the code that was mailed; a right one is used up, a wrong one counted."""
    with transaction.atomic():
        row = MailCode.objects.select_for_update().filter(address=address).first()
        if row is None or now >= row.expires_at or row.tries >= _TRIES:
            return False
        right = hmac.compare_digest(bytes(row.code_hash), _hash(tenant, address, code))
        # The row stays for its count of mails; the code in it is over.
        row.tries = _TRIES if right else row.tries + 1
        row.save(update_fields=["tries"])
    return right


def _hash(tenant: Tenant, address: str, code: str) -> bytes:
    text = f"mail code\n{tenant.schema_name}\n{address}\n{code}"
    return hmac.digest(key_of(tenant), text.encode(), "sha256")
