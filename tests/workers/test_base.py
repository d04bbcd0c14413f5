"""The base of every task that works for a tenant."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from celery.fixups.django import DjangoWorkerFixup
from celery.signals import task_prerun
from django.db import connection

from mailsec.celery import app
from quarantine.statements import fetch
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


def test_a_worker_keeps_its_connection_from_task_to_task() -> None:
    """Celery closes it before and after each task unless it is told for how many to keep it."""
    assert DjangoWorkerFixup(app).db_reuse_max >= 100


def test_a_connection_that_died_between_two_tasks_is_replaced(db: None) -> None:
    """The next task's first statement, written by hand or by Django, meets a living connection."""

    def in_a_worker() -> list[int]:
        found = []
        for ask in (by_hand, by_django):
            task_prerun.send(sender=note)
            found.append(ask())
            end_of_server_process(found[-1])
            task_prerun.send(sender=note)
            found.append(ask())
        connection.close()
        return found

    with ThreadPoolExecutor(1) as worker:
        pids = worker.submit(in_a_worker).result()
    assert pids[1] not in (0, pids[0])
    assert pids[3] not in (0, pids[2])


def by_hand() -> int:
    ((pid,),) = fetch("SELECT pg_backend_pid()", "public", [])
    return int(pid)


def by_django() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    return int(pid)


def end_of_server_process(pid: int) -> None:
    """As when PostgreSQL is restarted; seen from a connection that is not the worker's own."""
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    other.close()
