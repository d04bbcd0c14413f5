"""What changes a tenant's registered addresses."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping

from django.db import transaction

from accounts.services import SHELL, record
from policies.errors import InvalidAddresses
from policies.models import Address
from tenants.models import Tenant
from tenants.scope import scoped
from tenants.selectors import domains_of

MOST_LINES = 100_000
_LOCAL_PART = re.compile(r"[^\s@\"<>,;:\\()\[\]\x00-\x1f]{1,64}\Z")


@scoped
def import_addresses(tenant: Tenant, lines: Iterable[str]) -> int:
    """Register the addresses of a CSV file (address[,name]); all lines or none.

    A header line is known by its first cell ``address``. A name takes the place of a former one; a
    line without a name leaves it. Returns how many are new; InvalidAddresses lists every wrong
    line.
    """
    found = _parse(lines, domains_of(tenant))
    with transaction.atomic():
        before = Address.objects.count()
        _remove_renamed(found)
        Address.objects.bulk_create(
            [Address(address=address, name=name) for address, name in found.items()],
            ignore_conflicts=True,
            batch_size=5_000,
        )
        added = Address.objects.count() - before
        record(actor=SHELL, action="address.import", after={"added": added, "lines": len(found)})
    return added


def _remove_renamed(found: Mapping[str, str]) -> None:
    """Rows are replaced, never changed: the newest id tells others of each change."""
    present = Address.objects.values_list("id", "address", "name")
    gone = [number for number, address, name in present if found.get(address, "") not in ("", name)]
    Address.objects.filter(id__in=gone).delete()


def _parse(lines: Iterable[str], domains: frozenset[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    problems = []
    for number, row in enumerate(_rows(lines), 1):
        if number > MOST_LINES + 1:
            raise InvalidAddresses([f"The file has more than {MOST_LINES} lines."])
        if not row or not row[0].strip() or (number == 1 and row[0].strip().lower() == "address"):
            continue
        address = row[0].strip().lower()
        local, _, domain = address.rpartition("@")
        if not _LOCAL_PART.match(local):
            problems.append(f"Line {number}: {row[0]!r} is no address.")
        elif domain not in domains:
            problems.append(f"Line {number}: {domain!r} is no mail domain of this tenant.")
        else:
            found[address] = row[1].strip()[:100] if len(row) > 1 else ""
    if problems:
        raise InvalidAddresses(problems)
    return found


def _rows(lines: Iterable[str]) -> Iterator[list[str]]:
    try:
        yield from csv.reader(lines)
    except csv.Error:
        raise InvalidAddresses(["The file is no CSV file."]) from None
