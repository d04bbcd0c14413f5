"""Signs outbound mail for its author's domain (DKIM, RFC 6376), as the last change before it goes.

The body is signed whole (never ``l=``), and of every signed field there can be no second one.
"""

from __future__ import annotations

from datetime import datetime

from mailsec.gateway.dkim import signing
from mailsec.gateway.dkim.signing import SigningKey
from mailsec.gateway.edits.order import Order
from mailsec.gateway.message import Message

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
    """The message with its author's signature on top, where one would hold; ``when`` is aware."""
    return signing.signed(message, key, when, _SIGNED)
