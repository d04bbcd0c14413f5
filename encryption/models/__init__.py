"""Rows of this app."""

from encryption.models.dkim_key import DkimKey
from encryption.models.protection import PasswordMail, Protection

__all__ = ["DkimKey", "PasswordMail", "Protection"]
