"""Rows of this app."""

from threats.models.bad_file import BadFile
from threats.models.blocklist import Blocklist
from threats.models.grey_pass import GreyPass
from threats.models.sender_entry import SenderEntry

__all__ = ["BadFile", "Blocklist", "GreyPass", "SenderEntry"]
