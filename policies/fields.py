"""A form field for each kind of setting; its rule is the one of ``settings_keys``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mailsec.gateway.errors import InvalidPolicy
from mailsec.gateway.policy import Policy
from policies.settings_keys import KEYS, MOST_EXTENSIONS, MOST_NAMES, Choice, Number, boolean
from policies.wording import CHOICES, MIB, ON_OFF, WORDS

DEFAULTS = Policy()
# People in Japan separate by these as well.
_SEPARATORS = re.compile(r"[,、，\r\n]+")
_LONGEST_LIST = 60_000
_SHOWN = 5
_BAD_ITEMS: dict[str, Any] = {
    "file_types": gettext_lazy("Not a file name extension: %(items)s"),
    "file_type_exceptions": gettext_lazy("Neither an address nor a domain: %(items)s"),
    "protected_names": gettext_lazy("Not a name of at most 100 characters: %(items)s"),
    **dict.fromkeys(
        ("bcc_exceptions", "zip_exceptions", "zip_sender_exceptions"),
        gettext_lazy("Neither an address nor a domain: %(items)s"),
    ),
}
_LINES = {"subject_tag": 20, "zip_subject_mark": 40}
_BAD_DOMAINS = gettext_lazy("Not a domain name: %(items)s")


class MebibytesField(forms.DecimalField):
    """Bytes, for people in MiB."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, max_value=100, max_digits=5, decimal_places=2, **options)


class LineField(forms.CharField):
    """One line of text."""

    def __init__(self, key: str, **options: Any) -> None:
        super().__init__(max_length=_LINES.get(key, 200), **options)
        self.key = key

    def validate(self, value: str) -> None:
        super().validate(value)
        # The field's own limit says it better.
        if value and len(value) <= (self.max_length or 0) and not _takes(self.key, value):
            raise ValidationError(_("Enter one line without control characters."))


class ListField(forms.CharField):
    """Several words or names, one a line or separated by commas; the value is the list of them."""

    def __init__(self, key: str, **options: Any) -> None:
        rows = 4 if key == "file_types" else 5
        widget = forms.Textarea({"rows": rows, "spellcheck": "false", "autocapitalize": "none"})
        super().__init__(required=False, max_length=_LONGEST_LIST, widget=widget, **options)
        self.key = key

    def prepare_value(self, value: Any) -> Any:
        """What the text area shows: what was typed, or the stored items."""
        if value is None or isinstance(value, str):
            return value
        return (", " if self.key == "file_types" else "\n").join(value)

    def clean(self, value: Any) -> list[str]:
        text = super().clean(value)
        items = [item.strip() for item in _SEPARATORS.split(text) if item.strip()]
        wrong = [item for item in items if not _takes(self.key, item)]
        if wrong:
            shown = ", ".join(item[:60] for item in wrong[:_SHOWN])
            if len(wrong) > _SHOWN:
                shown += " …"
            raise ValidationError(_BAD_ITEMS.get(self.key, _BAD_DOMAINS) % {"items": shown})
        if not _takes(self.key, ",".join(items)):
            most = MOST_EXTENSIONS if self.key == "file_types" else MOST_NAMES
            raise ValidationError(_("At most %(most)d entries can be given.") % {"most": most})
        return items


def _takes(key: str, text: str) -> bool:
    try:
        KEYS[key].read(text)
    except (ValueError, InvalidPolicy):
        return False
    return True


def field_for(key: str) -> forms.Field:
    """The field of one setting with its words and limits."""
    reader, words = KEYS[key].read, WORDS[key]
    named: dict[str, Any] = {"label": words.label, "help_text": words.help}
    if reader is boolean:
        return forms.ChoiceField(choices=list(ON_OFF.items()), **named)
    if isinstance(reader, Choice):
        return forms.ChoiceField(choices=list(CHOICES[reader.words].items()), **named)
    if key == "message_size_bytes":
        return MebibytesField(**named)
    if isinstance(reader, Number):
        return forms.IntegerField(min_value=reader.least, max_value=reader.most, **named)
    if isinstance(getattr(DEFAULTS, key), tuple):
        return ListField(key, **named)
    return LineField(key, required=key == "subject_tag", **named)


def initial_of(key: str, value: Any) -> Any:
    """A stored value as its field shows it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if key == "message_size_bytes":
        # Not more digits than it takes: 50, not 50.00.
        return Decimal(f"{Decimal(value) / MIB:.2f}".rstrip("0").rstrip("."))
    return value.strip() if key == "subject_tag" else value


def text_of(key: str, cleaned: Any) -> str:
    """A field's cleaned value as the text that ``settings_keys.read`` takes."""
    if key == "message_size_bytes":
        return str(int(cleaned * MIB))
    if isinstance(cleaned, Sequence) and not isinstance(cleaned, str):
        return ",".join(cleaned)
    return str(cleaned)
