"""The steps of a message's trace in words, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from mailsec.gateway.verdict import Severity
from quarantine import hold_explain
from quarantine.choices import DirectionChoice, EventKind
from quarantine.explain import Badge, copy_badge
from quarantine.finding_words import finding_words
from quarantine.models import Event, StoredMessage
from quarantine.selectors import CONDEMNED

Words = Callable[[StoredMessage, Mapping[str, Any]], str]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One copy's result in one delivery attempt."""

    recipient: str
    state: Badge
    host: str
    reply: str
    number: int
    retry_at: datetime | None


@dataclass(frozen=True, slots=True)
class Step:
    """One event of the trace.

    ``notice`` is the queue id of a notice that was sent in this step, ``original`` that of a
    message which sends this one's original.
    """

    at: datetime
    kind: str
    title: str
    text: str
    attempts: tuple[Attempt, ...] = ()
    notice: str = ""
    original: str = ""


def step(message: StoredMessage, event: Event) -> Step:
    """One event of the trace in words."""
    kind = EventKind(event.kind)
    words = _EVENTS[kind]
    data: Mapping[str, Any] = event.data
    return Step(
        at=event.at,
        kind=kind.value,
        title=str(kind.label),
        text=words(message, data),
        attempts=_attempts(data.get("results", ())),
        notice=str(data.get("notice", "")),
        original=str(data.get("message", "")),
    )


def _attempts(results: Sequence[Mapping[str, Any]]) -> tuple[Attempt, ...]:
    return tuple(
        Attempt(
            recipient=result["recipient"],
            state=copy_badge(result["state"]),
            host=result["host"],
            reply=result["reply"],
            number=result["attempt"],
            retry_at=datetime.fromisoformat(result["retry_at"]) if result["retry_at"] else None,
        )
        for result in results
    )


def _received(message: StoredMessage, data: Mapping[str, Any]) -> str:
    if message.direction == DirectionChoice.NOTICE:
        return _("The service wrote this notice.")
    if message.release_of_id:
        return _("An administrator had the original of a delivered mail sent after it.")
    return _("The mail was taken over from %(ip)s and stored.") % {"ip": message.client_ip}


def _waiting(message: StoredMessage, data: Mapping[str, Any]) -> str:
    if data.get("reason") == "scanner":
        return _("The virus scanner gave no answer. The examination is tried again by itself.")
    return _("The examination could not be finished. It is tried again by itself.")


def _examined(message: StoredMessage, data: Mapping[str, Any]) -> str:
    removed = int(data.get("removed", 0))
    if removed:
        return ngettext(
            "%(count)d attachment is removed before delivery.",
            "%(count)d attachments are removed before delivery.",
            removed,
        ) % {"count": removed}
    severities = {reason.get("severity") for reason in data.get("reasons", ())}
    if Severity.FORBIDDEN in severities:
        return _(
            "It holds files of forbidden types and is delivered with them, because an "
            "administrator let them through."
        )
    if Severity.UNWANTED in severities:
        return _("It is delivered with a tag before its subject.")
    if Severity.SUSPICIOUS in severities:
        return _("It looks suspicious and is delivered.")
    if severities:
        return _("Not everything could be examined. The mail is delivered all the same.")
    return _("Nothing was found.")


def _reclaimed(message: StoredMessage, data: Mapping[str, Any]) -> str:
    return _("A delivery to %(recipient)s ended without a result and is tried again.") % {
        "recipient": data.get("recipient", "")
    }


def _released(message: StoredMessage, data: Mapping[str, Any]) -> str:
    text = ngettext(
        "%(by)s released the mail for %(count)d recipient (%(recipients)s). It is examined again "
        "first.",
        "%(by)s released the mail for %(count)d recipients (%(recipients)s). It is examined again "
        "first.",
        int(data.get("count", 1)),
    )
    return " ".join([text % _release_facts(data), *_conditions(data)])


def _release_facts(data: Mapping[str, Any]) -> dict[str, Any]:
    recipients = list(data.get("recipients", ()))
    return {
        "by": data.get("by", ""),
        "count": int(data.get("count", 1)),
        "recipients": ", ".join(recipients[:3]) + (" …" if len(recipients) > 3 else ""),
    }


def _original(message: StoredMessage, data: Mapping[str, Any]) -> str:
    text = ngettext(
        "%(by)s had the original sent to %(count)d recipient (%(recipients)s). It is examined "
        "again first.",
        "%(by)s had the original sent to %(count)d recipients (%(recipients)s). It is examined "
        "again first.",
        int(data.get("count", 1)),
    )
    return " ".join([text % _release_facts(data), *_conditions(data)])


def _conditions(data: Mapping[str, Any]) -> list[str]:
    """What a release allows, and why."""
    said = []
    if data.get("files_allowed"):
        said.append(_("Forbidden file types are let through."))
    if data.get("why"):
        said.append(_("Reason: %(why)s") % {"why": data["why"]})
    return said


def _refused(message: StoredMessage, data: Mapping[str, Any]) -> str:
    return " ".join([_("The original was examined again and not sent."), *_condemning(data)])


def _quarantined(message: StoredMessage, data: Mapping[str, Any]) -> str:
    said = _("The mail is kept in quarantine and not delivered.")
    return " ".join([said, *_condemning(data)])


def _condemning(data: Mapping[str, Any]) -> list[str]:
    """What nobody may let go, in sentences: why a release came to nothing."""
    found = [
        finding_words(each.get("code", ""), each.get("detail", {}), None)
        for each in data.get("reasons", ())
        if each.get("severity") in CONDEMNED
    ]
    return list(dict.fromkeys(found))


def _by(text: Any) -> Words:
    return lambda message, data: str(text) % {"by": data.get("by", "")}


def _learned(message: StoredMessage, data: Mapping[str, Any]) -> str:
    if data.get("is_spam"):
        text = _("%(by)s marked the mail as spam, and the spam filter learned from it.")
    else:
        text = _("%(by)s marked the mail as no spam, and the spam filter learned from it.")
    return text % {"by": data.get("by", "")}


def _fixed(text: Any) -> Words:
    return lambda message, data: str(text)


def _told(text: Any) -> Words:
    return lambda message, data: str(text) % {"to": data.get("to", "")}


_EVENTS: Mapping[EventKind, Words] = {
    EventKind.RECEIVED: _received,
    EventKind.WAITING: _waiting,
    EventKind.EXAMINED: _examined,
    EventKind.QUARANTINED: _quarantined,
    EventKind.ATTEMPTED: _fixed(gettext_lazy("The mail was offered to the next server.")),
    EventKind.RECLAIMED: _reclaimed,
    EventKind.BOUNCE_SENT: _told(gettext_lazy("A notice of the failed delivery went to %(to)s.")),
    EventKind.DELAY_SENT: _told(gettext_lazy("A notice of the delayed delivery went to %(to)s.")),
    EventKind.SHUNTED: _fixed(
        gettext_lazy("A fault of the service stopped the mail. The operator has been told.")
    ),
    EventKind.RESUBMITTED: _fixed(
        gettext_lazy("The operator sent the mail through the examination again.")
    ),
    EventKind.CLOSED: _fixed(gettext_lazy("Every copy has come to its end.")),
    EventKind.RELEASED: _released,
    EventKind.RETAINED: _fixed(gettext_lazy("The other recipients' copies stay in quarantine.")),
    EventKind.DELETED: _by(gettext_lazy("%(by)s deleted the content of the mail.")),
    EventKind.EXPIRED: _fixed(
        gettext_lazy("The time in quarantine is over. The content was removed.")
    ),
    EventKind.LEARNED: _learned,
    EventKind.ORIGINAL: _original,
    EventKind.REFUSED: _refused,
    EventKind.UNLEARNED: _by(gettext_lazy("%(by)s took back what the spam filter had learned.")),
    EventKind.HELD: lambda message, data: hold_explain.held(data),
    EventKind.APPROVED: lambda message, data: hold_explain.decided(EventKind.APPROVED, data),
    EventKind.DISCARDED: lambda message, data: hold_explain.decided(EventKind.DISCARDED, data),
    EventKind.REMINDED: _fixed(gettext_lazy("The sender was reminded of the mail.")),
}
