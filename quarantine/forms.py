"""What people fill in to find messages."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from quarantine.choices import RefusalReason, VerdictChoice
from quarantine.selectors import MessageFilter, RefusalFilter
from quarantine.services import BulkAction
from quarantine.services.originals import MOST_WORDS, OriginalRelease

STATES = [
    ("", pgettext_lazy("filter", "All")),
    ("received", _("Received")),
    ("waiting", _("Waiting for examination")),
    ("ready", _("In delivery")),
    ("deferred", _("Retrying")),
    ("delivered", _("Delivered")),
    ("bounced", _("Undeliverable")),
    ("held", _("Waiting for the sender")),
    ("quarantined", _("Quarantined")),
    ("shunted", _("Set aside")),
]
DIRECTIONS = [
    ("", pgettext_lazy("filter", "All")),
    ("inbound", _("Inbound")),
    ("outbound", _("Outbound")),
    ("notice", _("Notice")),
]
FOUND = [
    ("", pgettext_lazy("filter", "All")),
    ("spam", _("Spam")),
    ("forged", _("Forged or blocked sender")),
    ("suspicious", _("Suspicious")),
    ("virus", _("Virus")),
    ("file-type", _("Forbidden file")),
    ("unexamined", _("Could not be examined")),
    ("condemned", _("Virus or forbidden file")),
    ("changed", _("Changed before delivery")),
    ("held", _("Held before sending")),
    ("discarded", _("Discarded while held")),
    ("zipped", _("ZIP encryption")),
    ("bcc", _("Forced Bcc")),
]
BULK_ACTIONS = [
    ("release", _("Release")),
    ("original", _("Send the original")),
    ("delete", _("Delete")),
    ("spam", _("Spam")),
    ("ham", _("Not spam")),
]
MOST_CHOSEN = 200
_ID = re.compile(r"[0-9a-f]{32}")
KEPT = [
    ("held", _("Held")),
    ("released", _("Released")),
    ("removed", _("Attachment removed")),
    ("all", pgettext_lazy("filter", "All")),
]
VERDICTS = [
    ("", pgettext_lazy("filter", "All")),
    *((value, label) for value, label in VerdictChoice.choices if value != "pending"),
]
# Far beyond any record, near enough for every arithmetic on dates.
_YEARS = [MinValueValidator(date(2000, 1, 1)), MaxValueValidator(date(2100, 1, 1))]


class PeriodSearch(forms.Form):
    """Words and a span of days; all optional."""

    text = forms.CharField(
        label=_("Keywords"),
        max_length=200,
        required=False,
        widget=forms.TextInput({"type": "search", "aria-describedby": "text-hint"}),
    )
    since = forms.DateField(
        label=_("From day"),
        required=False,
        validators=_YEARS,
        widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"),
    )
    until = forms.DateField(
        label=_("To day"),
        required=False,
        validators=_YEARS,
        widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"),
    )

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        since, until = values.get("since"), values.get("until")
        if since and until and until < since:
            self.add_error("until", _("This day lies before the first day."))
        return values

    @property
    def is_narrow(self) -> bool:
        """Whether anything that people see is filled in."""
        return any(self.data.get(field.name, "").strip() for field in self.visible_fields())

    def span(self, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
        """The first moment and the one behind the last, as the tenant's calendar has them."""
        since, until = self.cleaned_data["since"], self.cleaned_data["until"]
        return (
            _midnight(since, zone) if since else None,
            _midnight(until + timedelta(days=1), zone) if until else None,
        )


class MessageSearch(PeriodSearch):
    """Text and filters of the message list."""

    direction = forms.ChoiceField(label=_("Direction"), choices=DIRECTIONS, required=False)
    state = forms.ChoiceField(label=_("State"), choices=STATES, required=False)
    found = forms.ChoiceField(label=_("Verdict"), choices=FOUND, required=False)

    def wanted(self, zone: ZoneInfo) -> MessageFilter:
        """The filter; for valid forms only."""
        values = self.cleaned_data
        since, until = self.span(zone)
        return MessageFilter(
            text=values["text"],
            state=values["state"],
            direction=values["direction"],
            found=values["found"],
            since=since,
            until=until,
        )


class QuarantineSearch(PeriodSearch):
    """Text, verdict and period of the quarantine's list; ``kept`` is chosen by its tabs."""

    verdict = forms.ChoiceField(label=_("Verdict"), choices=VERDICTS, required=False)
    kept = forms.ChoiceField(choices=KEPT, required=False, widget=forms.HiddenInput)

    def wanted(self, zone: ZoneInfo) -> MessageFilter:
        """The filter; for valid forms only."""
        values = self.cleaned_data
        since, until = self.span(zone)
        return MessageFilter(
            text=values["text"],
            verdict=values["verdict"],
            kept=values["kept"] or "held",
            since=since,
            until=until,
        )


class RefusalSearch(PeriodSearch):
    """Text and filters of the list of refused mail; all optional."""

    reason = forms.ChoiceField(
        label=_("Reason"),
        choices=[("", pgettext_lazy("filter", "All")), *RefusalReason.choices],
        required=False,
    )

    def wanted_refusals(self, zone: ZoneInfo) -> RefusalFilter:
        """The filter, as ``wanted`` gives it for messages; for valid forms only."""
        values = self.cleaned_data
        since, until = self.span(zone)
        return RefusalFilter(
            text=values["text"],
            reason=values["reason"],
            since=since,
            until=until,
        )


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)


class OriginalWish(forms.Form):
    """How originals are sent: with or without forbidden files, and why."""

    files_allowed = forms.BooleanField(required=False)
    why = forms.CharField(
        label=_("Reason, for the audit log"), max_length=MOST_WORDS, required=False
    )

    def wish(self, recipients: Collection[str] | None = None) -> OriginalRelease:
        """What is asked for; for valid forms only."""
        values = self.cleaned_data
        return OriginalRelease(recipients, values["files_allowed"], values["why"])


class Choice(OriginalWish):
    """Which messages, and what is to be done with them."""

    action = forms.ChoiceField(choices=BULK_ACTIONS)
    id = forms.TypedMultipleChoiceField(coerce=lambda text: UUID(hex=text))

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        # What is an identifier is a choice; whether there is such a message the service says.
        known = dict.fromkeys(text for text in data.getlist("id") if _ID.fullmatch(text))
        self.fields["id"].choices = [(text, text) for text in known]  # type: ignore[attr-defined]

    @property
    def wanted(self) -> BulkAction:
        """What is to be done; for valid forms only."""
        return BulkAction(self.cleaned_data["action"])

    def clean_id(self) -> list[UUID]:
        chosen: list[UUID] = self.cleaned_data["id"]
        if len(chosen) > MOST_CHOSEN:
            raise forms.ValidationError(_("At most 200 mails can be chosen at a time."))
        return list(dict.fromkeys(chosen))
