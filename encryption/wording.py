"""Keys in words: what a check found, where a key stands, and why something was not done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from encryption.choices import KeyState
from encryption.errors import (
    EncryptionError,
    KeyInUse,
    KeyRetired,
    NotPublished,
    TooManyKeys,
    UnknownKey,
)
from encryption.services import MOST_KEYS
from mailsec.gateway.dkim.publication import Publication


@dataclass(frozen=True, slots=True)
class Words:
    """A sentence and how it is coloured: success, warn or bad."""

    text: str
    tone: str


TONES: Mapping[str, str] = {
    KeyState.ACTIVE: "good",
    KeyState.NEW: "info",
    KeyState.RETIRED: "quiet",
}

_FOUND: Mapping[str, tuple[Any, str]] = {
    Publication.FOUND: (gettext_lazy("The DNS record is there and right."), "success"),
    Publication.NOT_FOUND: (
        gettext_lazy(
            "There is no TXT record at this name yet. After an entry it may take some hours until "
            "it is seen everywhere."
        ),
        "warn",
    ),
    Publication.OTHER_KEY: (
        gettext_lazy("There is a record at this name, but with another key."),
        "bad",
    ),
    Publication.SEVERAL: (
        gettext_lazy("There is more than one TXT record at this name. Leave this one only."),
        "bad",
    ),
    Publication.UNUSABLE: (
        gettext_lazy(
            "There is a TXT record at this name, but mail servers cannot use it: part of the value "
            "is missing, or it was changed."
        ),
        "bad",
    ),
    Publication.NO_ANSWER: (
        gettext_lazy("The domain name system gave no answer. Please check again later."),
        "warn",
    ),
}


def found(publication: str) -> Words:
    """What stands at the name of a key."""
    text, tone = _FOUND[publication]
    return Words(str(text), tone)


def refusal(error: EncryptionError) -> str:
    """Why something was not done."""
    if isinstance(error, NotPublished):
        reason = found(error.publication).text
        return _("The key was not activated. %(reason)s") % {"reason": reason}
    if isinstance(error, TooManyKeys):
        return _("A domain has at most %(most)d keys. Delete old ones first.") % {"most": MOST_KEYS}
    texts: Mapping[type[EncryptionError], str] = {
        KeyInUse: _("This key signs mail at present and cannot be deleted."),
        KeyRetired: _("This key was retired and cannot be used again. Generate a new one."),
        UnknownKey: _("There is no such key any more."),
    }
    return texts.get(type(error), _("This could not be done."))
