"""The tenant's pages about its hold rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from mailsec.gateway.message import Message
from mailsec.gateway.outbound.rules import HoldRule
from policies.errors import InvalidRule
from policies.hold_forms import RuleForm, TrialForm
from policies.hold_trial import Rulebook, Told, told_of
from policies.hold_values import rule_of
from policies.hold_wording import in_a_sentence, problem_words
from policies.listing import all_rules, rule_with
from policies.models import HoldRuleRow
from policies.outbound_pages import (
    outbound_action,
    outbound_form,
    outbound_page,
    outbound_question,
)
from policies.selectors import current_policy, groups
from policies.services import Step, add_rule, change_rule, move_rule, remove_rule
from tenants.access import ConsoleRequest


@dataclass(frozen=True, slots=True)
class Line:
    """One rule as the list shows it."""

    row: HoldRuleRow
    rule: HoldRule
    sentence: str


def _line(row: HoldRuleRow) -> Line:
    rule = rule_of(row)
    return Line(row, rule, in_a_sentence(rule))


def context(request: ConsoleRequest, **more: Any) -> dict[str, Any]:
    """What every page here is rendered with."""
    return {"writable": request.user.administers, "section": "policies", **more}


def author(request: ConsoleRequest) -> dict[str, Any]:
    """Who changes something, and where from."""
    return {"author": request.user.email, "address": request.META.get("REMOTE_ADDR") or None}


@outbound_page
def rules(request: ConsoleRequest) -> HttpResponse:
    """All rules in their order."""
    lines = [_line(row) for row in all_rules(request.tenant)]
    more = context(request, lines=lines, tab="hold", holds=_holds(request))
    return render(request, "policies/hold/list.html", more)


def _holds(request: ConsoleRequest) -> bool:
    """Whether the tenant has mail held at all."""
    return current_policy(request.tenant).hold


@outbound_form
def add(request: ConsoleRequest) -> HttpResponse:
    """One new rule, behind the others."""
    form = RuleForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            add_rule(request.tenant, form.cleaned_data["rule"], **author(request))
        except InvalidRule as error:
            _add_error(form, error)
        else:
            messages.success(request, _("The rule was added. It holds for mail from now on."))
            return redirect("hold-rules")
    return render(request, "policies/hold/rule.html", context(request, form=form))


def _add_error(form: RuleForm, error: InvalidRule) -> None:
    field = error.field if error.field in form.fields else None
    form.add_error(field, problem_words(error))


@outbound_form
def change(request: ConsoleRequest, number: int) -> HttpResponse:
    """One rule; what is sent takes its place."""
    row = rule_with(request.tenant, number)
    if row is None:
        raise Http404
    initial = RuleForm.initial_of(rule_of(row))
    form = RuleForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            change_rule(request.tenant, number, form.cleaned_data["rule"], **author(request))
        except InvalidRule as error:
            _add_error(form, error)
        else:
            messages.success(request, _("The rule was saved. It holds for mail from now on."))
            return redirect("hold-rules")
    if not request.user.administers:
        for field in form.fields.values():
            field.disabled = True
    more = context(request, form=form, line=_line(row))
    return render(request, "policies/hold/rule.html", more)


@outbound_action
def move(request: ConsoleRequest, number: int) -> HttpResponse:
    """One place up or down."""
    step = Step.UP if request.POST.get("step") == "up" else Step.DOWN
    try:
        move_rule(request.tenant, number, step, **author(request))
    except InvalidRule as error:
        messages.info(request, problem_words(error))
    return redirect("hold-rules")


@outbound_form
def remove(request: ConsoleRequest, number: int) -> HttpResponse:
    """Asks once more; a POST takes the rule out."""
    row = rule_with(request.tenant, number)
    if request.method != "POST":
        if row is None:
            raise Http404
        return render(request, "policies/hold/remove.html", context(request, line=_line(row)))
    try:
        remove_rule(request.tenant, number, **author(request))
    except InvalidRule as error:
        messages.info(request, problem_words(error))
    else:
        messages.success(request, _("The rule was removed."))
    return redirect("hold-rules")


def trial(request: ConsoleRequest) -> HttpResponseBase:
    """The page on which rules are tried on a mail; nothing is stored and nothing is sent."""
    return _tried(request) if request.method == "POST" else _trial_page(request)


@outbound_page
def _trial_page(request: ConsoleRequest) -> HttpResponse:
    return _shown_trial(request, TrialForm())


@outbound_question
def _tried(request: ConsoleRequest) -> HttpResponse:
    form = TrialForm(request.POST, request.FILES)
    if not form.is_valid():
        return _shown_trial(request, form)
    values, file = form.cleaned_data, form.cleaned_data["mail"]
    told = Told(
        values["sender"].strip(),
        form.addresses,
        values["attachment"] == "yes",
        values["subject"],
        values["text"],
    )
    message = Message(file.read()) if file is not None else None
    if message is not None:
        told = told_of(message, told.sender, told.recipients)
    tenant = request.tenant
    book = Rulebook(
        [rule_of(row) for row in all_rules(tenant)],
        groups(tenant),
        current_policy(tenant).own_domains,
    )
    return _shown_trial(request, form, book.try_on(told, message))


def _shown_trial(request: ConsoleRequest, form: TrialForm, found: object = None) -> HttpResponse:
    more = context(request, form=form, trial=found, tab="trial", holds=_holds(request))
    return render(request, "policies/hold/trial.html", more)
