"""Rows of this app."""

from policies.models.address import Address
from policies.models.address_group import AddressGroup, GroupMember
from policies.models.hold_rule import HoldRuleRow
from policies.models.list_entry import ListEntry
from policies.models.notice_text import OwnNoticeText
from policies.models.policy_version import PolicyVersion

__all__ = [
    "Address",
    "AddressGroup",
    "GroupMember",
    "HoldRuleRow",
    "ListEntry",
    "OwnNoticeText",
    "PolicyVersion",
]
