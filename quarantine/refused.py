"""Refused mail in words, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from quarantine.choices import RefusalReason
from quarantine.models import Refusal

Words = Callable[[Mapping[str, Any]], str]


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the list: ``text`` says why, ``points`` what spoke against the client, and
    ``outcome`` what came of mail that was put off; empty for any other."""

    refusal: Refusal
    reason: str
    text: str
    points: tuple[str, ...] = ()
    outcome: str = ""


def line(refusal: Refusal) -> Line:
    """One refusal in words."""
    detail: Mapping[str, Any] = refusal.detail
    reason = RefusalReason(refusal.reason)
    points = detail.get("points", ())
    return Line(
        refusal=refusal,
        reason=str(reason.label),
        text=_text(reason, detail, refusal.count),
        points=tuple(_point(point) for point in points if isinstance(point, Mapping)),
        outcome=_outcome(refusal),
    )


def _outcome(refusal: Refusal) -> str:
    if refusal.taken_at is not None:
        time = f"{localtime(refusal.taken_at):%Y-%m-%d %H:%M}"
        return _("It came again and was taken at %(time)s.") % {"time": time}
    if refusal.grey_key is not None:
        return _("It has not come again from this server so far.")
    return ""


def _text(reason: RefusalReason, detail: Mapping[str, Any], count: int) -> str:
    entry = {"entry": str(detail.get("entry", ""))}
    match reason:
        case RefusalReason.OPERATOR:
            return _("The operator blocks “%(entry)s” for all tenants.") % entry
        case RefusalReason.TENANT:
            return _("Your block list holds “%(entry)s”.") % entry
        case RefusalReason.USER:
            return _("The recipient's own block list holds “%(entry)s”.") % entry
        case RefusalReason.REPUTATION:
            return _(
                "The sending server has %(score)s points; mail is refused from a limit on."
            ) % {"score": detail.get("score", "")}
        case RefusalReason.GREYLISTED:
            return _(
                "The sending server has %(score)s points and proved its sender neither by SPF nor"
                " by DKIM, so it was asked to come again later. Proper servers do so by themselves."
            ) % {"score": detail.get("score", "")}
        case RefusalReason.RATE:
            return _(
                "The sending server handed in more within a minute than it may, so it was asked to"
                " come again later. Proper servers do so by themselves."
            )
        case RefusalReason.MANY:
            return _("%(count)s more refusals came within one minute.") % {"count": count}


def _point(point: Mapping[str, Any]) -> str:
    words = _POINTS.get(str(point.get("code", "")))
    text = words(point) if words else str(point.get("code", ""))
    return _("%(text)s (%(weight)s)") % {"text": text, "weight": point.get("weight", "")}


_POINTS: Mapping[str, Words] = {
    "dnsbl": lambda point: (
        _("Listed by the DNS block list %(zone)s") % {"zone": point.get("zone", "")}
    ),
    "no-ptr": lambda point: _("The IP address has no name in the DNS"),
    "ptr-unconfirmed": lambda point: (
        _("The name %(name)s does not lead back to the IP address")
        % {"name": point.get("name", "")}
    ),
    "ptr-dynamic": lambda point: (
        _("The name %(name)s looks like that of a private line") % {"name": point.get("name", "")}
    ),
    "helo-ours": lambda point: (
        _("The server greeted with our own name: %(helo)s") % {"helo": point.get("helo", "")}
    ),
    "helo-other-ip": lambda point: (
        _("The server greeted with the IP address of another: %(helo)s")
        % {"helo": point.get("helo", "")}
    ),
    "helo-bare-ip": lambda point: (
        _("The server greeted with an IP address: %(helo)s") % {"helo": point.get("helo", "")}
    ),
    "helo-no-name": lambda point: (
        _("The server greeted with an incomplete name: %(helo)s") % {"helo": point.get("helo", "")}
    ),
}
