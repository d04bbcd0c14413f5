"""Errors of this app.

ThreatError
└── InvalidHash    no SHA-256, no name, or not on the list
"""

from __future__ import annotations


class ThreatError(Exception):
    """Base of the errors that this app raises on purpose."""


class InvalidHash(ThreatError):
    """The text says what was wrong."""
