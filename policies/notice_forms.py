"""What people fill in for the words of a notice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from policies.errors import InvalidNotice
from policies.notice_texts import LONGEST_BODY, LONGEST_SUBJECT, NoticeKind, NoticeText, checked
from policies.notice_wording import problem_words


class NoticeForm(forms.Form):
    """Subject and text of one notice; once valid, ``text`` is what may be stored."""

    subject = forms.CharField(
        label=gettext_lazy("Subject"),
        widget=forms.TextInput({"maxlength": LONGEST_SUBJECT}),
    )
    # Browsers send each line's end as two characters, so the length is counted afterwards.
    body = forms.CharField(
        label=gettext_lazy("Text"),
        strip=False,
        widget=forms.Textarea({"rows": 16, "maxlength": LONGEST_BODY}),
        help_text=gettext_lazy("A line whose variables are all empty is left out of the mail."),
    )

    def __init__(
        self,
        kind: NoticeKind,
        stored: NoticeText,
        data: Mapping[str, Any] | None = None,
        *,
        writable: bool,
    ) -> None:
        super().__init__(data, initial={"subject": stored.subject, "body": stored.body})
        self.kind = kind
        for field in self.fields.values():
            field.disabled = not writable

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        if not self.errors:
            try:
                values["text"] = checked(self.kind, values["subject"], values["body"])
            except InvalidNotice as error:
                self.add_error(error.field, problem_words(error))
        return values
