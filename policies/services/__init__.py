"""The only writers of a tenant's settings, addresses and lists."""

from policies.services.addresses import MOST_LINES, import_addresses
from policies.services.list_file import import_entries
from policies.services.lists import MOST_ENTRIES, add_entry, forget_ended, remove_entry
from policies.services.settings import set_values

__all__ = [
    "MOST_ENTRIES",
    "MOST_LINES",
    "add_entry",
    "forget_ended",
    "import_addresses",
    "import_entries",
    "remove_entry",
    "set_values",
]
