"""Outbound mail that waits for its sender, and the links by which people reach it."""

from __future__ import annotations

from django.db import models

from quarantine.choices import HoldEnding
from quarantine.models.message import StoredMessage


class Hold(models.Model):
    """A row is one message whose outside copies wait, or waited, for a decision.

    ``rules`` are the names of the hold rules that met them, as they were then; ``unreadable``
    says that nobody could read the mail. ``told_at``, ``reminded_at`` and ``ending_told_at`` are
    when the sender's notices were made; ``ended_at`` is when the last copy was decided on.
    ``to_tell`` are decisions of others on some copies of which the sender was not told yet, each
    with ``by``, ``kind`` (an event's) and ``recipients``; null for none.
    ``written`` (subject, From and sender) and ``recipients`` (of the held copies) are what the
    queue is searched by, ASCII letters in upper case: no other table is read for it.
    Personal data: sender, ended_by, to_tell, written, recipients; kept as long as the message's
    row.
    """

    message = models.OneToOneField(
        StoredMessage, models.CASCADE, primary_key=True, related_name="hold"
    )
    sender = models.CharField(max_length=320)
    rules = models.JSONField(default=list)
    unreadable = models.BooleanField(default=False)
    held_at = models.DateTimeField()
    due_at = models.DateTimeField()
    remind_at = models.DateTimeField()
    ending = models.CharField(max_length=7, choices=HoldEnding.choices)
    told_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=320, db_default="")
    ending_told_at = models.DateTimeField(null=True)
    to_tell = models.JSONField(null=True)
    written = models.TextField(db_default="")
    recipients = models.TextField(db_default="")

    class Meta:
        ordering = ["-message"]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(ended_at=None), name="hold_due"),
            models.Index(
                fields=["remind_at"],
                condition=models.Q(ended_at=None, reminded_at=None),
                name="hold_to_remind",
            ),
            models.Index(fields=["held_at"], condition=models.Q(told_at=None), name="hold_to_tell"),
            models.Index(
                fields=["-ended_at", "-message"],
                condition=models.Q(ended_at__isnull=False),
                name="hold_ended",
            ),
            models.Index(
                fields=["ended_at"],
                condition=models.Q(ending_told_at=None),
                name="hold_end_to_tell",
            ),
            models.Index(
                fields=["held_at"],
                condition=models.Q(to_tell__isnull=False),
                name="hold_part_to_tell",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ending__in=HoldEnding.values), name="hold_ending_known"
            ),
        ]

    def __str__(self) -> str:
        return f"hold of {self.message_id}"


class Processing(models.Model):
    """A row is one outbound mail whose copies to outside were changed, of which its sender is told.

    ``hidden``: no copy names the other recipients; ``locked``: its files are in an archive.
    Personal data: sender; kept as long as the message's row.
    """

    message = models.OneToOneField(
        StoredMessage, models.CASCADE, primary_key=True, related_name="processing"
    )
    sender = models.CharField(max_length=320)
    hidden = models.BooleanField()
    locked = models.BooleanField()
    made_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["made_at"], condition=models.Q(told_at=None), name="processing_to_tell"
            ),
        ]

    def __str__(self) -> str:
        return f"processing of {self.message_id}"


class SenderLink(models.Model):
    """A row is one person's link to one outbound mail; it works for viewing more than once.

    ``token_hash`` is the SHA-256 of the random token in the link. It opens this mail's page and
    nothing else, until ``expires_at``; mail that was only zipped has links too, and no hold.
    Personal data: person; kept as long as the message's row.
    """

    message = models.ForeignKey(StoredMessage, models.CASCADE, related_name="sender_links")
    person = models.CharField(max_length=320)
    token_hash = models.BinaryField(max_length=32, unique=True)
    expires_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"link to {self.message_id}"
