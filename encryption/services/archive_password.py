"""The password of a mail's archive: kept once, told once to each recipient who has the mail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.services import record
from encryption.models import PasswordMail, Protection
from mailsec.gateway.outgoing import Secret
from quarantine.cleaning import clean
from quarantine.identifiers import new_id
from quarantine.permissions import Actor
from quarantine.sealing import seal, unseal
from quarantine.selectors import delivered_to, message_row
from quarantine.services import Notice, store_notice
from tenants.keys import key_of
from tenants.models import Tenant
from tenants.scope import scoped

_MOST_FILES = 100  # names that are kept to be shown


@dataclass(frozen=True, slots=True)
class Locked:
    """What was locked up: by whom it was sent, with which secret, and the files' names."""

    sender: str
    secret: Secret
    files: Sequence[str]


@scoped
def keep_secret(
    tenant: Tenant, message_id: UUID, locked: Locked, now: datetime, notify_at: datetime | None
) -> None:
    """Store what opens the archive, inside the transaction that stores the archive itself.

    With ``notify_at`` the recipients are told from then on without anybody's asking.
    """
    identifier = new_id()
    password = locked.secret.password.encode("ascii")
    Protection.objects.create(
        id=identifier,
        message_id=message_id,
        sender=locked.sender,
        archive_name=locked.secret.archive_name,
        password=seal(key_of(tenant), tenant.schema_name, identifier, password),
        files=[clean(name, 200) for name in locked.files[:_MOST_FILES]],
        created_at=now,
        notify_at=notify_at,
    )


@scoped
def secret_of(tenant: Tenant, message_id: UUID) -> Secret | None:
    """What opens the archive of this mail, None where it has none."""
    row = Protection.objects.filter(message_id=message_id).first()
    if row is None:
        return None
    password = unseal(key_of(tenant), tenant.schema_name, row.id, bytes(row.password))
    return Secret(row.archive_name, password.decode("ascii"))


@scoped
def allow_password_mails(tenant: Tenant, message_id: UUID, actor: Actor, now: datetime) -> bool:
    """The sender has looked at the recipients: tell them. False where that was said before."""
    with transaction.atomic():
        row = Protection.objects.select_for_update().filter(message_id=message_id).first()
        if row is None or (row.notify_at is not None and row.notify_at <= now):
            return False
        row.notify_at, row.notified_by = now, actor.name
        row.save(update_fields=["notify_at", "notified_by"])
        record(
            actor=actor.name[:254],
            action="zip.notify",
            subject=message_id.hex,
            address=actor.address,
            after={"role": actor.role},
        )
    return True


@scoped
def send_password_mails(
    tenant: Tenant,
    message_id: UUID,
    write: Callable[[Secret, str, str, str], Notice],
    now: datetime,
) -> list[UUID]:
    """Tell the password to everybody whose server has taken the mail and who was not told yet.

    ``write`` makes the mail of a secret for one recipient, from the sender's address and the
    subject of the mail that was sent. Each is told once, whoever asks and how often;
    returns the ids of the mails, which the caller announces to the workers.
    """
    with transaction.atomic():
        row = Protection.objects.select_for_update().filter(message_id=message_id).first()
        if row is None or row.notify_at is None or row.notify_at > now:
            return []
        told = set(row.password_mails.values_list("recipient", flat=True))
        due = [each for each in delivered_to(tenant, message_id, locked=True) if each not in told]
        secret = secret_of(tenant, message_id)
        if not due or secret is None:
            return []
        subject = message_row(tenant, message_id).subject
        mails = [
            PasswordMail(
                protection=row,
                recipient=recipient,
                notice=store_notice(tenant, write(secret, recipient, row.sender, subject), now),
                sent_at=now,
            )
            for recipient in due
        ]
        PasswordMail.objects.bulk_create(mails)
    return [mail.notice for mail in mails]
