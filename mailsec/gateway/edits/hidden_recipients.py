"""Takes the names of the recipients out of a mail's header: forced Bcc (product, 9).

A list of customers is more than To and Cc: clients, lists and servers write recipients into fields
of their own. The body stays byte for byte, and so do the subject and what mail programs thread by.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from urllib.parse import unquote

from mailsec.gateway.edits.order import Order
from mailsec.gateway.errors import EditRefused
from mailsec.gateway.message import Header, Message
from mailsec.gateway.mime import (
    Splice,
    add_header_on_top,
    remove_headers,
    replace_header,
    splice,
)

UNDISCLOSED = b"undisclosed-recipients:;"
# Fields that name recipients by their meaning, whoever they name.
_RECIPIENT_FIELDS = frozenset(
    "to cc bcc resent-to resent-cc resent-bcc apparently-to x-apparently-to envelope-to "
    "x-envelope-to x-original-to x-original-cc delivered-to x-delivered-to x-rcpt-to "
    "x-real-to x-to x-cc x-bcc original-recipient".split()
)
# Fields that stay: the author answers for them, or the mail cannot be read or traced without them.
_KEPT = frozenset(
    "from sender subject date message-id in-reply-to references mime-version content-type "
    "content-transfer-encoding content-disposition content-id content-language return-path "
    "dkim-signature".split()
)
_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"'`|]+@[^\s<>()\[\],;:\"'`|?&/#]+")
# What may stand in front of an address in a link, though an address may hold it too.
_BEFORE_ADDRESS = re.compile(r"^[^@]*[/?&=#%!+]")
_FOR = re.compile(rb"(?is)\s+for\s+<?[^\s<>;]{1,320}>?(?=\s*(?:;|\Z|\())")


def edit(message: Message, order: Order) -> Message:
    """The message that tells no recipient of another where this form of it asks for that."""
    outbound = order.outbound
    if outbound is None or outbound.hidden is None:
        return message
    return hide(message, outbound.hidden, outbound.to)


def hide(message: Message, recipients: Iterable[str], to: str) -> Message:
    """The message without To and Cc and without any field that names one of these recipients.

    ``to`` is the address that stands in To instead; empty for ``undisclosed-recipients:;``.
    ``EditRefused`` where a recipient could still be read in the header afterwards.
    """
    known = frozenset(each.strip().lower() for each in recipients) - {to.lower(), ""}
    value = to.encode("utf-8", "replace") if to else UNDISCLOSED
    shown = next((field for field in message.headers if field.name.lower() in ("to", "cc")), None)
    splices, gone = [], []
    for field in message.headers:
        if field is shown or not _names_recipients(field, known):
            continue
        shortened = _without_for(message, field, known)
        if shortened is None:
            gone.append(field)
        else:
            splices.append(shortened)
    splices += remove_headers(message, message.parts[0], gone)
    if shown is not None:
        splices.append(Splice(shown.start, shown.end, _to_field(shown, value)))
    hidden = Message(splice(message.raw, splices))
    if shown is None:
        hidden = Message(add_header_on_top(hidden.raw, b"To: " + value))
    _check(hidden, known, to)
    return hidden


def _to_field(field: Header, value: bytes) -> bytes:
    return b"To: " + value + field.raw[len(field.raw.rstrip(b"\r\n")) :]


def _names_recipients(field: Header, known: Collection[str]) -> bool:
    name = field.name.lower()
    return name in _RECIPIENT_FIELDS or (name not in _KEPT and _names(field, known))


def _without_for(message: Message, field: Header, known: Collection[str]) -> Splice | None:
    """A trace field that does not say any more for whom (RFC 5321, 4.4); None for all others."""
    if field.name.lower() != "received":
        return None
    rest = _FOR.sub(b"", field.value_raw)
    if _named_in(rest.decode("utf-8", "replace"), known):
        return None
    return replace_header(message, field, rest)


def _names(field: Header, known: Collection[str]) -> bool:
    raw = field.value_raw.decode("utf-8", "replace")
    return _named_in(raw, known) or _named_in(field.decoded, known)


def _named_in(text: str, known: Collection[str]) -> bool:
    """Also as a part of a return path (VERP: ``bounce+name=example.com@…``) or of a link."""
    text = unquote(text).lower()
    for found in _ADDRESS.findall(text):
        address = found.rstrip(".")
        if address in known or _BEFORE_ADDRESS.sub("", address) in known:
            return True
    return "=" in text and any(each.replace("@", "=") in text for each in known if "@" in each)


def _check(message: Message, known: Collection[str], to: str) -> None:
    """Fails closed: reads the result anew."""
    shown = [each.address.lower() for each in (*message.to, *message.cc) if each.address]
    rest = [field for field in message.headers if field.name.lower() not in (*_KEPT, "to")]
    if shown != ([to.lower()] if to else []) or any(_names(field, known) for field in rest):
        raise EditRefused("a recipient can still be read in the header")
