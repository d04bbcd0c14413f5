"""The tenant's pages about the words of its notices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from mailsec.gateway.policy import Language
from policies.hold_views import author, context
from policies.listing import own_notice_texts
from policies.models import OwnNoticeText
from policies.notice_examples import example_of
from policies.notice_forms import NoticeForm
from policies.notice_texts import REQUIRED, VARIABLES, NoticeKind, NoticeText, default_text
from policies.notice_wording import KINDS, LANGUAGES, VARIABLE_WORDS
from policies.selectors import current_policy, notice_text
from policies.services import reset_notice_text, set_notice_text
from policies.setting_words import Words
from tenants.access import ConsoleRequest, tenant_action, tenant_form, tenant_page
from tenants.menu import Menu

_OF_ALL_MENUS = (NoticeKind.DIGEST, NoticeKind.BOUNCED, NoticeKind.DELAYED)


@dataclass(frozen=True, slots=True)
class Shown:
    """One notice in one language, as the pages name it."""

    kind: NoticeKind
    language: Language
    own: OwnNoticeText | None

    @property
    def words(self) -> Words:
        """What the notice is called and who gets it when."""
        return KINDS[self.kind]

    @property
    def title(self) -> str:
        """Both, as the heading of its page."""
        return _("%(notice)s (%(language)s)") % {
            "notice": self.words.label,
            "language": self.language_name,
        }

    @property
    def language_name(self) -> Any:
        """The language in the reader's."""
        return LANGUAGES[self.language]


@tenant_page
def notices(request: ConsoleRequest) -> HttpResponse:
    """Every notice, and whose words it has."""
    own = own_notice_texts(request.tenant)
    rows = [
        [Shown(kind, language, own.get((kind, language))) for language in LANGUAGES]
        for kind in _kinds(request.tenant.menu)
    ]
    language = LANGUAGES[current_policy(request.tenant).language]
    more = context(request, rows=rows, language=language)
    return render(request, "policies/notices/list.html", more)


@tenant_form
def change(request: ConsoleRequest, kind: str, language: str) -> HttpResponse:
    """The words of one notice; what is sent holds from now on."""
    shown = _asked(request, kind, language)
    stored = notice_text(request.tenant, shown.kind, shown.language)
    writable = request.user.administers
    if request.method != "POST":
        form = NoticeForm(shown.kind, stored, writable=writable)
        return _page(request, shown, form, stored)
    form = NoticeForm(shown.kind, stored, request.POST, writable=writable)
    if not form.is_valid():
        return _page(request, shown, form)
    text: NoticeText = form.cleaned_data["text"]
    if text == stored:
        messages.info(request, _("Nothing differs from what is stored, so nothing was changed."))
    else:
        kept = (request.tenant, shown.kind, shown.language)
        set_notice_text(*kept, text.subject, text.body, **author(request))
        messages.success(request, _("The text was saved. Notices have it from now on."))
    return redirect("notice-text", shown.kind, shown.language)


@tenant_action
def preview(request: ConsoleRequest, kind: str, language: str) -> HttpResponse:
    """The words that were entered, filled with example values; nothing is stored."""
    shown = _asked(request, kind, language)
    stored = notice_text(request.tenant, shown.kind, shown.language)
    writable = request.user.administers
    form = NoticeForm(shown.kind, stored, request.POST, writable=writable)
    return _page(request, shown, form, form.cleaned_data["text"] if form.is_valid() else None)


@tenant_form
def reset(request: ConsoleRequest, kind: str, language: str) -> HttpResponse:
    """Asks once more; a POST puts the product's words back."""
    shown = _asked(request, kind, language)
    if request.method != "POST":
        text = default_text(shown.kind, shown.language)
        more = context(request, shown=shown, text=text)
        return render(request, "policies/notices/reset.html", more)
    if reset_notice_text(request.tenant, shown.kind, shown.language, **author(request)):
        messages.success(request, _("The product’s words are in use again."))
    else:
        messages.info(request, _("The product’s words are in use already."))
    return redirect("notice-text", shown.kind, shown.language)


def _kinds(menu: Menu) -> tuple[NoticeKind, ...]:
    """The notices that there may be; only a ZIP file has a password that is told."""
    if not menu.outbound:
        return _OF_ALL_MENUS
    return tuple(kind for kind in NoticeKind if menu.zip or kind is not NoticeKind.PASSWORD)


def _asked(request: ConsoleRequest, kind: str, language: str) -> Shown:
    known = [(each, tongue) for each in _kinds(request.tenant.menu) for tongue in LANGUAGES]
    asked = next((pair for pair in known if pair == (kind, language)), None)
    if asked is None:
        raise Http404
    return Shown(*asked, own_notice_texts(request.tenant).get(asked))


def _page(
    request: ConsoleRequest, shown: Shown, form: NoticeForm, text: NoticeText | None = None
) -> HttpResponse:
    more = context(request, shown=shown, form=form, variables=_variables(shown.kind))
    if text is not None:
        company, contact = request.tenant.name, current_policy(request.tenant).contact
        more["example"] = example_of(shown.kind, shown.language, text, company, contact)
    return render(request, "policies/notices/notice.html", more)


def _variables(kind: NoticeKind) -> list[Mapping[str, Any]]:
    return [
        {"name": f"{{{name}}}", "words": VARIABLE_WORDS[name], "required": name in REQUIRED[kind]}
        for name in VARIABLES[kind]
    ]
