"""Every exception of the core.

GatewayError
├── ScannerUnavailable        the scanner gave no answer: wait, never "clean"
├── BudgetExceeded            a container is too deep, too many or too large to be examined
├── UnreadableContainer       a container is damaged or encrypted
├── EditRefused               an edit cannot be made without touching what must stay
├── InvalidPolicy             a policy value of the wrong type or outside its limits
├── TemporaryResolverError    the domain name system gave no answer
└── NoRoute                   the domain says that it takes no mail (RFC 7505), or does not exist
"""

from __future__ import annotations


class GatewayError(Exception):
    """Base of all errors that the core raises on purpose."""


class ScannerUnavailable(GatewayError):
    """The scanner gave no usable answer."""


class BudgetExceeded(GatewayError):
    """A limit on depth, count, bytes or ratio was reached."""


class UnreadableContainer(GatewayError):
    """A container could not be opened; ``reason`` is ``encrypted`` or ``damaged``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class EditRefused(GatewayError):
    """The edit would touch a signed, encrypted or calendar part, or there is nothing to edit."""


class InvalidPolicy(GatewayError):
    """``key`` names the setting, the text says what it takes."""

    def __init__(self, key: str, problem: str) -> None:
        super().__init__(f"{key}: {problem}")
        self.key = key
        self.problem = problem


class TemporaryResolverError(GatewayError):
    """The domain name system gave no answer; try again later."""


class NoRoute(GatewayError):
    """Mail for this domain can never be delivered."""
