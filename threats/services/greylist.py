"""Greylisting's memory: whether mail came again after it was asked to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection
from django_tenants.utils import get_public_schema_name, schema_context

from threats.models import GreyPass

WAIT = timedelta(seconds=60)
RETRY_WINDOW = timedelta(hours=4)
PASS = timedelta(days=36)

# One statement for all recipients of a mail. It also settles what two listeners ask at once: the
# second one waits for the first one's row and sees it.
_ASK = """
INSERT INTO threats_greypass AS kept (key, first_seen, passed, expires_at)
SELECT key, %(now)s, FALSE, %(window)s FROM unnest(%(keys)s::bytea[]) AS key ORDER BY key
ON CONFLICT (key) DO UPDATE SET
  first_seen = CASE WHEN kept.expires_at < %(now)s THEN %(now)s ELSE kept.first_seen END,
  passed = kept.expires_at >= %(now)s AND (kept.passed OR kept.first_seen <= %(ripe)s),
  expires_at = CASE
    WHEN kept.expires_at < %(now)s THEN %(window)s
    WHEN kept.passed OR kept.first_seen <= %(ripe)s THEN %(pass)s
    ELSE kept.expires_at END
RETURNING passed
"""


def greylist(keys: Sequence[bytes], now: datetime, wait: timedelta = WAIT) -> bool:
    """Whether mail with these keys has waited long enough; what is new is remembered.

    True where each of them came again after ``wait`` and within four hours, and from then on for
    36 days after its last mail.
    """
    with schema_context(get_public_schema_name()), connection.cursor() as cursor:
        cursor.execute(
            _ASK,
            {
                "keys": sorted(set(keys)),
                "now": now,
                "ripe": now - wait,
                "window": now + RETRY_WINDOW,
                "pass": now + PASS,
            },
        )
        return all(passed for (passed,) in cursor.fetchall())


def forget_ended_passes(now: datetime) -> int:
    """Remove what is over; returns how many rows went."""
    with schema_context(get_public_schema_name()):
        count, _ = GreyPass.objects.filter(expires_at__lt=now).delete()
    return count
