"""All mails that wait for one person, for whoever reads that person's mail; no account needed.

A code by mail proves the address; a signed cookie, for this page alone, remembers it for half an
hour. Looking changes nothing: even the link of a mail is made by a POST.
"""

from __future__ import annotations

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from django_tenants.utils import get_public_schema_name

from encryption.code_forms import AddressForm, CodeForm
from encryption.code_mail import code_mail
from encryption.sender_views import no_link, private
from mailsec.celery import enqueue
from policies.selectors import groups
from quarantine import services
from quarantine.holds import waiting_for
from tenants.access import ConsoleRequest
from tenants.models import Tenant

COOKIE = "mailsec_held"
_SALT = "encryption.held-mails"
_SECONDS = 30 * 60


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def my_mails(request: ConsoleRequest) -> HttpResponse:
    """Asks for the address, then for the code, then lists what waits."""
    tenant = request.tenant
    if tenant.schema_name == get_public_schema_name():
        return no_link(request)
    with timezone.override(tenant.zone):
        address = _proved(request)
        wish = request.POST.get("action", "")
        if wish == "leave":
            answer: HttpResponse = redirect("my-mails")
            answer.delete_cookie(COOKIE, path=reverse("my-mails"))
        elif wish == "code":
            answer = _check(request)
        elif wish == "address":
            answer = _send(request)
        elif address and wish == "open":
            answer = _open(request, address)
        elif address:
            answer = _list(request, address)
        else:
            answer = render(request, "holds/ask_address.html", {"form": AddressForm()})
    return private(answer)


def _send(request: ConsoleRequest) -> HttpResponse:
    """Mail a code, and say the same whether or not there is such an address."""
    form = AddressForm(request.POST)
    if not form.is_valid():
        return render(request, "holds/ask_address.html", {"form": form})
    address, tenant, now = form.cleaned_data["address"], request.tenant, timezone.now()
    with transaction.atomic():
        sent = services.send_code(
            tenant, address, lambda code: code_mail(tenant, address, code, now), now
        )
        if sent is not None:
            transaction.on_commit(lambda: enqueue("deliver", tenant.slug, [sent]))
    return _ask_code(request, CodeForm(initial={"address": address}), address)


def _check(request: ConsoleRequest) -> HttpResponse:
    form = CodeForm(request.POST)
    if form.is_valid():
        address, code = form.cleaned_data["address"], form.cleaned_data["code"].strip()
        if services.check_code(request.tenant, address, code, timezone.now()):
            answer = redirect("my-mails")
            _remember(answer, request.tenant, address)
            return answer
        form.add_error("code", _("This code is wrong or has expired."))
    return _ask_code(request, form, str(form.data.get("address", ""))[:254])


def _ask_code(request: ConsoleRequest, form: CodeForm, address: str) -> HttpResponse:
    return render(request, "holds/ask_code.html", {"form": form, "address": address})


def _open(request: ConsoleRequest, address: str) -> HttpResponse:
    """A link of the person's own to one of the mails that wait for them."""
    wanted = request.POST.get("id", "")
    for hold in waiting_for(request.tenant, _mailboxes(request.tenant, address)):
        message_id = hold.message_id
        if message_id.hex == wanted:
            token = services.give_link(request.tenant, message_id, address, timezone.now())
            return redirect("sender-page", token)
    return _list(request, address)


def _list(request: ConsoleRequest, address: str) -> HttpResponse:
    holds = waiting_for(request.tenant, _mailboxes(request.tenant, address))
    answer = render(request, "holds/mine.html", {"holds": holds, "address": address})
    _remember(answer, request.tenant, address)
    return answer


def _mailboxes(tenant: Tenant, address: str) -> set[str]:
    """The own one, and those of the groups that the person is a member of."""
    shared = {group for group, members in groups(tenant).items() if address in members}
    return {address} | shared


def _proved(request: ConsoleRequest) -> str:
    """The address that the cookie proves on this tenant's host, else nothing."""
    try:
        said = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=_SECONDS)
    except signing.BadSignature:
        return ""
    schema, address = said
    return str(address) if schema == request.tenant.schema_name else ""


def _remember(answer: HttpResponse, tenant: Tenant, address: str) -> None:
    answer.set_cookie(
        COOKIE,
        signing.dumps([tenant.schema_name, address], salt=_SALT),
        max_age=_SECONDS,
        path=reverse("my-mails"),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
