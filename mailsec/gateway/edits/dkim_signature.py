"""Signs outbound mail for its author's domain (DKIM, RFC 6376), as the last change before it goes.

The body is signed whole (never ``l=``), and of every signed field there can be no second one.
"""

from __future__ import annotations

from datetime import datetime

from mailsec.gateway.dkim import signing
from mailsec.gateway.dkim.canonical import SignedForm
from mailsec.gateway.dkim.signing import SigningKey
from mailsec.gateway.edits.order import Order
from mailsec.gateway.message import Message
from mailsec.gateway.mime import Splice, splice

# Section 5.4.1 without Resent-*, which whoever passes mail on adds, and with the fields of MIME and
# RFC 8058. None of them may stand twice, so each that is there is closed against a second one.
_SIGNED = (
    "from sender reply-to subject date message-id to cc in-reply-to references mime-version "
    "content-type content-transfer-encoding content-id content-description list-id list-help "
    "list-unsubscribe list-unsubscribe-post list-subscribe list-post list-owner list-archive"
).split()


def edit(message: Message, order: Order) -> Message:
    """The message signed, where its author's domain has a key, or itself."""
    outbound = order.outbound
    if outbound is None or outbound.key is None:
        return message
    return signed(message, outbound.key, order.when)


def signed(message: Message, key: SigningKey, when: datetime) -> Message:
    """The message with the signature on top; itself where no signature of it would hold.

    That is mail without From or with more of them than are signed, and mail with a bare CR or LF,
    which every server on the way puts right as it likes. ``when`` is aware.
    """
    if not _can_be_signed(message):
        return message
    at = message.headers[0].start
    field = signature_field(message, key, when)
    return Message(splice(message.raw, [Splice(at, at, field)]))


def signature_field(message: Message, key: SigningKey, when: datetime) -> bytes:
    """The DKIM-Signature of the message as it stands, with its line end."""
    form = SignedForm(message)
    covered = signing.names(form, _SIGNED, closed=_SIGNED)
    return signing.signature_field("DKIM-Signature: v=1;", form, covered, key, when)


def _can_be_signed(message: Message) -> bool:
    raw = message.raw
    lines = raw.count(b"\r\n")
    if raw.count(b"\n") != lines or raw.count(b"\r") != lines:
        return False
    return 1 <= len(message.all("from")) <= signing.MOST_ALIKE
