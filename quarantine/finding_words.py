"""What each finding says, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

# Each text has room for what was looked at; ``virus`` and ``type`` besides where they are known.
_FINDINGS: Mapping[str, Any] = {
    "virus": gettext_lazy("A virus (%(virus)s) was found in %(item)s."),
    "file-type": gettext_lazy("%(item)s is a file of a type that is not accepted (%(type)s)."),
    "encrypted": gettext_lazy("%(item)s is protected by a password and could not be examined."),
    "damaged": gettext_lazy("%(item)s is damaged and could not be examined to its end."),
    "over-budget": gettext_lazy(
        "%(item)s is too large or holds too many files to be examined wholly."
    ),
    "unsupported": gettext_lazy(
        "%(item)s is of a kind that cannot be opened here, so its contents were not examined."
    ),
    "letter-protected": gettext_lazy(
        "The letter is signed or encrypted, so the warning stands before its subject."
    ),
    "spam": gettext_lazy("The spam score is %(score)s of 100."),
    "spam-words-body": gettext_lazy(
        "The words of the mail are like those of spam, for example: %(examples)s."
    ),
    "spam-words-subject": gettext_lazy(
        "The words of the subject are like those of spam, for example: %(examples)s."
    ),
    "spam-sender": gettext_lazy(
        "The sender’s name and address are like those of spam: %(examples)s."
    ),
    "spam-links": gettext_lazy("The links are like those of spam: %(examples)s."),
    "spam-structure": gettext_lazy("The mail is built the way spam is built."),
    "spam-attachment": gettext_lazy("The attachments are like those of spam: %(examples)s."),
    "spam-headers": gettext_lazy("The headers are like those of spam."),
    "spam-language": gettext_lazy("The writing mixes scripts or characters the way spam does."),
    "spam-learned": gettext_lazy("Mail like this was reported as spam in your organisation."),
    "spam-rspamd": gettext_lazy("Rspamd found %(examples)s."),
    "allowed": gettext_lazy("The sender is on an allow list (%(entry)s)."),
    "blocked": gettext_lazy("The sender is on a block list (%(entry)s)."),
    "too-deep": gettext_lazy(
        "The structure of the mail is nested too deeply to be examined wholly."
    ),
    "too-many-parts": gettext_lazy("The mail has too many parts to be examined wholly."),
    "protected": gettext_lazy(
        "%(item)s is signed or encrypted, so nothing can be taken out of it."
    ),
    "impersonated-name": gettext_lazy(
        "The name “%(shown)s” belongs to a person of the company or a protected person, but "
        "%(address)s is not registered as an address of that person."
    ),
    "address-in-name": gettext_lazy(
        "The sender's name shows the address %(shown)s, but the real address is %(address)s."
    ),
    "lookalike-domain": gettext_lazy(
        "The domain %(domain)s looks like %(resembles)s, but is a different one."
    ),
    "brand-name": gettext_lazy(
        "The sender claims to be %(brand)s, but %(address)s is not one of its known addresses."
    ),
    "brand-unproved": gettext_lazy(
        "The sender claims to be %(brand)s, but it is not proved that %(address)s sent the mail."
    ),
    "reply-to-elsewhere": gettext_lazy(
        "Answers go to %(reply_to)s instead of the sender %(address)s."
    ),
    "link-mismatch": gettext_lazy("A link shows %(shown)s, but leads to %(target)s."),
    "link-script": gettext_lazy("A link holds a program or a whole page instead of an address."),
    "link-userinfo": gettext_lazy(
        "A link is written to look like %(shown)s, but leads to %(target)s."
    ),
    "link-ip-address": gettext_lazy(
        "A link leads to a bare IP address (%(target)s) instead of a named website."
    ),
    "link-scripts": gettext_lazy(
        "The host %(shown)s of a link mixes letters of different scripts that look alike."
    ),
    "hidden-text": gettext_lazy(
        "The text holds %(letters)s letters that are hidden from the reader."
    ),
    "direction-override": gettext_lazy(
        "The subject or a name holds characters that turn the order of letters."
    ),
    "split-words": gettext_lazy("Words are split by invisible characters."),
    "money-request": gettext_lazy(
        "A sender who never wrote before asks urgently or secretly for money or access "
        "(“%(asks)s”, “%(presses)s”)."
    ),
    "several-authors": gettext_lazy(
        "The mail names several authors, so that mail programs may show different senders: "
        "%(senders)s."
    ),
    "several-subjects": gettext_lazy(
        "The mail has several subjects, so that mail programs may show different ones: "
        "%(subjects)s."
    ),
    "dmarc-fail": gettext_lazy(
        "Neither SPF nor DKIM proves that this mail is from %(domain)s (DMARC policy: %(policy)s)."
    ),
    "spf-fail": gettext_lazy("%(ip)s is not allowed to send mail for %(domain)s (SPF)."),
    "forwarded": gettext_lazy(
        "The mail was forwarded by %(sealer)s, a trusted forwarder, which found its sender "
        "%(domain)s proved."
    ),
}
_OTHER_FINDING = gettext_lazy("A check (%(code)s) found something in %(item)s.")
KNOWN_CODES = tuple(_FINDINGS)


def finding_words(code: str, detail: Mapping[str, str], part: int | None) -> str:
    """What was found, where, as a sentence."""
    values = _Values(
        {
            **detail,
            "item": _item(detail, part),
            "virus": detail.get("virus") or _("name unknown"),
            "type": detail.get("type") or _("type unknown"),
            "code": code,
        }
    )
    return str(_FINDINGS.get(code, _OTHER_FINDING)) % values


class _Values(dict[str, str]):
    """What a finding's row does not hold is shown as a dash."""

    def __missing__(self, key: str) -> str:
        return "–"


def _item(detail: Mapping[str, str], part: int | None) -> str:
    name, inside = detail.get("name", ""), detail.get("inside", "")
    if inside:
        return _("“%(inside)s” inside “%(name)s”") % {
            "inside": inside,
            "name": name or _("unnamed file"),
        }
    if name:
        return _("“%(name)s”") % {"name": name}
    return _("the whole mail") if part is None else _("an unnamed part of the mail")
