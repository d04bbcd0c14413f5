"""The choices of this app's columns; the transitions between states stand in ``states``."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class MessageState(models.TextChoices):
    """Where a message is on its way; the transitions stand in ``quarantine.states``."""

    RECEIVED = "received", _("Received")
    WAITING = "waiting", _("Waiting")
    READY = "ready", _("In delivery")
    HELD = "held", _("Held")
    QUARANTINED = "quarantined", _("Quarantined")
    SHUNTED = "shunted", _("Set aside")
    CLOSED = "closed", _("Closed")


class VerdictChoice(models.TextChoices):
    """The one word for what was found in a message, worst last."""

    PENDING = "pending", _("Not yet examined")
    CLEAN = "clean", _("Nothing found")
    SUSPICIOUS = "suspicious", _("Suspicious")
    SPAM = "spam", _("Spam")
    FORGED = "forged", _("Maybe forged")
    BLOCKED = "blocked", _("Blocked")
    UNEXAMINED = "unexamined", _("Could not be examined")
    FORBIDDEN = "forbidden", _("Forbidden file type")
    MALICIOUS = "malicious", _("Virus")


class DirectionChoice(models.TextChoices):
    """The values are ``mailsec.gateway.envelope.Direction``'s."""

    INBOUND = "inbound", _("Inbound")
    OUTBOUND = "outbound", _("Outbound")
    NOTICE = "notice", _("Notice")


class ContentKind(models.TextChoices):
    """Which form of the message the bytes are."""

    ORIGINAL = "original", _("As received")
    OUTGOING = "outgoing", _("As sent on")


class DeliveryState(models.TextChoices):
    """Where a copy is; the transitions stand in ``quarantine.states``."""

    PENDING = "pending", _("Not yet decided")
    QUEUED = "queued", _("Queued")
    IN_FLIGHT = "in-flight", _("Being sent")
    DEFERRED = "deferred", _("Deferred")
    DELIVERED = "delivered", _("Delivered")
    BOUNCED = "bounced", _("Refused")
    WITHHELD = "withheld", _("Withheld")
    HELD = "held", _("Waiting for the sender")
    DISCARDED = "discarded", _("Discarded by the sender")


class EventKind(models.TextChoices):
    """The steps; ``quarantine.explain`` puts each into words."""

    RECEIVED = "received", _("Received")
    WAITING = "waiting", _("Waiting")
    EXAMINED = "examined", _("Examined")
    QUARANTINED = "quarantined", _("Quarantined")
    ATTEMPTED = "attempted", _("Delivery attempted")
    RECLAIMED = "reclaimed", _("Taken up again")
    BOUNCE_SENT = "bounce-sent", _("Sender told of the failure")
    DELAY_SENT = "delay-sent", _("Sender told of the delay")
    SHUNTED = "shunted", _("Set aside")
    RESUBMITTED = "resubmitted", _("Resubmitted")
    CLOSED = "closed", _("Closed")
    RELEASED = "released", _("Released")
    RETAINED = "retained", _("Back in quarantine")
    DELETED = "deleted", _("Deleted")
    EXPIRED = "expired", _("Quarantine time over")
    LEARNED = "learned", _("Learned")
    UNLEARNED = "unlearned", _("Learning undone")
    ORIGINAL = "original", _("Original released")
    REFUSED = "refused", _("Release refused")
    HELD = "held", _("Held for the sender")
    APPROVED = "approved", _("Delivery approved")
    DISCARDED = "discarded", _("Discarded")
    REMINDED = "reminded", _("Sender reminded")


class HoldEnding(models.TextChoices):
    """What becomes of held mail when its time is over; ``mailsec.gateway.policy.HoldExpiry``'s."""

    DISCARD = "discard", _("Discard")
    KEEP = "keep", _("Keep holding")
    DELIVER = "deliver", _("Deliver now")


OPEN_STATES = (DeliveryState.QUEUED, DeliveryState.IN_FLIGHT, DeliveryState.DEFERRED)


class RefusalReason(models.TextChoices):
    """Why the listener turned mail away before it was taken."""

    OPERATOR = "operator", _("On the operator's block list")
    TENANT = "tenant", _("On your block list")
    USER = "user", _("On the recipient's own block list")
    REPUTATION = "reputation", _("Bad reputation of the sending server")
    GREYLISTED = "greylisted", _("Asked to come again (greylisting)")
    RATE = "rate", _("Too much mail at once")
    MANY = "many", _("Further refusals, counted only")
