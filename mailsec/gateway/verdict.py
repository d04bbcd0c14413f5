"""What was found in a message, and what is decided from it: frozen values, no behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from mailsec.gateway.authentication import Authentication


class Severity(StrEnum):
    """How bad a finding is, mildest first."""

    NOTE = "note"
    UNWANTED = "unwanted"  # spam or forged: what is done with it depends on score and policy
    SUSPICIOUS = "suspicious"
    UNEXAMINED = "unexamined"  # could not be looked into: never counts as clean
    FORBIDDEN = "forbidden"  # harmless or not, the policy does not let it in
    MALICIOUS = "malicious"


@dataclass(frozen=True, slots=True)
class Finding:
    """One fact that a filter found.

    ``check`` is the filter's name, ``code`` a stable reason (``virus``, ``file-type``,
    ``encrypted`` …) that the console turns into words, ``part`` the index in ``Message.parts`` or
    None for the whole message, ``detail`` plain strings for the reader: ``name`` (file), ``inside``
    (path in a container), ``virus``, ``type`` …
    """

    check: str
    code: str
    severity: Severity
    part: int | None = None
    detail: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Ticket:
    """An examination that goes on elsewhere; the message waits for it, no worker does."""

    port: str
    reference: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """All that was found in one message.

    ``spam_score`` is 0 to 100, None where nobody classified the message.
    """

    findings: tuple[Finding, ...] = ()
    tickets: tuple[Ticket, ...] = ()
    spam_score: float | None = None
    authentication: Authentication = field(default_factory=Authentication)


class Disposition(StrEnum):
    """What becomes of a message as a whole."""

    DELIVER = "deliver"
    QUARANTINE = "quarantine"


class Label(StrEnum):
    """One word for a whole message, mildest first; what decided names it."""

    CLEAN = "clean"
    SUSPICIOUS = "suspicious"
    SPAM = "spam"
    FORGED = "forged"
    BLOCKED = "blocked"
    UNEXAMINED = "unexamined"
    FORBIDDEN = "forbidden"
    MALICIOUS = "malicious"


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done, and why.

    ``remove`` maps a part's index to the finding that condemns it; ``banner`` holds what the reader
    is warned of besides, at the head of the body. ``restricted`` mail may be released by
    administrators alone, and no digest shows it to a user.
    """

    disposition: Disposition
    label: Label = Label.CLEAN
    remove: Mapping[int, Finding] = field(default_factory=lambda: MappingProxyType({}))
    subject_prefix: str = ""
    keep_original: bool = False
    reasons: tuple[Finding, ...] = ()
    banner: tuple[Finding, ...] = ()
    restricted: bool = False

    @property
    def changes_message(self) -> bool:
        """Whether the outgoing form differs from what was received."""
        return bool(self.remove or self.banner or self.subject_prefix)
