"""The one door to the lists that users keep for themselves."""

from __future__ import annotations

from contextlib import suppress

from mailsec.gateway.errors import InvalidPolicy
from mailsec.gateway.message import Message
from policies.services import lists
from quarantine.errors import ContentGone, CustodyError
from quarantine.models import StoredMessage
from quarantine.selectors import original
from tenants.models import Tenant
from threats.choices import ListKind

_OPPOSITE = {ListKind.ALLOW: ListKind.BLOCK, ListKind.BLOCK: ListKind.ALLOW}


def put_sender(tenant: Tenant, kind: ListKind, message: StoredMessage, recipient: str) -> None:
    """Put the message's author on the recipient's own list, and off the opposite one.

    CustodyError where there is no address that a list could hold.
    """
    try:
        entry = _author(tenant, message)
        with suppress(InvalidPolicy):  # it was not there
            lists.remove_entry(
                tenant, _OPPOSITE[kind].value, entry, recipient=recipient, author=recipient
            )
        lists.add_entry(tenant, kind.value, entry, recipient=recipient, author=recipient)
    except InvalidPolicy as error:
        raise CustodyError(str(error)) from None


def _author(tenant: Tenant, message: StoredMessage) -> str:
    """The one author in From, as people see it; else the envelope's sender."""
    try:
        authors = [each.address for each in Message(original(tenant, message.id)).from_]
    except ContentGone:
        authors = []
    return authors[0] if len(authors) == 1 and authors[0] else message.sender
