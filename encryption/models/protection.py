"""What opens the archive that went out with a mail."""

from __future__ import annotations

from django.db import models


class Protection(models.Model):
    """A row is one mail whose files left in an encrypted archive.

    ``password`` is sealed with the tenant's key; it and the archive's name are made once, whatever
    fails afterwards. ``notify_at`` is from when the recipients are told the password: set by the
    sender, or from the beginning where the policy says so.
    Personal data: sender, files, notified_by; kept as long as the message's row.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    message = models.OneToOneField(
        "quarantine.StoredMessage", models.CASCADE, related_name="protection"
    )
    sender = models.CharField(max_length=320)
    archive_name = models.CharField(max_length=20)
    password = models.BinaryField()
    files = models.JSONField(default=list)
    created_at = models.DateTimeField()
    notify_at = models.DateTimeField(null=True)
    notified_by = models.CharField(max_length=320, blank=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["notify_at"], name="protection_notify"),
        ]

    def __str__(self) -> str:
        return f"{self.archive_name} of {self.message_id}"


class PasswordMail(models.Model):
    """A row is one recipient who was told the password, and by which notice of ours.

    Personal data: recipient; kept as long as the message's row.
    """

    protection = models.ForeignKey(Protection, models.CASCADE, related_name="password_mails")
    recipient = models.CharField(max_length=320)
    notice = models.UUIDField()
    sent_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["protection", "recipient"], name="password_mail_once"),
        ]

    def __str__(self) -> str:
        return f"password for {self.recipient}"
