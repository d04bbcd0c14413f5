"""Errors of this app.

EncryptionError
├── KeyInUse           the key signs mail: another one must take its place first
├── KeyRetired         the key has signed before and does not come back
├── NoOutboundMail     the tenant's menu takes no outbound mail that could be signed
├── NotPublished       the domain does not publish the key, so nobody could verify with it
├── TooManyKeys        the domain has as many keys as it may have
├── UnknownDomain      no mail domain of the tenant
└── UnknownKey         no key of the tenant
"""

from __future__ import annotations

from mailsec.gateway.dkim.publication import Publication


class EncryptionError(Exception):
    """Base of the errors that this app raises on purpose."""


class KeyInUse(EncryptionError):
    """The domain's mail is signed with it."""


class KeyRetired(EncryptionError):
    """Its private key is gone."""


class NoOutboundMail(EncryptionError):
    """Menus 1 and 2 take inbound mail alone."""


class NotPublished(EncryptionError):
    """``publication`` is what was found in its place."""

    def __init__(self, publication: Publication) -> None:
        super().__init__(f"The domain name system does not give the key: {publication}.")
        self.publication = publication


class TooManyKeys(EncryptionError):
    """Old ones have to be deleted first."""


class UnknownDomain(EncryptionError):
    """Mail of this domain is not the tenant's to sign."""


class UnknownKey(EncryptionError):
    """It was deleted meanwhile, or never was there."""
