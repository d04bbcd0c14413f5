"""What people fill in at the hold queue."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from quarantine.forms import Choice
from quarantine.hold_listing import HoldFilter

STATES = [("waiting", _("Undecided")), ("ended", _("Decided"))]
ACTIONS = [("deliver", _("Deliver now")), ("discard", _("Discard"))]


class HoldSearch(forms.Form):
    """Text and filters, all optional; ``state`` is chosen by the tabs."""

    text = forms.CharField(
        label=_("Keywords"),
        max_length=200,
        required=False,
        widget=forms.TextInput({"type": "search", "aria-describedby": "text-hint"}),
    )
    sender = forms.CharField(label=_("Sender"), max_length=200, required=False)
    recipient = forms.CharField(label=_("Recipient"), max_length=200, required=False)
    rule = forms.CharField(label=_("Hold rule"), max_length=100, required=False)
    state = forms.ChoiceField(choices=STATES, required=False, widget=forms.HiddenInput)

    @property
    def is_narrow(self) -> bool:
        """Whether anything that people see is filled in."""
        return any(self.data.get(field.name, "").strip() for field in self.visible_fields())

    def wanted(self) -> HoldFilter:
        """The filter; for valid forms only."""
        values = self.cleaned_data
        return HoldFilter(
            text=values["text"],
            sender=values["sender"],
            recipient=values["recipient"],
            rule=values["rule"],
            ended=values["state"] == "ended",
        )


class HoldChoice(Choice):
    """Which held mails, and what is decided on them."""

    action = forms.ChoiceField(choices=ACTIONS)
