"""The users' digest, and what its links do."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.db import IntegrityError, transaction

from mailsec.gateway.policy import Policy
from quarantine.errors import NotPermitted
from quarantine.kept import news_for, token_hash
from quarantine.learning import TeachableModel
from quarantine.models import Delivery, Digest, DigestLink
from quarantine.permissions import RECIPIENT, Actor, may_act
from quarantine.services.learning import learn
from quarantine.services.receive import Notice, store_notice
from quarantine.services.release import release
from quarantine.user_lists import put_sender
from tenants.models import Tenant
from tenants.scope import scoped
from threats.choices import ListKind

MOST_ENTRIES = 100  # what a digest has no room for, the next one tells
_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class Entry:
    """One withheld copy of a digest, and the token that opens its page."""

    copy: Delivery
    token: str


@dataclass(frozen=True, slots=True)
class Edition:
    """One recipient's digest of one day; ``before`` is when its news end."""

    recipient: str
    day: date
    before: datetime


class LinkAction(StrEnum):
    """What the page behind a digest's link offers."""

    RELEASE = "release"
    NOT_SPAM = "not-spam"
    ALLOW = "allow"
    BLOCK = "block"


@scoped
def send_digest(
    tenant: Tenant,
    edition: Edition,
    policy: Policy,
    now: datetime,
    write: Callable[[Sequence[Entry], str], Notice],
) -> UUID | None:
    """Store the digest as a notice, once; None where there is no news or it was sent already.

    ``write`` is handed the entries, and the token that opens the page with all of them.
    Row, links and mail are one transaction, so that a worker's death leaves all or nothing, and the
    constraint on recipient and day decides between two workers.
    """
    with transaction.atomic():
        copies = news_for(tenant, edition.recipient, edition.before, MOST_ENTRIES)
        entries = [Entry(copy, secrets.token_urlsafe(_TOKEN_BYTES)) for copy in copies]
        if not entries:
            return None
        keep, token = timedelta(days=policy.quarantine_days), secrets.token_urlsafe(_TOKEN_BYTES)
        try:
            with transaction.atomic():
                digest = Digest.objects.create(
                    recipient=edition.recipient,
                    day=edition.day,
                    created_at=now,
                    notice=UUID(int=0),
                    token_hash=token_hash(token),
                    expires_at=max(copy.message.received_at for copy in copies) + keep,
                )
        except IntegrityError:
            return None
        DigestLink.objects.bulk_create(
            DigestLink(
                digest=digest,
                delivery=entry.copy,
                token_hash=token_hash(entry.token),
                expires_at=entry.copy.message.received_at + keep,
            )
            for entry in entries
        )
        digest.notice = store_notice(tenant, write(entries, token), now)
        digest.save(update_fields=["notice"])
    return digest.notice


def actions_of(link: DigestLink, policy: Policy) -> tuple[LinkAction, ...]:
    """What the holder of this link may do, as the policy stands now."""
    found: tuple[LinkAction, ...] = ()
    if not may_act(RECIPIENT, link.delivery.message):
        return found
    if policy.user_release:
        found += (LinkAction.RELEASE, LinkAction.NOT_SPAM)
    if policy.user_lists:
        found += (LinkAction.ALLOW, LinkAction.BLOCK)
    return found


@scoped
def act_by_link(
    tenant: Tenant,
    link: DigestLink,
    action: LinkAction,
    policy: Policy,
    now: datetime,
    address: str | None,
    kind: type[TeachableModel] | None,
) -> None:
    """Do what the holder of a digest's link asks, for the own copy alone; again does nothing more.

    NotPermitted where policy or verdict do not allow it, and the errors of ``release`` and
    ``put_sender``. ``kind`` is the model that learns, None where there is none to teach.
    """
    if action not in actions_of(link, policy):
        raise NotPermitted(action)
    copy = link.delivery
    actor = Actor(copy.recipient, RECIPIENT, address)
    with transaction.atomic():
        # First, since a lesson takes the model's lock before the message's.
        if action is LinkAction.NOT_SPAM and kind is not None:
            learn(tenant, copy.message_id, False, actor, now, kind)
        if action in {LinkAction.RELEASE, LinkAction.NOT_SPAM}:
            release(tenant, copy.message_id, actor, now, [copy.recipient])
        if action in {LinkAction.ALLOW, LinkAction.BLOCK}:
            put_sender(tenant, ListKind(action.value), copy.message, copy.recipient)
