"""The only writers of messages, copies, findings and events."""

from quarantine.services.delivering import (
    Claimed,
    Settlement,
    claim_deliveries,
    settle_deliveries,
)
from quarantine.services.examination import (
    Examining,
    Outcome,
    Shown,
    claim_examination,
    record_outcome,
    wait,
)
from quarantine.services.receive import Arrival, Notice, receive, store_notice
from quarantine.services.refusals import TurnedAway, expire_refusals, record_refusals
from quarantine.services.upkeep import Stalled, expire, resubmit, shunt, take_up_stalled

__all__ = [
    "Arrival",
    "Claimed",
    "Examining",
    "Notice",
    "Outcome",
    "Settlement",
    "Shown",
    "Stalled",
    "TurnedAway",
    "claim_deliveries",
    "claim_examination",
    "expire",
    "expire_refusals",
    "receive",
    "record_outcome",
    "record_refusals",
    "resubmit",
    "settle_deliveries",
    "shunt",
    "store_notice",
    "take_up_stalled",
    "wait",
]
