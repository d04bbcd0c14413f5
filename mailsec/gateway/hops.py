"""What is handed to an SMTP hop and what became of it, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

REPLY_LIMIT = 1000


class TlsMode(StrEnum):
    """How much encryption a hop must give (RFC 3207)."""

    NONE = "none"
    OPPORTUNISTIC = "opportunistic"  # encrypted where it works, in the clear where it does not
    REQUIRED = "required"  # encrypted, the certificate is not checked
    VERIFIED = "verified"  # encrypted, the certificate is checked against the host


@dataclass(frozen=True, slots=True)
class Hop:
    """One server that may take a mail; ``host`` is a name or an address.

    ``public_only`` is for hosts that somebody outside chose, by an MX record: addresses inside our
    own network are then never connected to.
    """

    host: str
    port: int = 25
    tls: TlsMode = TlsMode.OPPORTUNISTIC
    priority: int = 10
    public_only: bool = False


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message with its envelope; ``content`` has CRLF line ends and goes out as it is."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    smtputf8: bool = False


class Outcome(StrEnum):
    """What one attempt brought for one recipient."""

    DELIVERED = "delivered"
    DEFERRED = "deferred"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome for one recipient.

    ``code`` is the SMTP reply code, 0 where no server answered; ``enhanced`` the RFC 3463 status;
    ``reply`` one clean line of at most 1,000 characters; ``tls`` the protocol version, empty in the
    clear. ``ambiguous`` says that the connection broke after the whole content was sent: the remote
    may have the mail, so another attempt may make a second copy.
    """

    recipient: str
    outcome: Outcome
    code: int = 0
    enhanced: str = ""
    reply: str = ""
    host: str = ""
    tls: str = ""
    ambiguous: bool = False


def clean_line(text: str, limit: int = REPLY_LIMIT) -> str:
    """Foreign text as one printable line; runs of anything else become one space."""
    text = text[: limit * 4]
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(text.split())[:limit]


# What is wrong is the address, the mailbox or the size, not what is in the mail (RFC 3463).
_OF_SOMETHING_ELSE = ("1.", "2.", "3.4", "4.", "5.", "7.8", "7.23", "7.24", "7.25", "7.26")


def may_refuse_content(code: int, enhanced: str) -> bool:
    """Whether a server that answered this may have refused the mail for what is in it.

    552 and 554 are what filters answer to encrypted archives; most servers have them for other
    things too, which their RFC 3463 status tells where there is one. 5.6.x is of the content.
    """
    detail = enhanced.partition(".")[2]
    if detail.startswith("6."):
        return 500 <= code < 600 and detail != "6.7"
    return code in (552, 554) and not detail.startswith(_OF_SOMETHING_ELSE)
