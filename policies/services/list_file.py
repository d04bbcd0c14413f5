"""Taking many entries into the lists at once."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from accounts.services import record
from mailsec.gateway.errors import InvalidPolicy
from policies.entries import Effect, NewEntry, effect_of
from policies.models import ListEntry
from policies.selectors import forget
from policies.services.lists import MOST_ENTRIES
from tenants.models import Tenant
from tenants.scope import scoped
from tenants.services import mark_lists_changed


@scoped
def import_entries(
    tenant: Tenant, entries: Sequence[NewEntry], *, author: str, address: str | None = None
) -> Effect:
    """Put all of these on the lists, in place of the same ones that are there; none is removed.

    InvalidPolicy where the lists would hold more than 20,000; nothing was changed then.
    """
    with transaction.atomic():
        # First of all: it holds off other writers, so that the limit and the replacing are exact.
        mark_lists_changed(tenant)
        present = {(row.kind, row.entry, row.recipient): row for row in ListEntry.objects.all()}
        effect = effect_of(entries, present)
        if len(present) + len(effect.added) > MOST_ENTRIES:
            raise InvalidPolicy("entry", f"does not fit: the lists hold {MOST_ENTRIES} entries")
        gone = [present[each.key].pk for each in effect.replaced]
        ListEntry.objects.filter(id__in=gone).delete()
        ListEntry.objects.bulk_create(
            [
                ListEntry(
                    kind=each.kind,
                    entry=each.entry,
                    recipient=each.recipient,
                    expires_at=each.expires_at,
                    note=each.note,
                    author=author[:254],
                )
                for each in (*effect.added, *effect.replaced)
            ],
            batch_size=2_000,
        )
        after = {"added": len(effect.added), "replaced": len(effect.replaced)}
        record(actor=author, action="list.import", address=address, after=after)
    forget(tenant)
    return effect
