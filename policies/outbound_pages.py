"""Who may open the pages about outbound mail: people of tenants that bought its protection."""

from __future__ import annotations

import functools
from typing import ParamSpec

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseBase

from tenants.access import ConsoleRequest, View, tenant_action, tenant_form, tenant_page

P = ParamSpec("P")


def outbound_page(view: View[P]) -> View[P]:
    """A page that only reads."""
    return tenant_page(_bought(view))


def outbound_form(view: View[P]) -> View[P]:
    """A page that every role reads, and sends forms from if it administers."""
    return tenant_form(_bought(view))


def outbound_question(view: View[P]) -> View[P]:
    """What any role may send, because it changes nothing."""
    return tenant_action(_bought(view))


def outbound_action(view: View[P]) -> View[P]:
    """What is sent by those who administer."""

    @functools.wraps(view)
    def guarded(request: ConsoleRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.administers:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return tenant_action(_bought(guarded))


def _bought(view: View[P]) -> View[P]:
    @functools.wraps(view)
    def guarded(request: ConsoleRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.tenant.menu.outbound:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded
