"""The tenant's pages about the keys that sign its mail (DKIM)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypedDict
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from encryption import services, wording
from encryption.choices import KeyState
from encryption.errors import EncryptionError
from encryption.models import DkimKey
from encryption.selectors import DomainKeys, dkim_key, domain_keys
from mailsec.gateway.dkim.publication import Publication
from tenants.access import ConsoleRequest, tenant_change, tenant_form, tenant_page
from tenants.dns import records


@dataclass(frozen=True, slots=True)
class Shown:
    """One key with what the last check found.

    ``published`` is what that check said; ``open`` where people are to see its record at once.
    """

    key: DkimKey
    tone: str
    found: wording.Words | None
    published: bool
    open: bool = False


@dataclass(frozen=True, slots=True)
class Domain:
    """One mail domain with its keys as they are shown."""

    name: str
    signing: bool
    keys: list[Shown]


class _Author(TypedDict):
    author: str
    address: str | None


@tenant_page
def dkim_keys(request: ConsoleRequest) -> HttpResponse:
    """Every mail domain with its keys and the records to publish."""
    _outbound_only(request)
    context = {
        "domains": [_domain(each) for each in domain_keys(request.tenant)],
        "writable": request.user.administers,
        "section": "dkim",
    }
    return render(request, "dkim/keys.html", context)


def _outbound_only(request: ConsoleRequest) -> None:
    if not request.tenant.menu.outbound:
        raise Http404


def _domain(each: DomainKeys) -> Domain:
    newest = next((key for key in each.keys if key.state == KeyState.NEW), None)
    return Domain(each.domain, each.signing, [_shown(key, key is newest) for key in each.keys])


def _shown(key: DkimKey, is_open: bool = False) -> Shown:
    return Shown(
        key,
        wording.TONES[key.state],
        wording.found(key.publication) if key.publication else None,
        key.publication == Publication.FOUND,
        is_open,
    )


def _author(request: ConsoleRequest) -> _Author:
    return {
        "author": request.user.email,
        "address": request.META.get("REMOTE_ADDR") or None,
    }


def _told(request: ConsoleRequest, act: Callable[[], str], place: str = "") -> HttpResponse:
    """Do it and say so, or say why it was not done; then the list at this place."""
    _outbound_only(request)
    try:
        text = act()
    except EncryptionError as error:
        messages.error(request, wording.refusal(error))
        return redirect("dkim")
    if text:
        messages.success(request, text)
    return redirect(reverse("dkim") + place)


@tenant_change
def generate(request: ConsoleRequest) -> HttpResponse:
    """A new key for the domain that the form names."""

    def act() -> str:
        domain, now = request.POST.get("domain", ""), timezone.now()
        services.generate_dkim_key(request.tenant, domain, now, **_author(request))
        return _("The key was generated. Publish its DNS record, check it, and then activate it.")

    return _told(request, act)


@tenant_change
def check(request: ConsoleRequest, key_id: UUID) -> HttpResponse:
    """Ask whether the record is published; the answer stands beside the key."""

    def act() -> str:
        names = records(settings.SENDER_DNS)
        services.check_dkim_key(request.tenant, key_id, names, timezone.now())
        return ""

    return _told(request, act, place=f"#key-{key_id}")


@tenant_change
def activate(request: ConsoleRequest, key_id: UUID) -> HttpResponse:
    """Sign with this key from now on, where its record is published at this moment."""

    def act() -> str:
        names, now = records(settings.SENDER_DNS), timezone.now()
        services.activate_dkim_key(request.tenant, key_id, names, now, **_author(request))
        return _("Outbound mail of the domain is signed with this key from now on.")

    return _told(request, act)


@tenant_form
def retire(request: ConsoleRequest, key_id: UUID) -> HttpResponse:
    """Asks once more; a POST ends the signing of the domain's mail."""

    def act() -> str:
        services.retire_dkim_key(request.tenant, key_id, timezone.now(), **_author(request))
        return _("Outbound mail of the domain is not signed any more.")

    if request.method != "POST":
        return _question(request, key_id, "dkim/retire.html")
    return _told(request, act)


@tenant_form
def delete(request: ConsoleRequest, key_id: UUID) -> HttpResponse:
    """Asks once more; a POST deletes a key that is not in use."""

    def act() -> str:
        services.delete_dkim_key(request.tenant, key_id, **_author(request))
        return _("The key was deleted.")

    if request.method != "POST":
        return _question(request, key_id, "dkim/delete.html")
    return _told(request, act)


def _question(request: ConsoleRequest, key_id: UUID, template: str) -> HttpResponse:
    _outbound_only(request)
    key = dkim_key(request.tenant, key_id)
    if key is None:
        raise Http404
    context = {"shown": _shown(key), "writable": request.user.administers, "section": "dkim"}
    return render(request, template, context)
