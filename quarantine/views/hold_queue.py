"""The hold queue of the console: the list, and decisions on several mails at once."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from quarantine import explain, hold_explain, hold_listing, services
from quarantine.hold_forms import HoldChoice, HoldSearch
from quarantine.hold_listing import HoldLine, HoldList
from quarantine.models import StoredMessage
from quarantine.permissions import may_decide
from quarantine.services import Done, HoldAction
from quarantine.views.actions import actor_of
from quarantine.views.paging import cursor
from tenants.access import ConsoleRequest, tenant_action, tenant_page


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the queue as it is shown."""

    line: HoldLine
    message: StoredMessage
    badge: explain.Badge
    by: str


@tenant_page
def hold_queue(request: ConsoleRequest) -> HttpResponse:
    """What waits and matches the filters, due soonest first; or what was decided, latest first."""
    form = HoldSearch(request.GET)
    page = HoldList()
    if form.is_valid():
        page = hold_listing.hold_list(
            request.tenant,
            form.wanted(),
            after=cursor(request, "after"),
            before=cursor(request, "before"),
        )
    context = {
        "form": form,
        "rows": [_row(line) for line in page.lines],
        "tabs": [(value, label) for value, label in form.fields["state"].choices],  # type: ignore[attr-defined]
        "tab": request.GET.get("state") or "waiting",
        "waiting_count": hold_listing.waiting_count(request.tenant),
        "previous": page.previous.hex if page.previous else "",
        "next": page.next.hex if page.next else "",
        "may_decide": may_decide(request.user.role),
        "all_chosen": request.GET.get("choose") == "all",
        "section": "holds",
    }
    return render(request, "holds/queue.html", context)


def _row(line: HoldLine) -> Row:
    return Row(line, line.message, _badge(line), hold_explain.person(line.hold.ended_by))


def _badge(line: HoldLine) -> explain.Badge:
    if line.waiting:
        text = ngettext("%(count)d copy waits", "%(count)d copies wait", line.waiting)
        return explain.Badge(text % {"count": line.waiting}, "warn")
    if line.discarded == line.total:
        return explain.Badge(_("Discarded"), "quiet")
    if line.discarded:
        return explain.Badge(_("Partly discarded"), "quiet")
    return explain.Badge(_("Let go"), "good")


@tenant_action
def confirm(request: ConsoleRequest) -> HttpResponse:
    """The page that asks once more: what is to be done, with which mails."""
    form = _choice(request)
    if not form.is_valid():
        return _nothing_chosen(request, form)
    lines = hold_listing.holds_among(request.tenant, form.cleaned_data["id"])
    context = {
        "action": form.cleaned_data["action"],
        "rows": [_row(line) for line in lines if line.waiting],
        "settled": [_row(line) for line in lines if not line.waiting],
        "section": "holds",
    }
    return render(request, "holds/confirm.html", context)


@tenant_action
def act(request: ConsoleRequest) -> HttpResponse:
    """Do it, and tell the result of each; sent twice it does nothing more."""
    form = _choice(request)
    if not form.is_valid():
        return _nothing_chosen(request, form)
    ids, action = form.cleaned_data["id"], HoldAction(form.cleaned_data["action"])
    done = services.decide_on(request.tenant, ids, action, actor_of(request), timezone.now())
    lines = {line.message.id: line for line in hold_listing.holds_among(request.tenant, ids)}
    context = {
        "results": [_result(lines.get(each.message_id), each, action) for each in done],
        "changed": sum(each.changed for each in done),
        "failed": sum(each.error is not None for each in done),
        "section": "holds",
    }
    return render(request, "holds/done.html", context)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one mail, in words."""

    message: StoredMessage | None
    badge: explain.Badge
    text: str


def _result(line: HoldLine | None, done: Done, action: HoldAction) -> Result:
    message = line.message if line else None
    if done.error is not None:
        return Result(message, explain.Badge(_("Not done"), "bad"), explain.refusal(done.error))
    if not done.changed:
        text = _("It was already decided.")
        if line is not None and line.hold.ended_by:
            text = _("It was already decided: %(by)s.") % {
                "by": hold_explain.person(line.hold.ended_by)
            }
        return Result(message, explain.Badge(_("No change"), "quiet"), text)
    words = {
        HoldAction.DELIVER: _("It leaves in a moment."),
        HoldAction.DISCARD: _("It is not sent."),
    }
    return Result(message, explain.Badge(_("Done"), "good"), words[action])


def _choice(request: ConsoleRequest) -> HoldChoice:
    if not may_decide(request.user.role):
        raise PermissionDenied
    return HoldChoice(request.POST)


def _nothing_chosen(request: ConsoleRequest, form: HoldChoice) -> HttpResponse:
    problems = [str(each) for each in form.errors.get("id", ())] if "id" in form.data else []
    messages.error(request, " ".join(problems) or _("Choose at least one mail first."))
    return redirect("holds")
