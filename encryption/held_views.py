"""One held mail in the console: what its sender sees, but for the password, and may do."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from csp.constants import SELF
from csp.decorators import csp_update
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.clickjacking import xframe_options_sameorigin

from encryption.hold_acts import Place, act
from encryption.selectors import shown_secret
from policies.selectors import current_policy
from quarantine.hold_page import HoldPage, hold_page, preview_of
from quarantine.holds import hold_of, outbound_mail
from quarantine.permissions import may_decide, may_read
from quarantine.preview import Preview
from quarantine.views.actions import actor_of
from quarantine.views.contents import download, frame
from quarantine.views.messages import notices_of
from tenants.access import ConsoleRequest, tenant_action, tenant_page

if TYPE_CHECKING:
    from quarantine.models import StoredMessage


@tenant_page
@csp_update({"frame-src": [SELF]})  # type: ignore[arg-type]  # typed for views without arguments
def held_mail(request: ConsoleRequest, queue_id: str) -> HttpResponse:
    """The mail, why it waits, and what was decided."""
    page, place = _page_of(request, queue_id), _place(queue_id)
    context = {
        "page": page,
        "message": page.message,
        "secret": shown_secret(
            request.tenant, page.message.id, timezone.now(), with_password=False
        ),
        "notices": notices_of(request.tenant, page.message.id),
        "place": place,
        "base": place.address,
        "may_decide": may_decide(request.user.role),
        "may_read": may_read(request.user.role),
        "section": place.section,
    }
    return render(request, "holds/held_mail.html", context)


@tenant_action
def decide(request: ConsoleRequest, queue_id: str) -> HttpResponse:
    """Deliver, discard or notify in the sender's place."""
    if not may_decide(request.user.role):
        raise PermissionDenied
    page = _page_of(request, queue_id)
    return act(request, request.tenant, page, actor_of(request), _place(queue_id))


@tenant_page
@xframe_options_sameorigin
def html(request: ConsoleRequest, queue_id: str) -> HttpResponse:
    """The cleaned HTML body, for the sandboxed frame of the mail's page alone."""
    return frame(_preview(request, queue_id))


@tenant_page
def file(request: ConsoleRequest, queue_id: str, index: str) -> HttpResponse:
    """One attachment, to be saved and never to be shown."""
    return download(_preview(request, queue_id), int(index))


def _place(queue_id: str) -> Place:
    address = reverse("held-mail", args=[queue_id])
    target = reverse("held-decide", args=[queue_id])
    return Place(address, target, "holds/held_discard.html", section="holds")


def _mail(request: ConsoleRequest, queue_id: str) -> StoredMessage:
    message = outbound_mail(request.tenant, UUID(hex=queue_id))
    if message is None or hold_of(message) is None:
        raise Http404
    return message


def _page_of(request: ConsoleRequest, queue_id: str) -> HoldPage:
    own_domains = current_policy(request.tenant).own_domains
    bodies = may_read(request.user.role)
    return hold_page(request.tenant, _mail(request, queue_id), own_domains, with_bodies=bodies)


def _preview(request: ConsoleRequest, queue_id: str) -> Preview:
    if not may_read(request.user.role):
        raise PermissionDenied
    preview = preview_of(request.tenant, _mail(request, queue_id))
    if preview is None:
        raise Http404
    return preview
