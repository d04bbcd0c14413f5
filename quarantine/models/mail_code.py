"""Codes that prove an address, for the page of all one's held mails."""

from __future__ import annotations

from django.db import models


class MailCode(models.Model):
    """A row is the newest code that was mailed to one address (lower case).

    ``code_hash`` is keyed with the tenant's key: six digits alone would be found by trying.
    ``tries`` are wrong answers to this code; ``mailed`` counts the codes since ``counted_from``.
    Personal data: address; kept until the code is used, or replaced by the next one.
    """

    address = models.CharField(max_length=254, primary_key=True)
    code_hash = models.BinaryField(max_length=32)
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    mailed = models.PositiveSmallIntegerField(default=0)
    counted_from = models.DateTimeField()

    def __str__(self) -> str:
        return f"code for {self.address}"
