"""What people fill in for hold rules, groups, and to try the rules on a mail."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mailsec.gateway.outbound.rules import Conditions, Exceptions, HoldRule, RuleAction
from policies.choices import HoldAction
from policies.errors import InvalidRule
from policies.hold_values import Group, checked, checked_group
from policies.hold_wording import problem_words
from policies.wording import ON_OFF

MOST_MAIL_BYTES = 25 * 1024 * 1024
_MOST_TEXT = 100_000
_LINES = gettext_lazy("One a line.")
_ADDRESSES = gettext_lazy(
    "Mail addresses or domains with their subdomains, such as sales@example.com or example.com; "
    "one a line."
)
_ATTACHMENT = {"": None, "yes": True, "no": False}


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _area(label: Any, help_text: Any = _LINES, rows: int = 3) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        required=False,
        max_length=_MOST_TEXT,
        widget=forms.Textarea({"rows": rows, "spellcheck": "false", "autocapitalize": "none"}),
    )


class RuleForm(forms.Form):
    """One hold rule, field by field as people think of it."""

    name = forms.CharField(label=gettext_lazy("Name of the rule"), max_length=100)
    action = forms.ChoiceField(
        label=gettext_lazy("What is done"),
        choices=HoldAction.choices,
        initial=HoldAction.HOLD,
        help_text=gettext_lazy("“Send at once” spares what it meets from the rules below it."),
    )
    enabled = forms.ChoiceField(
        label=gettext_lazy("The rule is"), choices=list(ON_OFF.items()), initial="true"
    )
    recipients = _area(gettext_lazy("Recipient addresses"), _ADDRESSES)
    attachment = forms.ChoiceField(
        label=gettext_lazy("Attachments"),
        required=False,
        choices=[
            ("", gettext_lazy("Mail with and without attachments")),
            ("yes", gettext_lazy("Only mail with attachments")),
            ("no", gettext_lazy("Only mail without attachments")),
        ],
    )
    recipients_at_least = forms.IntegerField(
        label=gettext_lazy("Least number of outside recipients"),
        required=False,
        min_value=0,
        max_value=1_000,
        help_text=gettext_lazy("Empty for any number."),
    )
    senders = _area(
        gettext_lazy("Sender addresses"),
        gettext_lazy("Mail addresses, domains or addresses of groups; one a line."),
    )
    keywords = _area(
        gettext_lazy("Keywords in subject or text"),
        gettext_lazy("One a line; any one of them is enough."),
    )
    except_recipients = _area(gettext_lazy("Recipient addresses (exception)"), _ADDRESSES)
    except_senders = _area(
        gettext_lazy("Sender addresses (exception)"),
        gettext_lazy("Mail addresses, domains or addresses of groups; one a line."),
    )
    except_keywords = _area(gettext_lazy("Keywords (exception)"))
    GROUPS = (
        (gettext_lazy("Rule"), ("name", "action", "enabled")),
        (
            gettext_lazy("Conditions: all that are given must hold"),
            ("recipients", "attachment", "recipients_at_least", "senders", "keywords"),
        ),
        (
            gettext_lazy("Exceptions: any of them lifts the rule"),
            ("except_recipients", "except_senders", "except_keywords"),
        ),
    )

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        for rule in self._parts():
            try:
                checked(rule)
            except InvalidRule as error:
                self.add_error(error.field, problem_words(error))
        if not self.errors:
            try:
                values["rule"] = checked(self._rule())
            except InvalidRule as error:
                self.add_error(error.field, problem_words(error))
        return values

    def _parts(self) -> Iterator[HoldRule]:
        """A rule of each list alone, so that every one that is wrong is told at once."""
        yield HoldRule("part", when=Conditions(recipients=self._given("recipients")))
        yield HoldRule("part", when=Conditions(senders=self._given("senders")))
        yield HoldRule("part", when=Conditions(keywords=self._given("keywords")))
        yield HoldRule("part", unless=Exceptions(recipients=self._given("except_recipients")))
        yield HoldRule("part", unless=Exceptions(senders=self._given("except_senders")))
        yield HoldRule("part", unless=Exceptions(keywords=self._given("except_keywords")))

    def _given(self, name: str) -> tuple[str, ...]:
        return _lines(self.cleaned_data.get(name, ""))

    def _rule(self) -> HoldRule:
        values = self.cleaned_data
        return HoldRule(
            values["name"],
            RuleAction(values["action"]),
            Conditions(
                recipients=self._given("recipients"),
                attachment=_ATTACHMENT[values["attachment"]],
                recipients_at_least=values["recipients_at_least"] or 0,
                senders=self._given("senders"),
                keywords=self._given("keywords"),
            ),
            Exceptions(
                self._given("except_recipients"),
                self._given("except_senders"),
                self._given("except_keywords"),
            ),
            values["enabled"] == "true",
        )

    @property
    def sections(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """The fields below their headings."""
        return [(title, [self[name] for name in names]) for title, names in self.GROUPS]

    @staticmethod
    def initial_of(rule: HoldRule) -> dict[str, Any]:
        """The rule as the form shows it."""
        when, unless = rule.when, rule.unless
        return {
            "name": rule.name,
            "action": rule.action.value,
            "enabled": "true" if rule.enabled else "false",
            "recipients": "\n".join(when.recipients),
            "attachment": next(k for k, v in _ATTACHMENT.items() if v is when.attachment),
            "recipients_at_least": when.recipients_at_least or None,
            "senders": "\n".join(when.senders),
            "keywords": "\n".join(when.keywords),
            "except_recipients": "\n".join(unless.recipients),
            "except_senders": "\n".join(unless.senders),
            "except_keywords": "\n".join(unless.keywords),
        }


class GroupForm(forms.Form):
    """One group with its members."""

    address = forms.CharField(
        label=gettext_lazy("Address of the group"),
        max_length=254,
        help_text=gettext_lazy("One of your addresses, such as that of a shared mailbox."),
        widget=forms.TextInput({"inputmode": "email", "autocapitalize": "none"}),
    )
    name = forms.CharField(label=gettext_lazy("Name of the group"), max_length=100, required=False)
    members = _area(
        gettext_lazy("Members"), gettext_lazy("Your people’s mail addresses; one a line."), rows=8
    )

    def __init__(self, domains: Collection[str], *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.domains = domains

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        if not self.errors:
            group = Group(values["address"], _lines(values["members"]), values["name"])
            try:
                values["group"] = checked_group(group, self.domains)
            except InvalidRule as error:
                self.add_error(error.field, problem_words(error))
        return values


class TrialForm(forms.Form):
    """A mail as a person tells of it, or as a file."""

    sender = forms.CharField(
        label=gettext_lazy("Sender"),
        max_length=254,
        required=False,
        widget=forms.TextInput({"inputmode": "email", "autocapitalize": "none"}),
    )
    recipients = _area(
        gettext_lazy("Recipient addresses"), gettext_lazy("Mail addresses; one a line.")
    )
    subject = forms.CharField(label=gettext_lazy("Subject"), max_length=1_000, required=False)
    attachment = forms.ChoiceField(
        label=gettext_lazy("Attachments"),
        required=False,
        choices=[
            ("", gettext_lazy("No attachment")),
            ("yes", gettext_lazy("With an attachment")),
        ],
    )
    text = _area(gettext_lazy("Text"), "", rows=5)
    mail = forms.FileField(
        label=gettext_lazy("Or a mail as a file (.eml)"),
        required=False,
        help_text=gettext_lazy(
            "At most 25 MB. Sender and recipients that are not entered above are taken from it; "
            "subject, text and attachments always are. The file is not stored."
        ),
        widget=forms.FileInput({"accept": ".eml,message/rfc822"}),
    )

    def clean_mail(self) -> UploadedFile[bytes] | None:
        mail: UploadedFile[bytes] | None = self.cleaned_data["mail"]
        if mail is not None and (mail.size or 0) > MOST_MAIL_BYTES:
            raise ValidationError(_("The file is larger than 25 MB."))
        return mail

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        if not values.get("mail") and not self.errors:
            for name in ("sender", "recipients"):
                if not values[name].strip():
                    self.add_error(name, _("Enter this, or choose a file."))
        return values

    @property
    def addresses(self) -> tuple[str, ...]:
        """The recipients that were entered; for valid forms only."""
        return _lines(self.cleaned_data["recipients"])
