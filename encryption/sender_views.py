"""The page behind a notice's link: an outbound mail before and after it leaves, for its sender.

No account is asked for: the token is the key. Showing changes nothing, however often a scanner
opens the link; only a person's POST acts.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

from csp.constants import SELF
from csp.decorators import csp_update
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_safe
from django_tenants.utils import get_public_schema_name

from encryption.hold_acts import Place, act
from encryption.selectors import shown_secret
from policies.selectors import current_policy
from quarantine.hold_page import HoldPage, hold_page, preview_of
from quarantine.holds import link_of, outbound_mail
from quarantine.permissions import SENDER, Actor
from quarantine.preview import Preview
from quarantine.views.contents import download, frame
from tenants.access import ConsoleRequest

if TYPE_CHECKING:
    from quarantine.models import SenderLink, StoredMessage

P = ParamSpec("P")
Guarded = Callable[Concatenate[ConsoleRequest, str, P], HttpResponse]
View = Callable[Concatenate[ConsoleRequest, "SenderLink", P], HttpResponse]


def no_link(request: HttpRequest, address: str = "") -> HttpResponse:
    """The one page for every link that opens nothing: expired, foreign, mistyped or made up."""
    return private(render(request, "holds/no_link.html", status=404))


def private(answer: HttpResponse) -> HttpResponse:
    """The answer with what keeps it out of caches' and other sites' sight.

    The address is the key: it must not travel to another site with a click. The pages allow the
    same site, without which a browser sends no origin with a form.
    """
    answer["Referrer-Policy"] = "no-referrer"
    answer["X-Robots-Tag"] = "noindex, nofollow"
    return answer


def _by_link(view: View[P]) -> Guarded[P]:
    @functools.wraps(view)
    def guarded(
        request: ConsoleRequest, token: str, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponse:
        if request.tenant.schema_name == get_public_schema_name():
            return no_link(request)
        link = link_of(request.tenant, token, timezone.now())
        if link is None:
            return no_link(request)
        with timezone.override(request.tenant.zone):
            return private(view(request, link, *args, **kwargs))

    return guarded  # type: ignore[return-value]  # Django passes the token by its name


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@csp_update({"frame-src": [SELF]})  # type: ignore[arg-type]  # typed for views without arguments
def sender_page(request: ConsoleRequest, token: str) -> HttpResponse:
    """The mail with all that was found about it; a POST decides on it."""
    return _page(request, token, token)


@_by_link
def _page(request: ConsoleRequest, link: SenderLink, token: str) -> HttpResponse:
    page = _page_of(request, link)
    address = reverse("sender-page", args=[token])
    place = Place(address, address, "holds/sender_discard.html")
    if request.method == "POST":
        actor = Actor(link.person, SENDER, request.META.get("REMOTE_ADDR") or None)
        return act(request, request.tenant, page, actor, place)
    secret = shown_secret(request.tenant, page.message.id, timezone.now(), with_password=True)
    context: dict[str, Any] = {
        "page": page,
        "message": page.message,
        "secret": secret,
        "place": place,
        "base": f"{place.address}/",
        "person": link.person,
        "may_decide": True,
        "contact": current_policy(request.tenant).contact,
    }
    return render(request, "holds/sender_page.html", context)


@never_cache
@require_safe
@xframe_options_sameorigin
@_by_link
def html(request: ConsoleRequest, link: SenderLink) -> HttpResponse:
    """The cleaned HTML body, for the sandboxed frame of the page alone."""
    preview = _preview_of(request, link)
    return frame(preview) if preview is not None else no_link(request)


@never_cache
@require_safe
@_by_link
def file(request: ConsoleRequest, link: SenderLink, index: str) -> HttpResponse:
    """One attachment as the sender wrote it, to be saved."""
    preview = _preview_of(request, link)
    return download(preview, int(index)) if preview is not None else no_link(request)


def _page_of(request: ConsoleRequest, link: SenderLink) -> HoldPage:
    policy = current_policy(request.tenant)
    return hold_page(request.tenant, _mail_of(request, link), policy.own_domains)


def _preview_of(request: ConsoleRequest, link: SenderLink) -> Preview | None:
    return preview_of(request.tenant, _mail_of(request, link))


def _mail_of(request: ConsoleRequest, link: SenderLink) -> StoredMessage:
    message = outbound_mail(request.tenant, link.message_id)
    if message is None:
        raise Http404
    return message
