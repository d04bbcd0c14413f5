"""The tenant's pages about its groups."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from policies.errors import InvalidRule
from policies.hold_forms import GroupForm
from policies.hold_values import Group
from policies.hold_views import author, context
from policies.hold_wording import problem_words
from policies.listing import all_groups, group_with
from policies.models import AddressGroup
from policies.outbound_pages import outbound_form, outbound_page
from policies.services import remove_group, store_groups
from tenants.access import ConsoleRequest
from tenants.selectors import domains_of


def group_of(row: AddressGroup) -> Group:
    """The group that a row holds, its members fetched before."""
    members = sorted(each.address for each in row.members.all())
    return Group(row.address, tuple(members), row.name)


@outbound_page
def groups(request: ConsoleRequest) -> HttpResponse:
    """All groups with their members."""
    rows = [(row, group_of(row)) for row in all_groups(request.tenant)]
    return render(request, "policies/groups/list.html", context(request, rows=rows, tab="groups"))


@outbound_form
def add(request: ConsoleRequest) -> HttpResponse:
    """One new group; one of the same address gets these members."""
    form = GroupForm(domains_of(request.tenant), request.POST or None)
    if request.method == "POST" and form.is_valid() and _stored(request, form):
        messages.success(request, _("The group was saved. It holds for mail from now on."))
        return redirect("groups")
    return render(request, "policies/groups/group.html", context(request, form=form))


def _stored(request: ConsoleRequest, form: GroupForm) -> bool:
    try:
        store_groups(request.tenant, [form.cleaned_data["group"]], **author(request))
    except InvalidRule as error:
        form.add_error("address", problem_words(error))
        return False
    return True


@outbound_form
def change(request: ConsoleRequest, number: int) -> HttpResponse:
    """Name and members of one group; its address stays."""
    row = group_with(request.tenant, number)
    if row is None:
        raise Http404
    stored = group_of(row)
    initial = {
        "address": stored.address,
        "name": stored.name,
        "members": "\n".join(stored.members),
    }
    form = GroupForm(domains_of(request.tenant), request.POST or None, initial=initial)
    form.fields["address"].disabled = True
    if request.method == "POST" and form.is_valid() and _stored(request, form):
        messages.success(request, _("The group was saved. It holds for mail from now on."))
        return redirect("groups")
    if not request.user.administers:
        for field in form.fields.values():
            field.disabled = True
    more = context(request, form=form, group=stored, row=row)
    return render(request, "policies/groups/group.html", more)


@outbound_form
def remove(request: ConsoleRequest, number: int) -> HttpResponse:
    """Asks once more; a POST takes the group out."""
    row = group_with(request.tenant, number)
    if request.method != "POST":
        if row is None:
            raise Http404
        more = context(request, group=group_of(row), row=row)
        return render(request, "policies/groups/remove.html", more)
    try:
        remove_group(request.tenant, row.address if row else "", **author(request))
    except InvalidRule:
        messages.info(request, _("It is not there any more."))
    else:
        messages.success(request, _("The group was removed."))
    return redirect("groups")
