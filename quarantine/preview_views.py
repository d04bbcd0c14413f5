"""The preview on the policy pages. It stands here because ``policies`` does not know of mail."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from mailsec.gateway.policy import Policy
from policies.forms import PolicyForm
from policies.selectors import stored_policy
from policies.settings_keys import with_changes
from policies.views import asked_page, shown
from quarantine import preview_words
from quarantine.preview import DAYS, preview
from tenants.access import ConsoleRequest, tenant_form
from tenants.models import Tenant


@tenant_form
def policy(request: ConsoleRequest, name: str) -> HttpResponse:
    """The page again as it was filled in, with what would have changed; nothing is stored."""
    page, present = asked_page(name), stored_policy(request.tenant)
    if request.method != "POST" or not page.judged:
        return redirect("policy-page", page.name)
    form = PolicyForm(page, present, request.POST)
    if not form.is_valid():
        return shown(request, form)
    changes = form.changes()
    draft = with_changes(present, changes)
    return shown(request, form, {"preview": compared(request.tenant, present, draft, changes)})


def compared(
    tenant: Tenant, present: Policy, draft: Policy, changed: Collection[str]
) -> Mapping[str, Any]:
    """The comparison for the template ``policies/_preview.html``."""
    found = preview(tenant, present, draft, timezone.now())
    return {
        "days": DAYS,
        "found": found,
        "rows": preview_words.rows(found),
        "untold": preview_words.untold(present, draft, changed, found),
        "same": present == draft,
    }
