"""Passwords that a person reads off a screen or a telephone and types in."""

from __future__ import annotations

import secrets

# Without the look-alikes 0 O 1 l I, and without what HTML, shells or Japanese keyboards change.
_CLASSES = (
    "abcdefghijkmnopqrstuvwxyz",
    "ABCDEFGHJKLMNPQRSTUVWXYZ",
    "23456789",
    "!#%+-=?@",
)
_ALL = "".join(_CLASSES)
SHORTEST, LONGEST = 8, 64


def new_password(length: int = 14) -> str:
    """A random password with characters of all four classes that does not end in punctuation.

    Punctuation at the end is lost where a mail program takes it for the end of a sentence. Whole
    candidates are drawn until one is proper, so every proper password is as likely as any other.
    """
    if not SHORTEST <= length <= LONGEST:
        raise ValueError(f"a password has {SHORTEST} to {LONGEST} characters")
    while True:
        drawn = "".join(secrets.choice(_ALL) for _ in range(length))
        if drawn[-1].isalnum() and all(set(each) & set(drawn) for each in _CLASSES):
            return drawn


def new_archive_name() -> str:
    """``enc`` with seven random digits: it tells nothing of what is inside."""
    return f"enc{secrets.randbelow(10**7):07}.zip"
