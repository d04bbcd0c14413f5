"""The only writers of messages, copies, findings and events."""

from quarantine.services.bulk import BulkAction, Done, Order, act_on
from quarantine.services.delivering import (
    Claimed,
    Settlement,
    claim_deliveries,
    settle_deliveries,
)
from quarantine.services.digest import (
    Edition,
    Entry,
    LinkAction,
    act_by_link,
    actions_of,
    send_digest,
)
from quarantine.services.examination import (
    Before,
    Examining,
    Outcome,
    claim_examination,
    record_outcome,
)
from quarantine.services.hold_bulk import HoldAction, decide_on
from quarantine.services.hold_links import give_link
from quarantine.services.holding import (
    Decided,
    deliver_held,
    discard_held,
    due_holds,
    end_hold,
)
from quarantine.services.learning import learn, undo_lesson
from quarantine.services.mail_codes import check_code, send_code
from quarantine.services.originals import OriginalRelease, release_original
from quarantine.services.receive import Arrival, Notice, receive, store_notice
from quarantine.services.refusals import TurnedAway, expire_refusals, record_refusals
from quarantine.services.release import delete, release
from quarantine.services.telling import News, Told, tell, untold
from quarantine.services.treating import HoldTerms, TreatedCopy, Treatment
from quarantine.services.upkeep import Stalled, expire, resubmit, shunt, take_up_stalled
from quarantine.services.waiting import Shown, wait

__all__ = [
    "Arrival",
    "Before",
    "BulkAction",
    "Claimed",
    "Decided",
    "Done",
    "Edition",
    "Entry",
    "Examining",
    "HoldAction",
    "HoldTerms",
    "LinkAction",
    "News",
    "Notice",
    "Order",
    "OriginalRelease",
    "Outcome",
    "Settlement",
    "Shown",
    "Stalled",
    "Told",
    "TreatedCopy",
    "Treatment",
    "TurnedAway",
    "act_by_link",
    "act_on",
    "actions_of",
    "check_code",
    "claim_deliveries",
    "claim_examination",
    "decide_on",
    "delete",
    "deliver_held",
    "discard_held",
    "due_holds",
    "end_hold",
    "expire",
    "expire_refusals",
    "give_link",
    "learn",
    "receive",
    "record_outcome",
    "record_refusals",
    "release",
    "release_original",
    "resubmit",
    "send_code",
    "send_digest",
    "settle_deliveries",
    "shunt",
    "store_notice",
    "take_up_stalled",
    "tell",
    "undo_lesson",
    "untold",
    "wait",
]
