"""Every exception of the core.

GatewayError
├── ScannerUnavailable        the scanner gave no answer: wait, never "clean"
├── ContentTooLarge           the scanner does not take a content of this size: not examined
├── BudgetExceeded            a container is too deep, too many or too large to be examined
│   └── MemberTooDense        one member alone unpacks to too many times its size
├── UnreadableContainer       a container is damaged or encrypted
├── EditRefused               an edit cannot be made without touching what must stay
├── InvalidPolicy             a policy value of the wrong type or outside its limits
├── BadSignature              a signature of DKIM or ARC does not hold, or cannot be checked
├── TemporaryResolverError    the domain name system gave no answer
├── HopFailed                 an SMTP server could not be reached, closed, or made no sense
│   └── TlsFailed             … while encryption was being set up
└── NoRoute                   the domain says that it takes no mail (RFC 7505), or does not exist
"""

from __future__ import annotations


class GatewayError(Exception):
    """Base of all errors that the core raises on purpose."""


class ScannerUnavailable(GatewayError):
    """The scanner gave no usable answer."""


class ContentTooLarge(GatewayError):
    """The scanner's limit is below this content: it counts as not examined, never as clean."""


class BudgetExceeded(GatewayError):
    """A limit on depth, count, bytes or ratio was reached."""


class MemberTooDense(BudgetExceeded):
    """That member is given up, its neighbours are still read."""


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


class BadSignature(GatewayError):
    """``result`` is the name of RFC 8601 for it, ``reason`` a few plain words of our own."""

    def __init__(self, result: str, reason: str) -> None:
        super().__init__(reason)
        self.result = result
        self.reason = reason


class TemporaryResolverError(GatewayError):
    """The domain name system gave no answer; try again later."""


class NoRoute(GatewayError):
    """Mail for this domain can never be delivered."""


class HopFailed(GatewayError):
    """A conversation with an SMTP server cannot go on; ``code`` is 0 where the server gave none."""

    def __init__(self, text: str, code: int = 0, enhanced: str = "4.4.2") -> None:
        super().__init__(text)
        self.text = text
        self.code = code
        self.enhanced = enhanced


class TlsFailed(HopFailed):
    """Encryption could not be set up, so this connection is of no more use."""
