"""What people fill in to find messages."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from quarantine.choices import RefusalReason
from quarantine.selectors import MessageFilter, RefusalFilter

STATES = [
    ("", pgettext_lazy("filter", "All")),
    ("received", _("Received")),
    ("waiting", _("Waiting for examination")),
    ("ready", _("In delivery")),
    ("deferred", _("Retrying")),
    ("delivered", _("Delivered")),
    ("bounced", _("Undeliverable")),
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
    ("virus", _("Virus")),
    ("file-type", _("Forbidden file")),
    ("unexamined", _("Could not be examined")),
    ("condemned", _("Virus or forbidden file")),
    ("changed", _("Changed before delivery")),
]
# Far beyond any record, near enough for every arithmetic on dates.
_YEARS = [MinValueValidator(date(2000, 1, 1)), MaxValueValidator(date(2100, 1, 1))]


class MessageSearch(forms.Form):
    """Text and filters of the message list; all optional."""

    text = forms.CharField(
        label=_("Keywords"),
        max_length=200,
        required=False,
        widget=forms.TextInput({"type": "search", "aria-describedby": "text-hint"}),
    )
    direction = forms.ChoiceField(label=_("Direction"), choices=DIRECTIONS, required=False)
    state = forms.ChoiceField(label=_("State"), choices=STATES, required=False)
    found = forms.ChoiceField(label=_("Verdict"), choices=FOUND, required=False)
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
        """Whether anything is filled in."""
        return any(self.data.get(name, "").strip() for name in self.fields)

    def wanted(self, zone: ZoneInfo) -> MessageFilter:
        """The filter, with days as the tenant's calendar has them; for valid forms only."""
        values = self.cleaned_data
        since, until = values["since"], values["until"]
        return MessageFilter(
            text=values["text"],
            state=values["state"],
            direction=values["direction"],
            found=values["found"],
            since=_midnight(since, zone) if since else None,
            until=_midnight(until + timedelta(days=1), zone) if until else None,
        )


class RefusalSearch(MessageSearch):
    """Text and filters of the list of refused mail; all optional."""

    direction = state = found = None  # type: ignore[assignment]  # Django's way to drop a field
    reason = forms.ChoiceField(
        label=_("Reason"),
        choices=[("", pgettext_lazy("filter", "All")), *RefusalReason.choices],
        required=False,
    )

    def wanted_refusals(self, zone: ZoneInfo) -> RefusalFilter:
        """The filter, as ``wanted`` gives it for messages; for valid forms only."""
        values = self.cleaned_data
        since, until = values["since"], values["until"]
        return RefusalFilter(
            text=values["text"],
            reason=values["reason"],
            since=_midnight(since, zone) if since else None,
            until=_midnight(until + timedelta(days=1), zone) if until else None,
        )


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)
