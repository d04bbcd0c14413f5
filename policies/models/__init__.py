"""Rows of this app."""

from policies.models.address import Address
from policies.models.list_entry import ListEntry
from policies.models.notice_text import OwnNoticeText
from policies.models.policy_version import PolicyVersion

__all__ = ["Address", "ListEntry", "OwnNoticeText", "PolicyVersion"]
