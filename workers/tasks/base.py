"""The base of every task that works for a tenant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import structlog
from celery import Task
from celery.signals import task_prerun
from django.db import close_old_connections, connection

from tenants.errors import TenantNotReady
from tenants.scope import tenant_scope
from tenants.selectors import ready_tenant

log = structlog.get_logger(__name__)


class TenantTask(Task):  # type: ignore[type-arg]
    """Opens the tenant named by the first argument, and leaves public open behind it.

    A task without a tenant, or for one that is not ready, stops: there is no schema to fall back to
    (architecture, law 5).
    """

    abstract = True

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        slug = arguments[0] if arguments else None
        if not isinstance(slug, str) or not slug:
            raise TenantNotReady("A task came without a tenant.")
        # A worker that an exception threw out of a scope must not begin inside it.
        connection.set_schema_to_public()  # type: ignore[attr-defined]  # django-tenants' backend
        try:
            tenant = ready_tenant(slug)
        except TenantNotReady:
            log.warning("task for a tenant that is not ready", tenant=slug, task=self.name)
            return None
        with structlog.contextvars.bound_contextvars(tenant=slug), tenant_scope(tenant):
            return super().__call__(tenant, *arguments[1:], **options)


@task_prerun.connect
def _look_at_connection(**kwargs: object) -> None:
    """Drop a connection that broke; one kept from the task before is tried before its first use."""
    close_old_connections()


def to_ids(texts: Sequence[str]) -> list[UUID]:
    """Ids as they travel in JSON."""
    return [UUID(text) for text in texts]
