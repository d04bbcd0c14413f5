"""Errors of this app.

CustodyError
├── ForbiddenTransition    a state that the message cannot take from where it is
├── ContentGone            the bytes were removed after the last delivery
├── ContentUnreadable      the stored bytes do not open with the tenant's key
├── NotPermitted           this role may not do this to this message
├── UnderWay               the message is on its way: it can be done when that has ended
└── UnknownMessage         there is no such message
"""

from __future__ import annotations


class CustodyError(Exception):
    """Base of the errors that this app raises on purpose."""


class ForbiddenTransition(CustodyError):
    """The state machine has no such transition."""


class ContentGone(CustodyError):
    """The message is known, its bytes are not kept any more."""


class ContentUnreadable(CustodyError):
    """The stored bytes were altered, or belong to another tenant or message."""


class NotPermitted(CustodyError):
    """The role of whoever asks does not reach to this message."""


class UnderWay(CustodyError):
    """The message is being examined or delivered."""


class UnknownMessage(CustodyError):
    """No message of the tenant has this identifier, or its record has expired."""
