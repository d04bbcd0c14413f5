"""What people fill in to find, add and import entries of the lists."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from policies.csv_text import decoded
from policies.entries import NewEntry, end_of
from policies.entry_file import Rules, day_of, entry_of, note_of, recipient_of
from policies.listing import EntryFilter
from threats.choices import ListKind

MOST_BYTES = 2 * 1024 * 1024
_ALL = ("", pgettext_lazy("filter", "All"))


class EntrySearch(forms.Form):
    """Text and filters of the table; all optional."""

    text = forms.CharField(
        label=gettext_lazy("Keywords"),
        max_length=200,
        required=False,
        widget=forms.TextInput({"type": "search", "aria-describedby": "text-hint"}),
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("List"), choices=[_ALL, *ListKind.choices], required=False
    )
    scope = forms.ChoiceField(
        label=gettext_lazy("Applies to"),
        choices=[
            _ALL,
            ("company", gettext_lazy("Whole company")),
            ("users", gettext_lazy("Single users")),
        ],
        required=False,
    )

    @property
    def is_narrow(self) -> bool:
        """Whether anything is filled in."""
        return any(self.data.get(name, "").strip() for name in self.fields)

    def wanted(self) -> EntryFilter:
        """The filter; for valid forms only."""
        return EntryFilter(**self.cleaned_data)


class EntryForm(forms.Form):
    """One new entry."""

    kind = forms.ChoiceField(
        label=gettext_lazy("List"), choices=ListKind.choices, initial=ListKind.BLOCK
    )
    entry = forms.CharField(
        label=gettext_lazy("Sender"),
        max_length=254,
        help_text=gettext_lazy(
            "A mail address, a domain with its subdomains, an IP address or a network, such as "
            "sales@example.com, example.com, 192.0.2.1 or 192.0.2.0/24."
        ),
        widget=forms.TextInput({"spellcheck": "false", "autocapitalize": "none"}),
    )
    recipient = forms.CharField(
        label=gettext_lazy("For this user only"),
        max_length=254,
        required=False,
        help_text=gettext_lazy("One of your addresses; leave it empty for the whole company."),
        widget=forms.TextInput({"inputmode": "email", "autocapitalize": "none"}),
    )
    last_day = forms.DateField(
        label=gettext_lazy("Last day"),
        required=False,
        help_text=gettext_lazy("The entry ends by itself after this day; empty for no end."),
        widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"),
    )
    note = forms.CharField(
        label=gettext_lazy("Remark"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Why, for those who find the entry later."),
    )

    def __init__(self, rules: Rules, data: Any = None) -> None:
        super().__init__(data)
        self.rules = rules

    def clean_entry(self) -> str:
        return _ruled(entry_of, self.cleaned_data["entry"])

    def clean_recipient(self) -> str:
        return _ruled(lambda text: recipient_of(text, self.rules.domains), self._text("recipient"))

    def clean_note(self) -> str:
        return _ruled(note_of, self._text("note"))

    def clean_last_day(self) -> date | None:
        day: date | None = self.cleaned_data["last_day"]
        if day is not None:
            _ruled(lambda text: day_of(text, self.rules.today).isoformat(), day.isoformat())
        return day

    def _text(self, name: str) -> str:
        return str(self.cleaned_data[name])

    def made(self) -> NewEntry:
        """The entry; for valid forms only."""
        values = self.cleaned_data
        day = values["last_day"]
        return NewEntry(
            values["kind"],
            values["entry"],
            values["recipient"],
            end_of(day, self.rules.zone) if day else None,
            values["note"],
        )


def _ruled(rule: Callable[[str], str], text: str) -> str:
    try:
        return rule(text)
    except ValueError as error:
        raise ValidationError(str(error)) from None


class EntryFileForm(forms.Form):
    """A CSV file, or its text from the page that showed what it would do."""

    file = forms.FileField(
        label=gettext_lazy("CSV file"),
        required=False,
        help_text=gettext_lazy("UTF-8 or Shift_JIS (CP932), at most 2 MB."),
        widget=forms.FileInput({"accept": ".csv,text/csv"}),
    )
    text = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)

    def clean_file(self) -> UploadedFile[bytes] | None:
        file: UploadedFile[bytes] | None = self.cleaned_data["file"]
        if file is not None and (file.size or 0) > MOST_BYTES:
            raise ValidationError(_("The file is larger than 2 MB."))
        return file

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        file = values.get("file")
        if file is not None:
            text = decoded(file.read())
            if text is None or "\0" in text:
                self.add_error("file", _("The file is neither in UTF-8 nor in Shift_JIS (CP932)."))
            elif len(text.encode()) > MOST_BYTES:
                # The page that asks sends the text back, and forms are limited too.
                self.add_error("file", _("The file is larger than 2 MB."))
            values["text"] = text or ""
        elif not values.get("text") and not self.errors:
            self.add_error("file", _("Choose a file."))
        return values
