"""What people fill in to change the policy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _

from mailsec.gateway.policy import Policy
from policies.fields import DEFAULTS, field_for, initial_of, text_of
from policies.pages import Page
from policies.settings_keys import KEYS, Number, read
from policies.wording import WORDS, in_words

# Longer standards are shown folded.
_SHORT = 80


@dataclass(frozen=True, slots=True)
class Row:
    """One setting of a page: its field, the product's default and the limits in words."""

    field: BoundField
    unit: str
    standard: str
    limits: str

    @property
    def is_long(self) -> bool:
        """Whether the default takes more than a line."""
        return len(self.standard) > _SHORT


@dataclass(frozen=True, slots=True)
class Section:
    """The rows below one heading."""

    title: Any
    rows: tuple[Row, ...]


class PolicyForm(forms.Form):
    """The settings of one page. ``version`` is the policy's that the form was made from."""

    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    def __init__(
        self,
        page: Page,
        policy: Policy,
        data: Mapping[str, Any] | None = None,
        *,
        writable: bool = True,
    ) -> None:
        stored = {key: initial_of(key, getattr(policy, key)) for key in page.keys}
        super().__init__(data, initial={"version": policy.version, **stored})
        self.page, self.policy = page, policy
        for key in page.keys:
            self.fields[key] = field_for(key)
            self.fields[key].disabled = not writable

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        for key in self.page.keys:
            # An empty list arrives as an empty text; a form that was cut off must change nothing.
            if key not in self.data and key not in self.errors:
                self.add_error(key, _("This field was not sent. Please send the form once more."))
        tag, keep = values.get("tag_score"), values.get("quarantine_score")
        if tag is not None and keep is not None and keep < tag:
            self.add_error("quarantine_score", _("This must not be lower than the tag's score."))
        return values

    def changes(self) -> dict[str, str]:
        """What differs from the policy, as text for the service; for valid forms only."""
        return dict(self._changes())

    def _changes(self) -> Iterator[tuple[str, str]]:
        for key in self.page.keys:
            cleaned, stored = self.cleaned_data[key], getattr(self.policy, key)
            if cleaned == self.initial[key]:
                continue
            text = text_of(key, cleaned)
            if read(key, text) != (list(stored) if isinstance(stored, tuple) else stored):
                yield key, text

    @property
    def sections(self) -> list[Section]:
        """The rows of the page, by heading."""
        return [
            Section(group.title, tuple(self._row(key) for key in group.keys))
            for group in self.page.groups
        ]

    def _row(self, key: str) -> Row:
        reader, limits = KEYS[key].read, ""
        if key == "message_size_bytes":
            limits = "1–100"
        elif isinstance(reader, Number):
            limits = f"{reader.least}–{reader.most}"
        return Row(
            field=self[key],
            unit=str(WORDS[key].unit),
            standard=in_words(key, getattr(DEFAULTS, key)),
            limits=limits,
        )
