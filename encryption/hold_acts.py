"""What the buttons of an outbound mail's page do; the same for its sender and for the console.

Everything is asked for by POST and done by the services, once: a second click, another tab and
another person get an honest answer instead of a second release.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from encryption.services import allow_password_mails
from mailsec.celery import enqueue_sweep
from quarantine import explain, services
from quarantine.choices import EventKind
from quarantine.errors import CustodyError
from quarantine.hold_page import HoldPage
from quarantine.permissions import Actor
from quarantine.services import Decided
from tenants.models import Tenant


class Wish(StrEnum):
    """What a button asks for; ``DISCARD`` is asked once more, and only ``DISCARD_NOW`` does it."""

    DELIVER = "deliver"
    DISCARD = "discard"
    DISCARD_NOW = "discard-now"
    NOTIFY = "notify"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the page is, where its forms are sent, and the template that asks once more.

    ``section`` is the console's, empty on the sender's page.
    """

    address: str
    target: str
    confirm: str
    section: str = ""


def act(
    request: HttpRequest, tenant: Tenant, page: HoldPage, actor: Actor, place: Place
) -> HttpResponse:
    """Do what was asked for, and go back to the page with a word about it."""
    asked = request.POST.get("action", "")
    names = request.POST.getlist("recipient")
    everybody = request.POST.get("scope") == "all"
    if asked == Wish.NOTIFY:
        _notify(request, tenant, page, actor)
    elif asked not in list(Wish) or not (everybody or names):
        messages.error(request, _("This could not be done."))
    elif asked == Wish.DISCARD and (lines := _still_waiting(page, None if everybody else names)):
        context = {
            "page": page,
            "lines": lines,
            "scope": "all" if everybody else "",
            "place": place,
            "section": place.section,
        }
        return render(request, place.confirm, context)
    else:
        _decide(request, tenant, page, actor, Wish(asked), None if everybody else names)
    return redirect(place.address)


def _still_waiting(page: HoldPage, names: Sequence[str] | None) -> list[str]:
    waiting = [line.copy.recipient for line in page.waiting]
    return waiting if names is None else [each for each in waiting if each in set(names)]


def _decide(
    request: HttpRequest,
    tenant: Tenant,
    page: HoldPage,
    actor: Actor,
    wish: Wish,
    names: Sequence[str] | None,
) -> None:
    # A discard gets here unasked only where nothing waited any more: then it does nothing.
    delivers = wish is Wish.DELIVER
    do = services.deliver_held if delivers else services.discard_held
    try:
        done: Decided | None = None
        if wish is not Wish.DISCARD:
            done = do(tenant, page.message.id, actor, timezone.now(), names)
    except CustodyError as error:
        messages.error(request, explain.refusal(error))
        return
    count = len(done.recipients) if done else 0
    if not count:
        messages.info(request, _already(page, names))
    elif delivers:
        text = ngettext(
            "Delivery approved for %(count)d recipient. The mail leaves in a moment.",
            "Delivery approved for %(count)d recipients. The mail leaves in a moment.",
            count,
        )
        messages.success(request, text % {"count": count})
    else:
        text = ngettext(
            "Discarded for %(count)d recipient. Nothing is sent there.",
            "Discarded for %(count)d recipients. Nothing is sent there.",
            count,
        )
        messages.success(request, text % {"count": count})


def _already(page: HoldPage, names: Sequence[str] | None) -> str:
    """Who had decided before, what and when: the last who did so on one of these recipients."""
    decided = [
        (step, facts)
        for step, facts in page.decisions
        if step.kind in (EventKind.APPROVED, EventKind.DISCARDED)
    ]
    about = [each for each in decided if not names or set(names) & set(each[1])]
    if not decided:
        return _("Nothing was changed: no copy of this mail waits.")
    step, _facts = (about or decided)[-1]
    moment = date_format(timezone.localtime(step.at), "Y-m-d H:i")
    return _("Nothing was changed: it was already decided at %(time)s. %(what)s") % {
        "time": moment,
        "what": step.text,
    }


def _notify(request: HttpRequest, tenant: Tenant, page: HoldPage, actor: Actor) -> None:
    if page.locked_copies_bounced:
        words = _("No server took the mail with the archive, so nobody is told the password.")
        messages.error(request, words)
    elif not page.locked_copies_go:
        messages.error(request, _("First let the mail go to a recipient."))
    elif allow_password_mails(tenant, page.message.id, actor, timezone.now()):
        enqueue_sweep(tenant.slug)  # what a worker would find by itself some seconds later
        messages.success(
            request,
            _("Each recipient is told the password as soon as their server has taken the mail."),
        )
    else:
        messages.info(request, _("This was asked for before. Nobody is told twice."))
