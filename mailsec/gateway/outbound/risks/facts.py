"""A mail before it leaves, and one thing that may be wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from mailsec.gateway.message import Message
from mailsec.gateway.outbound.letter import new_text
from mailsec.gateway.ports import Correspondence


class RiskCode(StrEnum):
    """The facts that are looked for; words for people stand in ``quarantine.hold_words``."""

    LOOKALIKE = "lookalike"
    OTHER_COMPANY = "other-company"
    SALUTATION = "salutation"
    FIRST_MAIL = "first-mail"
    MISSING_ATTACHMENT = "missing-attachment"
    MY_NUMBER = "my-number"
    CARD_NUMBER = "card-number"


@dataclass(frozen=True, slots=True)
class Risk:
    """One fact, of one recipient or, where that is empty, of the whole mail.

    ``detail`` holds plain strings for the reader, each one short line.
    """

    code: RiskCode
    recipient: str = ""
    detail: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Dispatch:
    """A mail with the outside recipients of its envelope (``recipients.outside``).

    ``letter`` is what its sender wrote this time. Without ``correspondence`` the facts that need it
    are not looked for.
    """

    message: Message
    recipients: tuple[str, ...]
    own_domains: tuple[str, ...] = ()
    correspondence: Correspondence | None = None
    letter: str = ""


def dispatch(
    message: Message,
    recipients: tuple[str, ...],
    own_domains: tuple[str, ...],
    correspondence: Correspondence | None,
) -> Dispatch:
    """The mail with its letter read."""
    return Dispatch(message, recipients, own_domains, correspondence, new_text(message))
