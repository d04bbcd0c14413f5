"""What the forms of the quarantine's pages do: asked once more, then done, then told row by row."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from quarantine import explain, kept, services
from quarantine.errors import CustodyError
from quarantine.forms import Choice, OriginalWish
from quarantine.learning import model_kind
from quarantine.models import StoredMessage
from quarantine.permissions import Actor, may_act, may_let_through
from quarantine.services import BulkAction
from tenants.access import ConsoleRequest, tenant_action


def actor_of(request: ConsoleRequest) -> Actor:
    """Who asks, and from where; behind a UNIX socket there is no address."""
    user = request.user
    return Actor(user.get_username(), user.role, request.META.get("REMOTE_ADDR") or None)


@tenant_action
def confirm(request: ConsoleRequest) -> HttpResponse:
    """The page that asks once more: what is to be done, with how many mails, and which."""
    form = Choice(request.POST)
    if not form.is_valid():
        return _nothing_chosen(request, form)
    rows, action = kept.messages_among(request.tenant, form.cleaned_data["id"]), form.wanted
    role = request.user.role
    able = action is not BulkAction.ORIGINAL or may_let_through(role)
    allowed = [row for row in rows if able and may_act(role, row)]
    context = {
        "action": action.value,
        "wish": OriginalWish() if action is BulkAction.ORIGINAL else None,
        "allowed": allowed,
        "refused": [row for row in rows if row not in allowed],
        "section": "quarantine",
    }
    return render(request, "quarantine/confirm.html", context)


@tenant_action
def act(request: ConsoleRequest) -> HttpResponse:
    """Do it, and tell the result of each; sent twice it does nothing more."""
    form = Choice(request.POST)
    if not form.is_valid():
        return _nothing_chosen(request, form)
    ids, action = form.cleaned_data["id"], form.wanted
    order = services.Order(
        action, actor_of(request), timezone.now(), kind=model_kind(), original=form.wish()
    )
    done = services.act_on(request.tenant, ids, order)
    rows = {row.id: row for row in kept.messages_among(request.tenant, ids)}
    results = [_result(rows.get(each.message_id), each, action) for each in done]
    context = {
        "action": action,
        "results": results,
        "changed": sum(each.changed for each in done),
        "failed": sum(each.error is not None for each in done),
        "section": "quarantine",
    }
    return render(request, "quarantine/done.html", context)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one message, in words."""

    message: StoredMessage | None
    badge: explain.Badge
    text: str


def _result(message: StoredMessage | None, done: services.Done, action: BulkAction) -> Result:
    if done.error is not None:
        return Result(message, explain.Badge(_("Not done"), "bad"), explain.refusal(done.error))
    if not done.changed:
        return Result(message, explain.Badge(_("No change"), "quiet"), _("It was done before."))
    words = {
        BulkAction.RELEASE: _("It is examined again and then delivered."),
        BulkAction.ORIGINAL: _("The original is examined again and then delivered."),
        BulkAction.DELETE: _("The content was removed."),
        BulkAction.SPAM: _("The spam filter learned from it."),
        BulkAction.HAM: _("The spam filter learned from it."),
    }
    return Result(message, explain.Badge(_("Done"), "good"), words[action])


def _nothing_chosen(request: ConsoleRequest, form: Choice) -> HttpResponse:
    problems = [str(each) for each in form.errors.get("id", ())] if "id" in form.data else []
    problems += [str(each) for each in form.errors.get("why", ())]
    if "action" in form.errors:
        problems = [_("This could not be done.")]
    messages.error(request, " ".join(problems) or _("Choose at least one mail first."))
    return redirect("quarantine")


@tenant_action
def release_one(request: ConsoleRequest, queue_id: str) -> HttpResponse:
    """Release one message to the recipients that were chosen on its page."""
    chosen = request.POST.getlist("recipient")
    if not chosen:
        messages.error(request, _("Choose at least one recipient."))
        return redirect("quarantine-message", queue_id)
    try:
        released = services.release(
            request.tenant,
            UUID(hex=queue_id),
            actor_of(request),
            timezone.now(),
            chosen,
            files_allowed="files_allowed" in request.POST,
        )
    except CustodyError as error:
        messages.error(request, explain.refusal(error))
        return redirect("quarantine-message", queue_id)
    if released:
        text = ngettext(
            "Released for %(count)d recipient. The mail is examined again and then delivered.",
            "Released for %(count)d recipients. The mail is examined again and then delivered.",
            len(released),
        ) % {"count": len(released)}
        messages.success(request, text)
    else:
        messages.info(request, _("It was released before. Nothing is sent twice."))
    return redirect("quarantine-message", queue_id)


@tenant_action
def release_original(request: ConsoleRequest, queue_id: str) -> HttpResponse:
    """Send the whole of one message to the recipients that were chosen on its page."""
    form, chosen = OriginalWish(request.POST), request.POST.getlist("recipient")
    back = redirect("quarantine-message", queue_id)
    if not chosen or not form.is_valid():
        problems = [str(each) for each in form.errors.get("why", ())]
        messages.error(request, " ".join(problems) or _("Choose at least one recipient."))
        return back
    message_id, wish = UUID(hex=queue_id), form.wish(chosen)
    try:
        sent = services.release_original(
            request.tenant, message_id, actor_of(request), timezone.now(), wish
        )
    except CustodyError as error:
        messages.error(request, explain.refusal(error))
        return back
    if sent:
        text = ngettext(
            "The original goes to %(count)d recipient once it has been examined again.",
            "The original goes to %(count)d recipients once it has been examined again.",
            len(sent),
        ) % {"count": len(sent)}
        messages.success(request, text)
    else:
        messages.info(request, _("It was released before. Nothing is sent twice."))
    return back


@tenant_action
def learn_one(request: ConsoleRequest, queue_id: str) -> HttpResponse:
    """Teach the spam filter from one message, or take that back."""
    kind, wish = model_kind(), request.POST.get("lesson", "")
    if kind is None or wish not in {"spam", "ham", "undo"}:
        messages.error(request, _("This could not be done."))
        return redirect("quarantine-message", queue_id)
    message_id, actor, now = UUID(hex=queue_id), actor_of(request), timezone.now()
    try:
        if wish == "undo":
            services.undo_lesson(request.tenant, message_id, actor, now, kind)
            messages.success(request, _("What the spam filter had learned was taken back."))
        else:
            services.learn(request.tenant, message_id, wish == "spam", actor, now, kind)
            messages.success(request, _("The spam filter learned from it."))
    except CustodyError as error:
        messages.error(request, explain.refusal(error))
    return redirect("quarantine-message", queue_id)
