"""Rows of this app."""

from threats.models.bad_file import BadFile

__all__ = ["BadFile"]
