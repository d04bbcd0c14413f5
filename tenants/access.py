"""Who may open a page: the right host, a signed-in account, a role of that host."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_tenants.utils import get_public_schema_name

from accounts.models import OperatorRole, TenantRole, User
from tenants.models import Tenant

P = ParamSpec("P")


class ConsoleRequest(HttpRequest):
    """A request that has passed one of the guards below."""

    tenant: Tenant
    user: User


View = Callable[Concatenate[ConsoleRequest, P], HttpResponseBase]


def tenant_page(view: View[P]) -> View[P]:
    """A page that only reads, for people of the tenant that the host belongs to.

    Accounts and sessions lie in the schema that the host opened: an operator's session does not
    exist there. Times are shown in the tenant's zone.
    """
    return never_cache(require_safe(_for_tenant(view)))


def tenant_action(view: View[P]) -> View[P]:
    """The same for what is sent by a form: POST alone, so no link or prefetch gets here."""
    return never_cache(require_POST(_for_tenant(view)))


def tenant_form(view: View[P]) -> View[P]:
    """A page that every role of the tenant reads, and sends forms from if it administers."""

    @functools.wraps(view)
    def guarded(request: ConsoleRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if request.method == "POST" and not request.user.administers:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return never_cache(require_http_methods(["GET", "HEAD", "POST"])(_for_tenant(guarded)))


def tenant_change(view: View[P]) -> View[P]:
    """What is sent by a form and done for those who administer alone: POST, as above."""

    @functools.wraps(view)
    def guarded(request: ConsoleRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.administers:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return tenant_action(guarded)


def _for_tenant(view: View[P]) -> View[P]:
    @functools.wraps(view)
    def guarded(request: ConsoleRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if _is_operator_host(request):
            raise Http404
        answer = _refusal(request, TenantRole.values)
        if answer is not None:
            return answer
        with timezone.override(request.tenant.zone):
            return view(request, *args, **kwargs)

    return guarded


def operator_page(view: View[P]) -> View[P]:
    """A page that only reads, for the operator's staff on the operator's host; any role."""

    @never_cache
    @require_safe
    @functools.wraps(view)
    def guarded(request: ConsoleRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not _is_operator_host(request):
            raise Http404
        answer = _refusal(request, OperatorRole.values)
        if answer is not None:
            return answer
        return view(request, *args, **kwargs)

    return guarded


def _is_operator_host(request: ConsoleRequest) -> bool:
    return bool(request.tenant.schema_name == get_public_schema_name())


def _refusal(request: ConsoleRequest, roles: list[str]) -> HttpResponseBase | None:
    """A way to the sign-in page, None for those who may go on, PermissionDenied for the others."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path(), reverse("sign-in"))
    if request.user.role not in roles:
        raise PermissionDenied
    return None
