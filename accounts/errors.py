"""Errors of this app.

AccountError
└── InvalidUser      an account that cannot be made: address, role or password
"""

from __future__ import annotations


class AccountError(Exception):
    """Base of the errors that this app raises on purpose."""


class InvalidUser(AccountError):
    """The text says in the operator's words which value is wrong."""
