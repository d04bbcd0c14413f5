"""Rows of this app."""

from encryption.models.dkim_key import DkimKey

__all__ = ["DkimKey"]
