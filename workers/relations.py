"""What the tenant's records say of people, behind the core's port ``Relations``."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from mailsec.gateway.deception import names
from policies import directory
from quarantine.selectors import has_corresponded
from tenants.models import Tenant

_KEEP_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class _People:
    """The folded names of one tenant's registered people, and of when they are."""

    asked_at: float
    edition: tuple[int, int]
    by_key: Mapping[str, tuple[str, ...]]


# Keyed by schema: one company's people are nobody else's affair.
_kept: dict[str, _People] = {}


@dataclass(frozen=True, slots=True)
class TenantRelations:
    """The people and the correspondence of one tenant."""

    tenant: Tenant

    def addresses_of(self, name: str) -> tuple[str, ...]:
        """The addresses of the person of this name, folded as ``deception.names`` folds it."""
        return _people_of(self.tenant).get(name, ())

    def has_corresponded(self, sender: str, recipients: tuple[str, ...]) -> bool:
        """Whether mail went between them before, one way or the other."""
        return has_corresponded(self.tenant, sender, recipients)


def _people_of(tenant: Tenant) -> Mapping[str, tuple[str, ...]]:
    """Read anew only where the register has changed: folding ten thousand names takes a while."""
    kept, now = _kept.get(tenant.schema_name), time.monotonic()
    if kept is not None and now - kept.asked_at < _KEEP_SECONDS:
        return kept.by_key
    edition = directory.edition(tenant)
    if kept is not None and kept.edition == edition:
        by_key = kept.by_key
    else:
        by_key = _folded(directory.named(tenant))
    _kept[tenant.schema_name] = _People(now, edition, by_key)
    return by_key


def _folded(people: list[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    by_key: dict[str, tuple[str, ...]] = {}
    for name, address in people:
        for key in names.keys(name):
            by_key[key] = (*by_key.get(key, ()), address)
    return by_key
