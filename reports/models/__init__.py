"""Rows of this app."""

from reports.models.daily_tally import DailyTally

__all__ = ["DailyTally"]
