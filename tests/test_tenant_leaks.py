"""Nothing of one tenant is seen from another, and nobody reaches around the services."""

from __future__ import annotations

import ast
from datetime import timedelta
from pathlib import Path

from mailsec.gateway.lists import TenantLists
from mailsec.gateway.verdict import Disposition
from policies import selectors as policies
from policies import services as policy_services
from quarantine import kept, selectors, services
from quarantine.choices import RefusalReason
from quarantine.permissions import SENDER, Actor
from quarantine.selectors import MessageFilter
from quarantine.treated import days_decided_on, treated_tally
from reports.selectors import summary
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.quarantine.making import NOW, VIRUS, arrive, outcome, treated

ROOT = Path(__file__).parents[1]
APPS = (
    *("accounts", "tenants", "threats", "policies", "quarantine", "encryption", "reports"),
    *("workers", "mailsec"),
)
# Who may use a model's manager: services write, selectors read; the others are named with a reason.
MANAGERS = {
    "services": "writes",
    "services.py": "writes",
    "selectors.py": "reads",
    "kept.py": "reads what the quarantine keeps",
    "rollups.py": "writes the tallies, reports' only rows",
    "listing.py": "reads one page of a list",
    "hold_listing.py": "reads one page of the hold queue",
    "treated.py": "counts what was done to outbound mail",
    "holds.py": "reads held mail and what its links open",
    "notices.py": "reads what became of the service's own notices",
    "directory.py": "reads one address for the listeners",
    "backends.py": "Django's own way to the signed-in account",
    "middleware.py": "finds the tenant of a host name",
    "keys.py": "reads and makes a tenant's wrapped key",
}


def test_no_selector_shows_one_tenants_mail_to_another(
    tenant: Tenant, other_tenant: Tenant
) -> None:
    """Every question that can be asked, asked for the other tenant."""
    message_id = arrive(tenant)
    services.record_outcome(tenant, message_id, outcome(Disposition.DELIVER, VIRUS), NOW)
    policy_services.set_values(tenant, {"contact": "alpha's help desk"})
    policy_services.import_addresses(tenant, ["user@alpha.example.jp"])
    policy_services.add_entry(tenant, "block", "example.com")
    refusal = services.TurnedAway(NOW, 554, RefusalReason.TENANT, "203.0.113.9")
    services.record_refusals(tenant, [refusal])
    held = treated(tenant, held=True, hidden=True, locked=True)
    services.discard_held(tenant, held, Actor("sender@alpha.example.jp", SENDER), NOW)
    with tenant_scope(other_tenant):
        assert not list(selectors.messages_with(other_tenant, MessageFilter(text="hello")))
        assert not list(selectors.messages_with(other_tenant, MessageFilter()))
    assert selectors.message_with(other_tenant, message_id) is None
    assert not any(selectors.tally(other_tenant, NOW, NOW + timedelta(days=1)).values())
    assert not any(treated_tally(other_tenant, NOW, NOW + timedelta(days=1)).values())
    assert days_decided_on(other_tenant, NOW) == []
    assert selectors.open_work(other_tenant) == {}
    assert not any(summary(other_tenant, NOW).month.values())
    assert policies.current_policy(other_tenant).contact == ""
    assert policies.address_count(other_tenant) == 0
    assert policies.tenant_lists(other_tenant) == TenantLists()
    with tenant_scope(other_tenant):
        assert not policies.list_entries(other_tenant, recipient=None)
    assert selectors.refusals(other_tenant, selectors.RefusalFilter()).rows == ()
    with tenant_scope(other_tenant):
        everything = selectors.messages_with(other_tenant, MessageFilter(kept="all"))
        assert kept.counts_by_verdict(other_tenant, everything) == {}
    assert kept.held_since(other_tenant, NOW) == 0
    assert not kept.has_content(other_tenant, message_id)
    assert kept.messages_among(other_tenant, [message_id]) == []
    assert kept.lesson_in_force(other_tenant, message_id) is None
    assert kept.recipients_with_news(other_tenant, NOW.date(), NOW + timedelta(days=1)) == []
    assert services.claim_deliveries(other_tenant, message_id, NOW + timedelta(days=1)) == []
    stalled = services.take_up_stalled(other_tenant, NOW + timedelta(days=1))
    assert (stalled.examine, stalled.deliver, stalled.shunted) == ([], [], 0)


def test_managers_are_used_where_the_law_says() -> None:
    """A view, form, task or command that asks the database itself would forget the tenant."""
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for app in APPS
        for path in (ROOT / app).rglob("*.py")
        if not MANAGERS.keys() & {path.name, path.parent.name}
        and not {"migrations", "models", "gateway"} & set(path.parts)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "objects"
    ]
    assert found == []
