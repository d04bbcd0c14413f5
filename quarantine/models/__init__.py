"""Rows of this app; imported by this app alone (see the import contracts)."""

from quarantine.models.content import Content
from quarantine.models.delivery import Delivery
from quarantine.models.digest import Digest, DigestLink
from quarantine.models.event import Event
from quarantine.models.finding import FindingRow
from quarantine.models.hold import Hold, Processing, SenderLink
from quarantine.models.learning import Lesson, SpamModel
from quarantine.models.mail_code import MailCode
from quarantine.models.message import StoredMessage
from quarantine.models.refusal import Refusal
from quarantine.models.stop import Stop

__all__ = [
    "Content",
    "Delivery",
    "Digest",
    "DigestLink",
    "Event",
    "FindingRow",
    "Hold",
    "Lesson",
    "MailCode",
    "Processing",
    "Refusal",
    "SenderLink",
    "SpamModel",
    "Stop",
    "StoredMessage",
]
