"""What people fill in to see their held mails without an account."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class AddressForm(forms.Form):
    """The own address."""

    address = forms.EmailField(
        label=_("Your e-mail address"),
        max_length=254,
        widget=forms.EmailInput({"autocomplete": "email"}),
    )

    def clean_address(self) -> str:
        return str(self.cleaned_data["address"]).lower()


class CodeForm(AddressForm):
    """The address again, and the code that was mailed to it."""

    address = forms.EmailField(max_length=254, widget=forms.HiddenInput)
    code = forms.RegexField(
        r"^\s*[0-9]{6}\s*$",
        label=_("6-digit code"),
        error_messages={"invalid": _("The code has 6 digits.")},
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )
