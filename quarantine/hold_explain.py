"""Held mail in words: why it waits, where its copies are, who decided. Risks: ``hold_words``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from quarantine.choices import DeliveryState, EventKind, HoldEnding
from quarantine.explain import Badge, copy_badge
from quarantine.models import Processing
from quarantine.permissions import TIME

_SHOWN = 3  # recipients that a sentence names

_STATES: Mapping[str, tuple[Any, str]] = {
    DeliveryState.PENDING: (gettext_lazy("Being examined"), "info"),
    DeliveryState.HELD: (gettext_lazy("Waiting for a decision"), "warn"),
    DeliveryState.QUEUED: (gettext_lazy("Approved, being sent"), "info"),
    DeliveryState.IN_FLIGHT: (gettext_lazy("Approved, being sent"), "info"),
    DeliveryState.DEFERRED: (gettext_lazy("Approved, tried again"), "warn"),
    DeliveryState.DISCARDED: (gettext_lazy("Discarded"), "quiet"),
}
_ENDINGS: Mapping[str, Any] = {
    HoldEnding.DISCARD: gettext_lazy("Then it is discarded."),
    HoldEnding.KEEP: gettext_lazy("It goes on waiting after that."),
    HoldEnding.DELIVER: gettext_lazy("Then it is delivered."),
}


def state(copy_state: str, *, may_wait: bool) -> Badge:
    """Where a copy stands, for whoever decides on it; not all ``may_wait`` for a decision."""
    if may_wait and copy_state in _STATES:
        text, tone = _STATES[copy_state]
        return Badge(str(text), tone)
    return copy_badge(copy_state)


def ending(value: str) -> str:
    """What becomes of the mail when its time is over."""
    return str(_ENDINGS[value])


def why(rules: Sequence[str], *, unreadable: bool) -> str:
    """Why a mail waits, in one sentence."""
    if unreadable:
        return _("Parts of this mail could not be read, so nobody could check what it holds.")
    if not rules:
        return _("It was sent to outside recipients.")
    names = ", ".join(_("“%(name)s”") % {"name": name} for name in rules)
    text = ngettext(
        "It meets the hold rule %(rules)s.", "It meets the hold rules %(rules)s.", len(rules)
    )
    return text % {"rules": names}


def applied(processing: Processing | None) -> tuple[str, ...]:
    """What is done to the copies that leave the company, a sentence each."""
    if processing is None:
        return ()
    done = (
        (processing.hidden, _("The recipients are hidden from each other (forced Bcc).")),
        (processing.locked, _("The attachments were put into an encrypted ZIP file.")),
    )
    return tuple(text for is_done, text in done if is_done)


def person(name: str) -> str:
    """Who decided, as people read it."""
    return _("Nobody (the time was over)") if name == TIME else name


def held(data: Mapping[str, Any]) -> str:
    """The step in which a mail was held."""
    count = int(data.get("count", 1))
    text = ngettext(
        "%(count)d copy to outside waits for the sender.",
        "%(count)d copies to outside wait for the sender.",
        count,
    ) % {"count": count}
    reason = why(list(data.get("rules", ())), unreadable=bool(data.get("unreadable")))
    return f"{text} {reason}"


def decided(kind: EventKind, data: Mapping[str, Any]) -> str:
    """The step in which somebody, or the end of the time, decided."""
    names, count = list(data.get("recipients", ())), int(data.get("count", 1))
    shown = ", ".join(names[:_SHOWN]) + (" …" if count > _SHOWN else "")
    by = str(data.get("by", ""))
    if kind is EventKind.APPROVED:
        text = (
            _("The time was over: the mail goes to %(recipients)s.")
            if by == TIME
            else _("%(by)s had the mail delivered to %(recipients)s.")
        )
    else:
        text = (
            _("The time was over: the mail to %(recipients)s was discarded.")
            if by == TIME
            else _("%(by)s discarded the mail to %(recipients)s.")
        )
    return text % {"by": by, "recipients": shown}
