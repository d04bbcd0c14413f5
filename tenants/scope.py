"""Opening one tenant's schema: explicit, refusing public, closed again on every way out."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Concatenate, ParamSpec, TypeVar

from django.db import connection
from django_tenants.utils import get_public_schema_name, schema_context

from tenants.errors import TenantNotReady
from tenants.models import Tenant

P = ParamSpec("P")
R = TypeVar("R")


def current_schema() -> str:
    """The schema that this thread's connection has open."""
    return str(connection.schema_name)  # type: ignore[attr-defined]  # django-tenants' backend


@contextmanager
def tenant_scope(tenant: Tenant) -> Iterator[None]:
    """Open the tenant's schema for the block; what was open before is open again afterwards."""
    if not tenant.ready or tenant.schema_name == get_public_schema_name():
        raise TenantNotReady(tenant.slug)
    if current_schema() == tenant.schema_name:
        yield
        return
    with schema_context(tenant.schema_name):
        yield


def scoped(
    function: Callable[Concatenate[Tenant, P], R],
) -> Callable[Concatenate[Tenant, P], R]:
    """Run a service or selector inside the schema of its first argument, the tenant."""

    @functools.wraps(function)
    def inside(tenant: Tenant, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with tenant_scope(tenant):
            return function(tenant, *args, **kwargs)

    return inside


@contextmanager
def public_scope() -> Iterator[None]:
    """Open the public schema for the block."""
    with schema_context(get_public_schema_name()):
        yield
