"""The bytes of a message."""

from __future__ import annotations

from django.db import models

from quarantine.choices import ContentKind
from quarantine.identifiers import new_id
from quarantine.models.message import StoredMessage


class Content(models.Model):
    """A row holds one form of a message, encrypted with the tenant's key.

    The original is stored as received; an outgoing form is stored once where it differs, of
    outbound mail one by each name of ``mailsec.gateway.outbound.treatment.Form``. All are removed
    when the last delivery has ended, unless the original is kept in quarantine.
    Personal data: all of it.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    message = models.ForeignKey(StoredMessage, models.CASCADE, related_name="contents")
    kind = models.CharField(max_length=8, choices=ContentKind.choices)
    form = models.CharField(max_length=20, db_default="")
    sealed = models.BinaryField()
    size = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "kind", "form"], name="content_form_once"),
        ]

    def __str__(self) -> str:
        return f"{self.message_id} {self.kind}"
