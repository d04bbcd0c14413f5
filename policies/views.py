"""The tenant's pages about what it wants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from mailsec.gateway.policy import Policy
from policies.errors import PolicyChanged
from policies.fields import DEFAULTS
from policies.forms import PolicyForm
from policies.pages import Page, page_named, pages_for
from policies.selectors import last_version, stored_policy
from policies.services import set_values
from policies.settings_keys import with_changes
from policies.weaknesses import weaknesses
from policies.wording import WORDS, in_words
from tenants.access import ConsoleRequest, tenant_form, tenant_page
from threats.scanner_state import scanner_state


@dataclass(frozen=True, slots=True)
class Line:
    """One setting that differs from the product's default, in words."""

    label: Any
    value: str


@dataclass(frozen=True, slots=True)
class Card:
    """One page as the overview shows it."""

    page: Page
    own: tuple[Line, ...]


@tenant_page
def overview(request: ConsoleRequest) -> HttpResponse:
    """The pages, each with what the tenant wants otherwise than the product does by itself."""
    policy = stored_policy(request.tenant)
    pages = pages_for(request.tenant.menu)
    cards = [Card(page, _lines(policy, _own(page, policy))) for page in pages]
    context = {"cards": cards, "last": last_version(request.tenant), "section": "policies"}
    return render(request, "policies/overview.html", context)


def _own(page: Page, policy: Policy) -> list[str]:
    return [key for key in page.keys if getattr(policy, key) != getattr(DEFAULTS, key)]


def _lines(policy: Policy, keys: list[str]) -> tuple[Line, ...]:
    return tuple(Line(WORDS[key].label, in_words(key, getattr(policy, key))) for key in keys)


@tenant_form
def settings(request: ConsoleRequest, name: str) -> HttpResponse:
    """One page of settings; what is sent is stored wholly or not at all."""
    page, policy = asked_page(request, name), stored_policy(request.tenant)
    if request.method != "POST":
        form = PolicyForm(page, policy, writable=request.user.administers)
        return shown(request, form)
    form = PolicyForm(page, policy, request.POST)
    if not form.is_valid():
        return shown(request, form)
    changes = form.changes()
    if not changes:
        messages.info(request, _("Nothing differs from what is stored, so nothing was changed."))
        return redirect("policy-page", page.name)
    try:
        set_values(
            request.tenant,
            changes,
            author=request.user.email,
            address=request.META.get("REMOTE_ADDR") or None,
            made_from=form.cleaned_data["version"],
        )
    except PolicyChanged:
        return outdated(request, form)
    messages.success(request, _("The settings were saved. They hold for mail from now on."))
    return redirect("policy-page", page.name)


def asked_page(request: ConsoleRequest, name: str) -> Page:
    """The page of this name; 404 where the tenant has none."""
    page = page_named(name, request.tenant.menu)
    if page is None:
        raise Http404
    return page


def outdated(request: ConsoleRequest, form: PolicyForm) -> HttpResponse:
    """Somebody was quicker: what holds now, and what was entered and is not stored."""
    changes = form.changes()
    entered = _lines(with_changes(form.policy, changes), list(changes))
    context = {"entered": entered, "last": last_version(request.tenant)}
    return shown(request, PolicyForm(form.page, form.policy), context, status=409)


def shown(
    request: ConsoleRequest,
    form: PolicyForm,
    more: Mapping[str, Any] | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    """The page with this form on it, and with ``more`` for its template."""
    context = {
        "form": form,
        "page": form.page,
        "pages": pages_for(request.tenant.menu),
        "weaknesses": weaknesses(form.page, form.policy),
        "writable": request.user.administers,
        "scanner": scanner_state() if form.page.name == "files" else None,
        "section": "policies",
    }
    return render(request, "policies/page.html", context | dict(more or {}), status=status)
