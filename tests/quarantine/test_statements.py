"""Which commits wait for the disk, and which plans the server keeps."""

from __future__ import annotations

from django.db import connection

from quarantine import services
from quarantine.dispatch import leaving
from tenants.models import Tenant
from tests.quarantine.making import NOW, arrive, outcome, settlement


def awaited() -> bool:
    """Whether the open transaction's commit will wait for the disk."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        (value,) = cursor.fetchone()
    return value == "on"


def await_again() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = on")


def test_receipt_and_settlement_wait_for_the_disk_and_what_can_be_repeated_does_not(
    tenant: Tenant,
) -> None:
    """A 250 and a delivery's result are promises; an outcome and a claim are made again if lost."""
    message_id = arrive(tenant)
    assert awaited()
    services.record_outcome(tenant, message_id, outcome(), NOW)
    assert not awaited()
    await_again()
    (claim,) = services.claim_deliveries(tenant, message_id, NOW)
    assert not awaited()
    await_again()
    services.settle_deliveries(tenant, message_id, [settlement(claim)], NOW)
    assert awaited()


def test_the_server_keeps_one_plan_for_each_statement_of_a_mails_way(tenant: Tenant) -> None:
    """Planning anew for each mail costs the server as much again as the work itself."""
    for _ in range(12):
        message_id = arrive(tenant)
        services.record_outcome(tenant, message_id, outcome(), NOW)
        (claim,) = services.claim_deliveries(tenant, message_id, NOW)
        leaving(tenant, message_id)
        services.settle_deliveries(tenant, message_id, [settlement(claim)], NOW)
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements WHERE generic_plans > 0")
        kept = [statement for (statement,) in cursor.fetchall()]
    for verb in ("SET state = $1", "claimed_at = $3", "COALESCE(released_at", "host, tls, code"):
        assert [statement for statement in kept if verb in statement], verb
