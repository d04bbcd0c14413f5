"""The only writers of a tenant's settings, addresses, lists, rules, groups and notice texts."""

from policies.services.addresses import MOST_LINES, import_addresses
from policies.services.groups import MOST_GROUPS, remove_group, store_groups
from policies.services.hold_rules import (
    MOST_RULES,
    Step,
    add_rule,
    change_rule,
    move_rule,
    remove_rule,
    replace_rules,
)
from policies.services.list_file import import_entries
from policies.services.lists import MOST_ENTRIES, add_entry, forget_ended, remove_entry
from policies.services.notice_texts import reset_notice_text, set_notice_text
from policies.services.settings import set_values

__all__ = [
    "MOST_ENTRIES",
    "MOST_GROUPS",
    "MOST_LINES",
    "MOST_RULES",
    "Step",
    "add_entry",
    "add_rule",
    "change_rule",
    "forget_ended",
    "import_addresses",
    "import_entries",
    "move_rule",
    "remove_entry",
    "remove_group",
    "remove_rule",
    "replace_rules",
    "reset_notice_text",
    "set_notice_text",
    "set_values",
    "store_groups",
]
