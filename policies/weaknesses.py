"""What a tenant's choices take away from the protection of outbound mail, said beside them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext_lazy as _

from mailsec.gateway.policy import HoldExpiry, Policy, ZipCipher
from policies.pages import Page


def weaknesses(page: Page, policy: Policy) -> list[Any]:
    """Sentences about the settings of this page as they are stored; none where nothing is weak."""
    return [sentence for key, sentence in _found(policy) if key in page.keys]


def _found(policy: Policy) -> Iterator[tuple[str, Any]]:
    if not policy.hold:
        yield "hold", _("No mail is held: what goes to a wrong address cannot be stopped.")
    elif policy.hold_expiry is HoldExpiry.DELIVER:
        yield (
            "hold_expiry",
            _("Held mail is sent when its time is over, even if nobody has looked at it."),
        )
    if not policy.bcc:
        yield "bcc", _("Every customer of a mail to many sees the addresses of all the others.")
    if not policy.zip:
        yield "zip", _("Attachments leave the company in the clear.")
        return
    if policy.zip_cipher is ZipCipher.ZIPCRYPTO:
        yield (
            "zip_cipher",
            _("ZipCrypto can be broken with common tools. Use it for single domains only."),
        )
    if policy.password_after_minutes:
        yield (
            "password_after_minutes",
            _("Who got a mail by mistake gets its password too, unless the sender is quicker."),
        )
