"""The base of every task that works for a tenant."""

from __future__ import annotations

from typing import Any

import pytest

from mailsec.celery import app
from tenants.errors import TenantNotReady
from tenants.models import Tenant
from tenants.scope import current_schema
from workers.tasks.base import TenantTask

seen: list[tuple[str, str]] = []


@app.task(base=TenantTask, name="tests.note")
def note(tenant: Tenant, fail: bool = False) -> None:
    """Notes which schema is open; fails where told to."""
    seen.append((tenant.slug, current_schema()))
    if fail:
        raise ZeroDivisionError


@pytest.fixture(autouse=True)
def nothing_seen() -> None:
    seen.clear()


def test_a_task_runs_in_its_tenants_schema_and_leaves_public_open(tenant: Tenant) -> None:
    """The schema is closed again whatever comes next."""
    note("alpha")
    assert seen == [("alpha", "t_alpha")]
    assert current_schema() == "public"


def test_a_task_that_fails_does_not_leave_its_schema_to_the_next(
    tenant: Tenant, other_tenant: Tenant
) -> None:
    """Case ops-03, row 3: the next task on this process sees its own tenant alone."""
    with pytest.raises(ZeroDivisionError):
        note("alpha", fail=True)
    assert current_schema() == "public"
    note("beta")
    assert seen[-1] == ("beta", "t_beta")


@pytest.mark.parametrize("arguments", [(), (None,), ("",), (7,)])
def test_a_task_without_a_tenant_stops(db: None, arguments: tuple[Any, ...]) -> None:
    """There is no schema to fall back to."""
    with pytest.raises(TenantNotReady):
        note(*arguments)
    assert seen == []


@pytest.mark.parametrize("slug", ["public", "nobody"])
def test_a_task_for_an_unknown_tenant_does_nothing(db: None, slug: str) -> None:
    """It was closed or never was: no error that would come back for ever."""
    note(slug)
    assert seen == []


def test_a_task_for_a_half_made_tenant_does_nothing(tenant: Tenant) -> None:
    """Only ready tenants run."""
    Tenant.objects.create(slug="half", schema_name="t_half", name="x", menu_number=1)
    note("half")
    assert seen == []
