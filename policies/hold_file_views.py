"""Hold rules and groups as files: out, and in with a look at what a file would do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from mailsec.gateway.outbound.rules import HoldRule
from policies.csv_text import Problem
from policies.errors import InvalidRule
from policies.group_file import read_groups, write_groups
from policies.group_views import group_of
from policies.hold_file import read_rules, write_rules
from policies.hold_values import Group, rule_of
from policies.hold_views import author, context
from policies.hold_wording import problem_words
from policies.list_forms import EntryFileForm
from policies.listing import all_groups, all_rules
from policies.outbound_pages import outbound_form, outbound_page
from policies.services import MOST_GROUPS, MOST_RULES, replace_rules, store_groups
from tenants.access import ConsoleRequest
from tenants.selectors import domains_of

_MOST_PROBLEMS = 100


@dataclass(frozen=True, slots=True)
class Effect:
    """How many things a file adds, changes, takes out and leaves as they are."""

    added: int
    changed: int
    removed: int
    unchanged: int


def _file(request: ConsoleRequest, name: str, lines: Iterable[str]) -> HttpResponseBase:
    """In UTF-8 with a byte order mark, which spreadsheets ask for."""
    answer = StreamingHttpResponse(
        (line.encode() for line in ("\ufeff", *lines)), content_type="text/csv; charset=utf-8"
    )
    name = f"{name}-{request.tenant.slug}-{timezone.localdate():%Y%m%d}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@outbound_page
def export_rules(request: ConsoleRequest) -> HttpResponseBase:
    """All rules as a CSV file."""
    rows = all_rules(request.tenant)
    return _file(request, "hold-rules", write_rules(rule_of(row) for row in rows))


@outbound_page
def export_groups(request: ConsoleRequest) -> HttpResponseBase:
    """All groups as a CSV file."""
    rows = all_groups(request.tenant)
    return _file(request, "groups", write_groups(group_of(row) for row in rows))


@outbound_form
def load_rules(request: ConsoleRequest) -> HttpResponse:
    """A CSV file: first what it would do, then, on a second POST, all of it or nothing."""
    form = _form(request)
    if form is None or not form.is_valid():
        return _page(request, "rules", form)
    reading = read_rules(form.cleaned_data["text"], MOST_RULES)
    found: Sequence[HoldRule] = reading.rules
    if "confirm" in request.POST and found:
        replace_rules(request.tenant, found, **author(request))
        messages.success(request, _("The rules of the file are in force from now on."))
        return redirect("hold-rules")
    present = {row.name: rule_of(row) for row in all_rules(request.tenant)}
    effect = _effect({rule.name: rule for rule in found}, present, keeps=False)
    return _page(request, "rules", form, (reading.problems, effect if found else None))


@outbound_form
def load_groups(request: ConsoleRequest) -> HttpResponse:
    """The same for groups; those that the file does not name stay."""
    form = _form(request)
    if form is None or not form.is_valid():
        return _page(request, "groups", form)
    domains = domains_of(request.tenant)
    reading = read_groups(form.cleaned_data["text"], domains, MOST_GROUPS)
    found: Sequence[Group] = reading.groups
    problems = reading.problems
    if "confirm" in request.POST and found:
        try:
            store_groups(request.tenant, found, **author(request))
        except InvalidRule as error:
            problems = (Problem(0, problem_words(error)),)
        else:
            messages.success(request, _("The groups of the file are in force from now on."))
            return redirect("groups")
    present = {row.address: group_of(row) for row in all_groups(request.tenant)}
    effect = _effect({group.address: group for group in found}, present, keeps=True)
    return _page(request, "groups", form, (problems, effect if found else None))


def _effect(found: dict[str, Any], present: dict[str, Any], *, keeps: bool) -> Effect:
    same = sum(present.get(key) == value for key, value in found.items())
    added = len(found.keys() - present.keys())
    left = len(present.keys() - found.keys())
    return Effect(
        added, len(found) - added - same, 0 if keeps else left, same + (left if keeps else 0)
    )


def _form(request: ConsoleRequest) -> EntryFileForm | None:
    return EntryFileForm(request.POST, request.FILES) if request.method == "POST" else None


def _page(
    request: ConsoleRequest,
    kind: str,
    form: EntryFileForm | None,
    result: tuple[tuple[Problem, ...], Effect | None] | None = None,
) -> HttpResponse:
    problems, effect = result or ((), None)
    valid = form is not None and result is not None
    more = context(
        request,
        form=form or EntryFileForm(),
        kind=kind,
        problems=problems[:_MOST_PROBLEMS],
        problem_count=len(problems),
        empty=valid and not problems and effect is None,
        effect=None if problems else effect,
        text=form.cleaned_data.get("text", "") if form is not None and valid else "",
        most=MOST_RULES if kind == "rules" else MOST_GROUPS,
    )
    return render(request, "policies/hold/import.html", more)
