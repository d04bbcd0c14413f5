"""Which engine scores mail, and with what a tenant has taught it."""

from __future__ import annotations

import functools

from django.conf import settings

from mailsec.gateway.clients.rspamd import RspamdAddress, RspamdClassifier
from mailsec.gateway.ports import SpamClassifier
from mailsec.gateway.spam.classifier import BaseClassifier
from mailsec.gateway.spam.tenant import TenantModel
from quarantine.kept import TaughtModel, tenant_spam_model
from tenants.models import Tenant


def classifier(tenant: Tenant) -> SpamClassifier:
    """The installation's engine; the built-in one knows the tenant's lessons."""
    kind, _, address = settings.SPAM_ENGINE.partition(":")
    if kind == "rspamd":
        return _rspamd(address)
    taught = tenant_spam_model(tenant)
    return BaseClassifier() if taught is None else _taught(taught)


@functools.lru_cache(maxsize=64)
def _taught(taught: TaughtModel) -> SpamClassifier:
    return BaseClassifier(tenant=TenantModel.from_bytes(taught.data))


@functools.lru_cache(maxsize=1)
def _rspamd(address: str) -> SpamClassifier:
    host, _, port = address.rpartition(":")
    return RspamdClassifier(RspamdAddress(host, int(port)))
