"""The host names of a tenant's console."""

from __future__ import annotations

from django_tenants.models import DomainMixin


class WebHost(DomainMixin):  # type: ignore[misc]  # django-tenants publishes no types
    """A row is one host name that leads to one tenant's console."""

    def __str__(self) -> str:
        return str(self.domain)
