"""The preview on the pages of policies and lists, of which ``policies`` knows nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from mailsec.gateway.lists import Entries, Lists, entries
from mailsec.gateway.policy import Policy
from policies import list_views
from policies.entries import NewEntry
from policies.forms import PolicyForm
from policies.list_forms import EntryForm
from policies.selectors import stored_policy
from policies.settings_keys import with_changes
from policies.views import asked_page, shown
from quarantine import policy_preview_words
from quarantine.policy_preview import DAYS, preview
from tenants.access import ConsoleRequest, tenant_form
from tenants.models import Tenant
from threats.choices import ListKind


@tenant_form
def policy(request: ConsoleRequest, name: str) -> HttpResponse:
    """The page again as it was filled in, with what would have changed; nothing is stored."""
    page, present = asked_page(request, name), stored_policy(request.tenant)
    if request.method != "POST" or not page.judged:
        return redirect("policy-page", page.name)
    form = PolicyForm(page, present, request.POST)
    if not form.is_valid():
        return shown(request, form)
    changes = form.changes()
    draft = with_changes(present, changes)
    return shown(request, form, {"preview": compared(request.tenant, present, draft, changes)})


@tenant_form
def entry(request: ConsoleRequest) -> HttpResponse:
    """The page of a new list entry again, with what would have changed; nothing is stored."""
    if request.method != "POST":
        return redirect("entry-add")
    form = EntryForm(list_views.rules_of(request), request.POST)
    if not form.is_valid():
        return list_views.shown(request, form)
    present = stored_policy(request.tenant)
    draft = with_entry(present, form.made())
    return list_views.shown(request, form, compared(request.tenant, present, draft, ()))


def with_entry(policy: Policy, new: NewEntry) -> Policy:
    """The policy as it would be with this entry on its lists."""
    if not new.recipient:
        return replace(policy, lists=_grown(policy.lists, new))
    own = policy.user_entries.get(new.recipient, Lists())
    users = {**policy.user_entries, new.recipient: _grown(own, new)}
    return replace(policy, user_entries=MappingProxyType(users))


def _grown(lists: Lists, new: NewEntry) -> Lists:
    one = entries([new.entry])
    old = lists.allow if new.kind == ListKind.ALLOW else lists.block
    longer = Entries(old.names | one.names, (*old.networks, *one.networks))
    if new.kind == ListKind.ALLOW:
        return replace(lists, allow=longer)
    return replace(lists, block=longer)


def compared(
    tenant: Tenant, present: Policy, draft: Policy, changed: Collection[str]
) -> Mapping[str, Any]:
    """The comparison for the template ``policies/_preview.html``."""
    found = preview(tenant, present, draft, timezone.now())
    return {
        "days": DAYS,
        "found": found,
        "rows": policy_preview_words.rows(found),
        "untold": policy_preview_words.untold(present, draft, changed, found),
        "same": present == draft,
    }
