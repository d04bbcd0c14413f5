"""How the settings are grouped for people: each on exactly one page, in the order of the page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from django.utils.translation import gettext_lazy as _

from tenants.menu import Menu


def _always(menu: Menu) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Group:
    """Settings that belong together, below a heading."""

    title: Any
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of settings.

    ``judged`` are those whose change can be tried on mail that is stored: what they say is applied
    after a mail was accepted. ``bought`` says with which menus there is something to set.
    """

    name: str
    title: Any
    lead: Any
    groups: tuple[Group, ...]
    judged: bool
    bought: Callable[[Menu], bool] = _always

    @property
    def keys(self) -> tuple[str, ...]:
        """The page's settings in their order."""
        return tuple(key for group in self.groups for key in group.keys)


def _group(title: Any, names: str) -> Group:
    return Group(title, tuple(names.split()))


PAGES: Sequence[Page] = (
    Page(
        "spam",
        _("Spam"),
        _("How spam is recognised, and what is done with it."),
        (
            _group(_("Check"), "spam_check"),
            _group(_("Thresholds"), "tag_score quarantine_score above_quarantine_score"),
            _group(_("Tag"), "subject_tag"),
        ),
        judged=True,
    ),
    Page(
        "authentication",
        _("Sender authentication"),
        _("Whether mail really comes from the domain that it names: SPF, DKIM and DMARC."),
        (
            _group(_("Check"), "authentication_check"),
            _group(_("Mail that fails"), "dmarc_reject dmarc_quarantine dmarc_none spf_fail"),
            _group(_("Exceptions"), "authentication_exceptions arc_sealers"),
        ),
        judged=True,
    ),
    Page(
        "files",
        _("Viruses and files"),
        _("Harmful and unwanted attachments, and what could not be examined."),
        (
            _group(_("Viruses"), "virus_check"),
            _group(_("File types"), "file_type_check file_types file_type_exceptions"),
            _group(_("What could not be examined"), "unexamined unreadable"),
        ),
        judged=True,
    ),
    Page(
        "warnings",
        _("Warnings"),
        _("Warnings at the head of mails that look like fraud."),
        (
            _group(_("Warning"), "warn_suspicious"),
            _group(_("Whom impostors like to be"), "protected_names protected_domains"),
        ),
        judged=True,
    ),
    Page(
        "reputation",
        _("Reputation"),
        _("What is refused or put off before a mail is accepted at all."),
        (_group(_("At the connection"), "reputation_check greylisting"),),
        judged=False,
    ),
    Page(
        "quarantine",
        _("Quarantine and digest"),
        _("How long mail is kept, and what your users see and do themselves."),
        (
            _group(_("Quarantine"), "quarantine_days"),
            _group(_("Daily digest"), "digest digest_hour"),
            _group(_("What users may do"), "user_release user_lists"),
        ),
        judged=False,
    ),
    Page(
        "outbound",
        _("Outbound mail"),
        _("How long mail waits for its sender, and who sees whom it is for."),
        (
            _group(_("Hold"), "hold hold_minutes hold_expiry"),
            _group(_("Forced Bcc"), "bcc bcc_recipients bcc_to bcc_exceptions"),
        ),
        judged=False,
        bought=attrgetter("outbound"),
    ),
    Page(
        "zip",
        _("ZIP encryption"),
        _("How attachments leave the company, and how their password is told."),
        (
            _group(_("Encryption"), "zip zip_cipher zip_legacy_domains zip_names zip_note"),
            _group(_("Password"), "password_length password_after_minutes"),
            _group(_("Exceptions"), "zip_exceptions zip_sender_exceptions zip_subject_mark"),
        ),
        judged=False,
        bought=attrgetter("zip"),
    ),
    Page(
        "general",
        _("General"),
        _("Language and contact of notices, acceptance, delivery and records."),
        (
            _group(_("Notices"), "language contact"),
            _group(_("Acceptance"), "check_recipients message_size_bytes"),
            _group(_("Delivery"), "delay_notice_hours bounce_after_hours"),
            _group(_("Records"), "trace_days"),
        ),
        judged=False,
    ),
)


def pages_for(menu: Menu) -> list[Page]:
    """The pages about what was bought, in their order."""
    return [page for page in PAGES if page.bought(menu)]


def unbought(keys: Iterable[str], menu: Menu) -> list[str]:
    """Those of these settings that stand on pages of other menus alone."""
    offered = {key for page in pages_for(menu) for key in page.keys}
    known = {key for page in PAGES for key in page.keys}
    return [key for key in keys if key in known - offered]


def page_named(name: str, menu: Menu) -> Page | None:
    """The page of this name, None where there is none for this menu."""
    return next((page for page in pages_for(menu) if page.name == name), None)
