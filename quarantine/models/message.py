"""A message in our custody."""

from __future__ import annotations

from datetime import datetime

from django.db import models

from quarantine.choices import DirectionChoice, MessageState, VerdictChoice
from quarantine.identifiers import new_id


class StoredMessage(models.Model):
    """A row is one message of one tenant: envelope, cleaned header texts, state.

    ``claimed_until`` is a worker's lease on looking at it, ``sweep_at`` the time from which the
    sweep asks again for work that stalled, ``tries`` how often a worker began. What is
    ``restricted`` is released by administrators alone and shown in no digest to a user.
    ``released_at`` and ``released_by`` tell of its last release from quarantine: what is found in
    it from then on is judged by ``decide_released``. ``files_allowed`` says that an administrator
    lets forbidden file types through. ``release_of`` is the message, delivered without a part of
    it, whose original this one is: it is judged by ``decide_original``.
    Personal data: sender, header texts, addresses; kept for the tenant's ``trace_days``.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    direction = models.CharField(max_length=8, choices=DirectionChoice.choices)
    state = models.CharField(max_length=11, choices=MessageState.choices)
    received_at = models.DateTimeField()
    client_ip = models.GenericIPAddressField()
    client_helo = models.CharField(max_length=255, blank=True)
    client_tls = models.CharField(max_length=20, blank=True)
    connector = models.CharField(max_length=60, blank=True)
    smtputf8 = models.BooleanField(default=False)
    sender = models.CharField(max_length=320, blank=True)
    size = models.PositiveIntegerField()
    subject = models.CharField(max_length=500, blank=True)
    header_from = models.CharField(max_length=500, blank=True)
    message_id = models.CharField(max_length=500, blank=True)
    policy_version = models.PositiveIntegerField(default=0)
    changed = models.BooleanField(default=False)
    keep_original = models.BooleanField(default=False)
    verdict = models.CharField(
        max_length=10, choices=VerdictChoice.choices, db_default=VerdictChoice.PENDING
    )
    spam_score = models.FloatField(null=True)
    authentication = models.JSONField(db_default={})
    restricted = models.BooleanField(db_default=False)
    trace_header = models.BinaryField(default=bytes)
    released_at = models.DateTimeField(null=True)
    released_by = models.CharField(max_length=320, db_default="")
    files_allowed = models.BooleanField(db_default=False)
    # Almost always empty, so its index holds only what is not (see Meta).
    release_of = models.ForeignKey(
        "self", models.SET_NULL, null=True, related_name="originals", db_index=False
    )
    error = models.CharField(max_length=500, blank=True)
    about = models.UUIDField(null=True)  # a notice's subject: the message that it reports on
    tries = models.PositiveSmallIntegerField(default=0)
    claimed_until = models.DateTimeField(null=True)
    sweep_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = "message"
        indexes = [
            models.Index(fields=["state", "-id"], name="message_state"),
            models.Index(
                fields=["sweep_at"],
                condition=models.Q(state__in=["received", "waiting"]),
                name="message_to_examine",
            ),
            models.Index(fields=["message_id"], name="message_message_id"),
            models.Index(
                fields=["-id"],
                condition=models.Q(state="quarantined") | models.Q(keep_original=True),
                name="message_kept",
            ),
            models.Index(
                fields=["release_of"],
                condition=models.Q(release_of__isnull=False),
                name="message_release_of",
            ),
            models.Index(
                fields=["about"],
                condition=models.Q(about__isnull=False),
                name="message_about",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=MessageState.values), name="message_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(direction__in=DirectionChoice.values),
                name="message_direction_known",
            ),
        ]

    def __str__(self) -> str:
        return self.queue_id

    @property
    def queue_id(self) -> str:
        """The identifier as it stands in the 250 reply, in Received and in the logs."""
        return self.id.hex

    @property
    def way_began_at(self) -> datetime:
        """From when delivery is counted: what was released days later has its full time too."""
        return self.released_at or self.received_at
