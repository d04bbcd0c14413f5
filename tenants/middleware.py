"""Which console a host name leads to."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django_tenants.middleware.main import TenantMainMiddleware
from django_tenants.utils import get_public_schema_name

from tenants.models import State, Tenant, WebHost


class HostMiddleware(TenantMainMiddleware):  # type: ignore[misc]  # django-tenants publishes no types
    """The operator's host opens the public schema, a tenant's host its own, any other host 404."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        answer: HttpResponse | None = super().process_request(request)
        return answer

    def get_tenant(self, domain_model: type[WebHost], hostname: str) -> Tenant:
        if hostname == settings.OPERATOR_HOST:
            return Tenant(schema_name=get_public_schema_name(), slug="", name="")
        tenant = domain_model.objects.select_related("tenant").get(domain=hostname).tenant
        if not isinstance(tenant, Tenant) or not tenant.ready or tenant.state == State.CLOSED:
            raise Http404
        return tenant
