"""The tenant's pages about its allow and block lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mailsec.gateway.errors import InvalidPolicy
from policies.entries import last_day
from policies.entry_file import Reading, Rules, read_entries, write_entries
from policies.list_forms import EntryFileForm, EntryForm, EntrySearch
from policies.listing import entries_in_force, entry_page, entry_with, import_effect
from policies.models import ListEntry
from policies.services import MOST_ENTRIES, add_entry, import_entries, remove_entry
from tenants.access import ConsoleRequest, tenant_form, tenant_page
from tenants.selectors import domains_of

_MOST_PROBLEMS = 100


@dataclass(frozen=True, slots=True)
class Row:
    """One entry as the table shows it."""

    entry: ListEntry
    last_day: date | None
    ended: bool


@tenant_page
def entries(request: ConsoleRequest) -> HttpResponse:
    """Entries that match the filters."""
    form = EntrySearch(request.GET)
    page = None
    if form.is_valid():
        page = entry_page(request.tenant, form.wanted(), request.GET.get("page", ""))
    context = {
        "form": form,
        "page": page,
        "rows": _rows(request, list(page)) if page else [],
        "writable": request.user.administers,
        "section": "lists",
    }
    return render(request, "lists/list.html", context)


def _rows(request: ConsoleRequest, found: Sequence[ListEntry]) -> list[Row]:
    now = timezone.now()
    return [
        Row(
            each,
            last_day(each.expires_at, request.tenant.zone) if each.expires_at else None,
            each.expires_at is not None and each.expires_at <= now,
        )
        for each in found
    ]


@tenant_form
def add(request: ConsoleRequest) -> HttpResponse:
    """One new entry."""
    if request.method != "POST":
        return shown(request, EntryForm(rules_of(request)))
    form = EntryForm(rules_of(request), request.POST)
    if form.is_valid() and _added(request, form):
        messages.success(request, _("The entry was added. It holds for mail from now on."))
        return redirect("lists")
    return shown(request, form)


def _added(request: ConsoleRequest, form: EntryForm) -> bool:
    new = form.made()
    try:
        add_entry(
            request.tenant,
            new.kind,
            new.entry,
            recipient=new.recipient,
            author=request.user.email,
            note=new.note,
            expires_at=new.expires_at,
        )
    except InvalidPolicy:
        # The form has asked for all else; what is left is the number of entries.
        form.add_error("entry", _full())
        return False
    return True


def _full() -> str:
    return _("The lists cannot hold more than %(most)d entries.") % {"most": MOST_ENTRIES}


def rules_of(request: ConsoleRequest) -> Rules:
    """What entries of the tenant are measured by today."""
    return Rules(
        domains_of(request.tenant), request.tenant.zone, timezone.localdate(), MOST_ENTRIES
    )


def shown(request: ConsoleRequest, form: EntryForm, preview: object = None) -> HttpResponse:
    """The page with this form on it, and with a preview."""
    context = {
        "form": form,
        "preview": preview,
        "writable": request.user.administers,
        "section": "lists",
    }
    return render(request, "lists/add.html", context)


@tenant_form
def remove(request: ConsoleRequest, number: int) -> HttpResponse:
    """Asks once more; a POST takes the entry off."""
    found = entry_with(request.tenant, number)
    if request.method != "POST":
        if found is None:
            raise Http404
        context = {
            "row": _rows(request, [found])[0],
            "writable": request.user.administers,
            "section": "lists",
        }
        return render(request, "lists/remove.html", context)
    if found is None or not _removed(request, found):
        messages.info(request, _("The entry was not on the list any more."))
    else:
        messages.success(request, _("The entry was removed."))
    return redirect("lists")


def _removed(request: ConsoleRequest, found: ListEntry) -> bool:
    try:
        remove_entry(
            request.tenant,
            found.kind,
            found.entry,
            recipient=found.recipient,
            author=request.user.email,
        )
    except InvalidPolicy:
        return False
    return True


@tenant_page
def export(request: ConsoleRequest) -> HttpResponseBase:
    """The entries as a CSV file in UTF-8 with a byte order mark, which spreadsheets ask for.

    Those that have ended are left out: no file with them is taken in.
    """
    lines = write_entries(entries_in_force(request.tenant), request.tenant.zone)
    answer = StreamingHttpResponse(
        (line.encode() for line in ("\ufeff", *lines)), content_type="text/csv; charset=utf-8"
    )
    name = f"lists-{request.tenant.slug}-{timezone.localdate():%Y%m%d}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@tenant_form
def load(request: ConsoleRequest) -> HttpResponse:
    """A CSV file: first what it would do, then, on a second POST, all of it or nothing."""
    if request.method != "POST":
        return _file_page(request, EntryFileForm())
    form = EntryFileForm(request.POST, request.FILES)
    if not form.is_valid():
        return _file_page(request, form)
    reading = read_entries(form.cleaned_data["text"], rules_of(request))
    if "confirm" in request.POST and reading.entries:
        return _imported(request, reading)
    return _file_page(request, form, reading)


def _imported(request: ConsoleRequest, reading: Reading) -> HttpResponse:
    try:
        effect = import_entries(
            request.tenant,
            reading.entries,
            author=request.user.email,
            address=request.META.get("REMOTE_ADDR") or None,
        )
    except InvalidPolicy:
        return _file_page(request, EntryFileForm(), reading)
    count = len(effect.added) + len(effect.replaced)
    words = ngettext("%(count)d entry was stored.", "%(count)d entries were stored.", count)
    messages.success(request, words % {"count": count})
    return redirect("lists")


def _file_page(
    request: ConsoleRequest, form: EntryFileForm, reading: Reading | None = None
) -> HttpResponse:
    context = {
        "form": form,
        "reading": reading,
        "problems": reading.problems[:_MOST_PROBLEMS] if reading else (),
        "full": "",
        "text": form.cleaned_data.get("text", "") if form.is_bound and form.is_valid() else "",
        "most": MOST_ENTRIES,
        "writable": request.user.administers,
        "section": "lists",
    }
    if reading and reading.entries:
        context["effect"], total = import_effect(request.tenant, reading.entries)
        context["full"] = _full() if total > MOST_ENTRIES else ""
    return render(request, "lists/import.html", context)
