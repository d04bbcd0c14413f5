"""The page behind a digest's link: for whoever holds it, without an account.

Showing it changes nothing, however often a scanner opens it; only a person's POST acts, and a
second one does nothing more.
"""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from django_tenants.utils import get_public_schema_name

from policies.selectors import current_policy
from quarantine import explain, kept, services
from quarantine.choices import DeliveryState
from quarantine.errors import CustodyError
from quarantine.learning import model_kind
from quarantine.models import DigestLink
from quarantine.services import LinkAction
from tenants.access import ConsoleRequest


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def digest_link(request: ConsoleRequest, token: str) -> HttpResponse:
    """The recipient's own copy and what can be done with it; a POST does it."""
    if request.tenant.schema_name == get_public_schema_name():
        raise Http404
    link = kept.link_of(request.tenant, token)
    if link is None:
        raise Http404
    with timezone.override(request.tenant.zone):
        if link.expires_at <= timezone.now():
            answer = render(request, "quarantine/link_expired.html", status=410)
        elif request.method == "POST":
            answer = _act(request, link, token)
        else:
            answer = _show(request, link, token)
    # The address is the key: it must not travel to another site with a click. The page itself
    # allows the same site, without which a browser sends no origin with the form.
    answer["Referrer-Policy"] = "no-referrer"
    return answer


def _show(request: ConsoleRequest, link: DigestLink, token: str) -> HttpResponse:
    policy, message = current_policy(request.tenant), link.delivery.message
    wish = request.GET.get("do", "")
    offered = services.actions_of(link, policy)
    is_held = link.delivery.state == DeliveryState.WITHHELD
    context = {
        "link": link,
        "token": token,
        "message": message,
        "because": explain.held_because(message.verdict),
        "verdict": explain.verdict_badge(message.verdict),
        "is_held": is_held,
        "copy_badge": explain.kept_copy_badge(link.delivery.state),
        "releases": is_held and LinkAction.RELEASE in offered,
        "lists": LinkAction.ALLOW in offered,
        "wish": wish if wish in list(LinkAction) else LinkAction.RELEASE.value,
        "contact": policy.contact,
    }
    return render(request, "quarantine/link.html", context)


def _act(request: ConsoleRequest, link: DigestLink, token: str) -> HttpResponse:
    wish = request.POST.get("action", "")
    if wish not in list(LinkAction):
        messages.error(request, _("This could not be done."))
        return redirect("quarantine-link", token)
    action, policy = LinkAction(wish), current_policy(request.tenant)
    address = request.META.get("REMOTE_ADDR") or None
    try:
        services.act_by_link(
            request.tenant, link, action, policy, timezone.now(), address, model_kind()
        )
    except CustodyError as error:
        messages.error(request, explain.refusal(error))
        return redirect("quarantine-link", token)
    words = {
        LinkAction.RELEASE: _("The mail is examined again and then delivered to you."),
        LinkAction.NOT_SPAM: _("The mail is examined again and then delivered to you."),
        LinkAction.ALLOW: _("The sender is on your allow list now."),
        LinkAction.BLOCK: _("The sender is on your block list now."),
    }
    messages.success(request, words[action])
    return redirect("quarantine-link", token)
