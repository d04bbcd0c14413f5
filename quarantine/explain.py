"""Facts in words, in the reader's language: states and verdicts.

Findings: ``finding_words``. Steps: ``trace``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from mailsec.gateway.verdict import Severity
from quarantine.choices import DeliveryState, DirectionChoice, MessageState, VerdictChoice
from quarantine.errors import (
    ContentGone,
    CustodyError,
    NotPermitted,
    UnderWay,
    UnknownMessage,
)
from quarantine.finding_words import finding_words
from quarantine.listing import Copies, Line
from quarantine.models import FindingRow, StoredMessage
from quarantine.selectors import CONDEMNED


@dataclass(frozen=True, slots=True)
class Badge:
    """A word and how it is coloured: good, info, warn, bad or quiet. The word alone says it all."""

    text: str
    tone: str


@dataclass(frozen=True, slots=True)
class Reason:
    """One finding as a sentence, with what became of the thing it was found in."""

    text: str
    severity: Badge


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a list as it is shown."""

    message: StoredMessage
    copies: Copies
    standing: Badge
    verdict: Badge


_STANDINGS: Mapping[str, tuple[Any, str]] = {
    MessageState.RECEIVED: (gettext_lazy("Received"), "info"),
    MessageState.WAITING: (gettext_lazy("Waiting"), "info"),
    MessageState.READY: (gettext_lazy("In delivery"), "info"),
    MessageState.HELD: (gettext_lazy("Waiting for the sender"), "warn"),
    MessageState.QUARANTINED: (gettext_lazy("Quarantined"), "bad"),
    MessageState.SHUNTED: (gettext_lazy("Set aside"), "bad"),
    MessageState.CLOSED: (gettext_lazy("Finished"), "quiet"),
}


def standing(state: str, copies: Copies) -> Badge:
    """Where a message stands as a whole, its copies looked at."""
    if state == MessageState.READY and copies.deferred:
        return Badge(_("Retrying"), "warn")
    if state == MessageState.CLOSED and copies.total:
        if copies.delivered == copies.total:
            return Badge(_("Delivered"), "good")
        if copies.bounced == copies.total:
            return Badge(_("Undeliverable"), "bad")
        if copies.bounced:
            return Badge(_("Partly failed"), "warn")
        if copies.withheld == copies.total:
            return Badge(_("Not delivered"), "quiet")
        if copies.discarded == copies.total:
            return Badge(_("Discarded"), "quiet")
        if copies.discarded:
            return Badge(_("Partly discarded"), "quiet")
    text, tone = _STANDINGS[state]
    return Badge(str(text), tone)


_TONES = {
    DeliveryState.PENDING: "quiet",
    DeliveryState.QUEUED: "info",
    DeliveryState.IN_FLIGHT: "info",
    DeliveryState.DEFERRED: "warn",
    DeliveryState.DELIVERED: "good",
    DeliveryState.BOUNCED: "bad",
    DeliveryState.WITHHELD: "bad",
    DeliveryState.HELD: "warn",
    DeliveryState.DISCARDED: "quiet",
}


def copy_badge(state: str) -> Badge:
    """Where one recipient's copy stands."""
    known = DeliveryState(state)
    return Badge(str(known.label), _TONES[known])


def verdict(message: StoredMessage, severities: Iterable[str]) -> Badge:
    """The one word that decided about a message; what a list or the policy allowed is not clean."""
    if message.direction == DirectionChoice.NOTICE:
        return Badge(_("Own notice"), "quiet")
    if message.verdict == VerdictChoice.CLEAN and any(each != Severity.NOTE for each in severities):
        return Badge(_("Allowed"), "quiet")
    return verdict_badge(message.verdict)


_VERDICTS: Mapping[str, tuple[str, Any]] = {
    VerdictChoice.PENDING: ("quiet", gettext_lazy("The mail has not been examined yet.")),
    VerdictChoice.CLEAN: ("good", gettext_lazy("Nothing harmful was found.")),
    VerdictChoice.SUSPICIOUS: ("warn", gettext_lazy("It shows signs of fraud.")),
    VerdictChoice.SPAM: ("warn", gettext_lazy("It was judged to be spam.")),
    VerdictChoice.FORGED: (
        "warn",
        gettext_lazy("It could not be proved that the named sender wrote it."),
    ),
    VerdictChoice.BLOCKED: ("warn", gettext_lazy("The sender is on a block list.")),
    VerdictChoice.UNEXAMINED: ("warn", gettext_lazy("It could not be examined wholly.")),
    VerdictChoice.FORBIDDEN: ("bad", gettext_lazy("It holds a file of a forbidden type.")),
    VerdictChoice.MALICIOUS: ("bad", gettext_lazy("It holds a virus.")),
}


def verdict_badge(verdict: str) -> Badge:
    """The one word for a whole message."""
    return Badge(str(VerdictChoice(verdict).label), _VERDICTS[verdict][0])


def kept_badge(message: StoredMessage, copies: Copies) -> Badge:
    """Where a message of the quarantine's list stands."""
    if message.state == MessageState.QUARANTINED:
        gone = copies.total - copies.withheld
        return Badge(_("Partly released"), "info") if gone else Badge(_("Held"), "warn")
    if message.state == MessageState.SHUNTED:
        return Badge(_("Set aside"), "bad")
    if message.released_at is None:
        if copies.originals:
            return Badge(_("Original released"), "good")
        return Badge(_("Attachment removed"), "quiet")
    if message.state == MessageState.CLOSED:
        return Badge(_("Released"), "good")
    return Badge(_("Being released"), "info")


def kept_copy_badge(state: str) -> Badge:
    """Where the copy of a message in quarantine stands; a pending one is on its way out."""
    if state == DeliveryState.PENDING:
        return Badge(_("Being released"), "info")
    return copy_badge(state)


def original_copy_badge(state: str) -> Badge:
    """Where a copy of an original stands; a withheld one is not sent any more."""
    if state == DeliveryState.WITHHELD:
        return Badge(_("Not released"), "bad")
    return kept_copy_badge(state)


def refusal(error: CustodyError) -> str:
    """Why something could not be done, for whoever asked for it."""
    texts = {
        NotPermitted: _("Your role may not do this with this mail."),
        ContentGone: _("The content of this mail is not kept any more."),
        UnderWay: _("This mail is just being examined or delivered. Please try again later."),
        UnknownMessage: _("There is no record of this mail any more."),
    }
    return texts.get(type(error), _("This could not be done."))


def held_because(verdict: str) -> str:
    """Why a mail is in quarantine, in one sentence for whoever it was sent to."""
    return str(_VERDICTS[verdict][1])


def stopped_because(verdict: str) -> str:
    """Why an outbound mail went to quarantine, in one sentence for its sender."""
    if verdict in _STOPPING:
        return held_because(verdict)
    return _("The mail could not be changed in the way that your company’s rules ask for.")


_STOPPING = frozenset(
    (VerdictChoice.SPAM, VerdictChoice.BLOCKED, VerdictChoice.FORBIDDEN, VerdictChoice.MALICIOUS)
)


def severity_badge(severity: str) -> Badge:
    """How bad a finding is."""
    names = {
        Severity.NOTE: (_("Note"), "quiet"),
        Severity.UNWANTED: (_("Unwanted"), "warn"),
        Severity.SUSPICIOUS: (_("Suspicious"), "warn"),
        Severity.UNEXAMINED: (_("Unexaminable"), "warn"),
        Severity.FORBIDDEN: (_("Forbidden"), "bad"),
        Severity.MALICIOUS: (_("Harmful"), "bad"),
    }
    return Badge(*names[Severity(severity)])


# Their details are words of the body.
_QUOTING = frozenset(("spam-words-body", "money-request"))


def reasons(findings: Iterable[FindingRow], *, quotes: bool = True) -> list[Reason]:
    """Every finding in words, the worst first; the same sentence once.

    Without ``quotes`` no words of the body are in it.
    """
    order = list(Severity)
    ranked = sorted(findings, key=lambda row: -order.index(Severity(row.severity)))
    found = [
        Reason(finding_words(row.code, detail, row.part), severity_badge(row.severity))
        for row in ranked
        for detail in [{} if row.code in _QUOTING and not quotes else row.detail]
    ]
    return list(dict.fromkeys(found))


def removed_files(message: StoredMessage, findings: Iterable[FindingRow]) -> list[str]:
    """The attachments that were taken out, by name; a quarantined mail is kept whole."""
    if not message.changed or message.release_of_id:
        return []
    condemned = (Severity.MALICIOUS,) if message.files_allowed else CONDEMNED
    parts: dict[int, str] = {}
    for row in findings:
        if row.severity in condemned and row.part is not None:
            parts.setdefault(row.part, row.detail.get("name", "") or _("unnamed file"))
    return list(parts.values())


def forbidden_files(findings: Iterable[FindingRow]) -> list[str]:
    """The files of forbidden types by name, as a release may let them through."""
    found = (row for row in findings if row.severity == Severity.FORBIDDEN)
    return list(dict.fromkeys(row.detail.get("name") or _("unnamed file") for row in found))


def summary(message: StoredMessage, removed: int) -> str:
    """What became of a message, in one sentence for its reader."""
    if message.state == MessageState.QUARANTINED:
        return _("This mail is kept in quarantine. It is not delivered.")
    if message.state == MessageState.SHUNTED:
        return _(
            "A fault of the service stopped this mail. It is kept safely, and the operator has "
            "been told."
        )
    if message.state in {MessageState.RECEIVED, MessageState.WAITING}:
        return _("This mail is kept safely and waits for its examination.")
    if message.state == MessageState.HELD:
        return _("This mail waits for its sender, who delivers or discards it.")
    if message.direction == DirectionChoice.NOTICE:
        return _("This is a notice that the service itself has written.")
    if message.release_of_id:
        return _("This is the original of a mail that was delivered without a part of it.")
    if removed:
        return ngettext(
            "%(count)d attachment was removed from this mail.",
            "%(count)d attachments were removed from this mail.",
            removed,
        ) % {"count": removed}
    if not message.changed:
        return _("Nothing in this mail was changed.")
    # What a person released leaves without tag and warning.
    if message.released_at is None and message.verdict in _TAGGED:
        return _("A tag was put before the subject of this mail.")
    if message.released_at is None and message.verdict in _WARNED:
        return _("A warning was put at the head of this mail.")
    return _("Only header fields or line ends of this mail were corrected.")


_TAGGED = {VerdictChoice.SPAM, VerdictChoice.FORGED, VerdictChoice.BLOCKED}
_WARNED = {VerdictChoice.SUSPICIOUS, VerdictChoice.UNEXAMINED}


def rows(lines: Sequence[Line]) -> list[Row]:
    """The lines of a list in words."""
    return [
        Row(
            line.message,
            line.copies,
            standing(line.message.state, line.copies),
            verdict(line.message, line.severities),
        )
        for line in lines
    ]
