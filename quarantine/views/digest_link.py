"""The pages behind a digest's links: for whoever holds them, without an account.

One link opens one mail, another one all that the digest told of and that are still held. Showing a
page changes nothing, however often a scanner opens it; only a person's POST acts, and a second one
does nothing more.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from django_tenants.utils import get_public_schema_name

from mailsec.gateway.policy import Policy
from policies.selectors import current_policy
from quarantine import explain, kept, services
from quarantine.choices import DeliveryState
from quarantine.errors import CustodyError
from quarantine.learning import model_kind
from quarantine.models import Digest, DigestLink
from quarantine.services import LinkAction
from tenants.access import ConsoleRequest

View = Callable[[ConsoleRequest, str], HttpResponse]


def _by_token(view: View) -> View:
    """A page of a tenant's host that a token opens, in the tenant's zone."""

    @never_cache
    @require_http_methods(["GET", "HEAD", "POST"])
    @functools.wraps(view)
    def opened(request: ConsoleRequest, token: str) -> HttpResponse:
        if request.tenant.schema_name == get_public_schema_name():
            raise Http404
        with timezone.override(request.tenant.zone):
            answer = view(request, token)
        # The address is the key: it must not travel to another site with a click. The page itself
        # allows the same site, without which a browser sends no origin with the form.
        answer["Referrer-Policy"] = "no-referrer"
        return answer

    return opened


@_by_token
def digest_link(request: ConsoleRequest, token: str) -> HttpResponse:
    """The recipient's own copy and what can be done with it; a POST does it."""
    link = kept.link_of(request.tenant, token)
    if link is None:
        raise Http404
    if link.expires_at <= timezone.now():
        return render(request, "quarantine/link_expired.html", status=410)
    if request.method == "POST":
        _act(request, link)
        return redirect("quarantine-link", token)
    return _show(request, link, token)


@_by_token
def digest_page(request: ConsoleRequest, token: str) -> HttpResponse:
    """All that the digest told of and that is still held; a POST does something with one of it."""
    digest, now = kept.digest_of(request.tenant, token), timezone.now()
    if digest is None:
        raise Http404
    if digest.expires_at is None or digest.expires_at <= now:
        return render(request, "quarantine/link_expired.html", status=410)
    links = kept.links_held(request.tenant, digest, now)
    if request.method == "POST":
        wanted = request.POST.get("mail", "")
        link = next((each for each in links if str(each.pk) == wanted), None)
        if link is None:
            messages.info(
                request, _("There is nothing more to do: this mail is not held back any more.")
            )
        else:
            _act(request, link)
        return redirect("quarantine-digest", token)
    return _show_all(request, digest, links, token)


def _show(request: ConsoleRequest, link: DigestLink, token: str) -> HttpResponse:
    policy, wish = current_policy(request.tenant), request.GET.get("do", "")
    is_held = link.delivery.state == DeliveryState.WITHHELD
    context = {
        "link": link,
        "token": token,
        "is_held": is_held,
        "copy_badge": explain.kept_copy_badge(link.delivery.state),
        "wish": wish if wish in list(LinkAction) else LinkAction.RELEASE.value,
        "contact": policy.contact,
        **_facts(link, policy, is_held=is_held),
    }
    return render(request, "quarantine/link.html", context)


def _show_all(
    request: ConsoleRequest, digest: Digest, links: list[DigestLink], token: str
) -> HttpResponse:
    policy = current_policy(request.tenant)
    context = {
        "digest": digest,
        "token": token,
        "rows": [{"link": link, **_facts(link, policy, is_held=True)} for link in links],
        "contact": policy.contact,
    }
    return render(request, "quarantine/link_all.html", context)


def _facts(link: DigestLink, policy: Policy, *, is_held: bool) -> dict[str, object]:
    """One mail as both pages show it, and what is offered for it."""
    message, offered = link.delivery.message, services.actions_of(link, policy)
    return {
        "message": message,
        "because": explain.held_because(message.verdict),
        "verdict": explain.verdict_badge(message.verdict),
        "releases": is_held and LinkAction.RELEASE in offered,
        "lists": LinkAction.ALLOW in offered,
    }


def _act(request: ConsoleRequest, link: DigestLink) -> None:
    """Do what the form asks for this mail, and say what came of it."""
    wish = request.POST.get("action", "")
    if wish not in list(LinkAction):
        messages.error(request, _("This could not be done."))
        return
    action, policy = LinkAction(wish), current_policy(request.tenant)
    address = request.META.get("REMOTE_ADDR") or None
    try:
        services.act_by_link(
            request.tenant, link, action, policy, timezone.now(), address, model_kind()
        )
    except CustodyError as error:
        messages.error(request, explain.refusal(error))
        return
    words = {
        LinkAction.RELEASE: _("The mail is examined again and then delivered to you."),
        LinkAction.NOT_SPAM: _("The mail is examined again and then delivered to you."),
        LinkAction.ALLOW: _("The sender is on your allow list now."),
        LinkAction.BLOCK: _("The sender is on your block list now."),
    }
    subject = link.delivery.message.subject or _("(no subject)")
    messages.success(
        request, _("“%(subject)s”: %(text)s") % {"subject": subject, "text": words[action]}
    )
