"""Every step of outbound mail in the order in which it happens: where a worker may be killed.

A name says how far things have come. Between two lines nothing is written and nobody is spoken to.
"""

from __future__ import annotations

from tests.faults.beginnings import deliver, examine, press, sweep
from tests.faults.office import COLLEAGUE, SENDER
from tests.faults.stages import COURIER, EXAMINER, Due, Stage, Step
from tests.faults.standstill import Remote, When, Write

BEFORE, COMMIT, COMMITTED = When
IT, OF_IT = "NEW.id = '{id}'", "NEW.message_id = '{id}'"
OF_NOTICE = "{schema}.is_about(NEW.message_id, '{id}')"
TO_ONE, TO_TWO = "NEW.recipient = '{one}'", "NEW.recipient = '{two}'"


def insert(table: str, row: str, when: When = BEFORE) -> Write:
    return Write(when, "INSERT", table, row)


def update(table: str, row: str, when: When = BEFORE) -> Write:
    return Write(when, "UPDATE", table, row)


MESSAGES, COPIES = "quarantine_storedmessage", "quarantine_delivery"
CONTENTS, EVENTS = "quarantine_content", "quarantine_event"
HOLDS, LINKS, DONE = "quarantine_hold", "quarantine_senderlink", "quarantine_processing"
SECRETS, TOLD = "encryption_protection", "encryption_passwordmail"
NOTICE = "NEW.about = '{id}'"


def changed(field: str, row: str = OF_IT) -> str:
    """A row of the mail's that gets another value here."""
    return f"{row} AND NEW.{field} IS DISTINCT FROM OLD.{field}"


EXAMINATION = (
    Step("it is being claimed", update(MESSAGES, changed("tries", IT))),
    Step("it is claimed and not looked at", update(MESSAGES, changed("tries", IT), COMMITTED)),
    Step(
        "archive and password are made, nothing is stored", update(MESSAGES, changed("state", IT))
    ),
    Step("the outcome is written, no copy is treated", update(COPIES, changed("form"))),
    Step(
        "the copies are treated, no form is stored", insert(CONTENTS, f"{OF_IT} AND NEW.form <> ''")
    ),
    Step("the forms are stored, the treatment is not noted", insert(DONE, OF_IT)),
    Step("the treatment is noted, there is no hold", insert(HOLDS, OF_IT)),
    Step("there is a hold, its event is missing", insert(EVENTS, f"{OF_IT} AND NEW.kind = 'held'")),
    Step("the archive is stored, its password is not", insert(SECRETS, OF_IT)),
    Step("the outcome is being committed", insert(SECRETS, OF_IT, COMMIT)),
    Step("the outcome is committed, nobody is told", insert(SECRETS, OF_IT, COMMITTED)),
    Step("nothing of the hold notice is stored", insert(LINKS, OF_IT)),
    Step("the hold notice has a link, and is not stored", insert(MESSAGES, NOTICE)),
    Step("the hold notice has no bytes", insert(CONTENTS, OF_NOTICE)),
    Step("the hold notice has no recipient", insert(COPIES, OF_NOTICE)),
    Step("the hold notice has no event", insert(EVENTS, OF_NOTICE)),
    Step("the hold notice is stored, the hold does not say so", update(HOLDS, changed("told_at"))),
    Step("the hold notice is being committed", update(HOLDS, changed("told_at"), COMMIT)),
    Step(
        "the hold notice is committed, mail and notice are not announced",
        update(HOLDS, changed("told_at"), COMMITTED),
        to_colleague=True,
    ),
    Step(
        "a mail that is not held is committed, nobody is told",
        insert(SECRETS, OF_IT, COMMITTED),
        held=False,
    ),
    Step(
        "its notice is stored, the mail does not say so",
        update(DONE, changed("told_at")),
        held=False,
    ),
    Step("its notice is being committed", update(DONE, changed("told_at"), COMMIT), held=False),
    Step(
        "its notice is committed and not announced",
        update(DONE, changed("told_at"), COMMITTED),
        held=False,
    ),
)
RELEASE = (
    Step("nothing is released", update(COPIES, f"{changed('state')} AND {TO_ONE}")),
    Step(
        "one copy is released, the other is not", update(COPIES, f"{changed('state')} AND {TO_TWO}")
    ),
    Step("the copies are released, the mail is not", update(MESSAGES, changed("released_at", IT))),
    Step(
        "the mail is released, there is no event",
        insert(EVENTS, f"{OF_IT} AND NEW.kind = 'approved'"),
    ),
    Step("there is an event, the hold has not ended", update(HOLDS, changed("ended_at"))),
    Step("the release is being committed", update(HOLDS, changed("ended_at"), COMMIT)),
    Step(
        "the release is committed and not announced", update(HOLDS, changed("ended_at"), COMMITTED)
    ),
)
CLAIM = f"{changed('state')} AND NEW.state = 'in-flight' AND {TO_ONE}"
SETTLED = f"{changed('state')} AND NEW.state = 'delivered'"
FIRST = f"{SETTLED} AND NEW.recipient = '{COLLEAGUE}'"
CLOSED = f"{changed('state', IT)} AND NEW.state = 'closed'"
PLAIN = {"held": False, "to_colleague": True}
DELIVERY = (
    Step("the copies are being claimed", update(COPIES, CLAIM)),
    Step("the copies are claimed, the server knows nothing", update(COPIES, CLAIM, COMMITTED)),
    Step("the server was told the first recipient", Remote("RCPT", SENDER)),
    Step("the server was told all recipients", Remote("DATA", SENDER)),
    Step("the server has read the mail, and lost it", Remote("dot", SENDER)),
    Step("the server has the mail, and has not said so", Remote("stored", SENDER), copies=2),
    Step(
        "the server has said so, nothing is recorded",
        update(COPIES, f"{SETTLED} AND {TO_ONE}"),
        copies=2,
    ),
    Step(
        "the results are being committed",
        update(COPIES, f"{SETTLED} AND {TO_ONE}", COMMIT),
        copies=2,
    ),
    Step("the results are committed", update(COPIES, f"{SETTLED} AND {TO_ONE}", COMMITTED)),
    Step(
        "the colleague's copy is settled, the customers' are not begun",
        update(COPIES, FIRST, COMMITTED),
        **PLAIN,
    ),
    Step(
        "the customers' results are written, the mail is not closed",
        update(MESSAGES, CLOSED),
        copies=2,
        **PLAIN,
    ),
    Step("the close is being committed", update(MESSAGES, CLOSED, COMMIT), copies=2, **PLAIN),
    Step("the close is committed", update(MESSAGES, CLOSED, COMMITTED), **PLAIN),
    Step("all is settled, no password mail is stored", insert(MESSAGES, NOTICE), asked=True),
    Step(
        "one password mail is stored, the other is not",
        insert(COPIES, f"{OF_NOTICE} AND {TO_TWO}"),
        asked=True,
    ),
    Step("both are stored, nobody counts as told", insert(TOLD, TO_ONE), asked=True),
    Step("the password mails are being committed", insert(TOLD, TO_TWO, COMMIT), asked=True),
    Step(
        "the password mails are committed and not announced",
        insert(TOLD, TO_TWO, COMMITTED),
        asked=True,
    ),
    Step("a password mail is at its server", Remote("DATA", ""), asked=True),
)
ASKING = (
    Step("nothing is noted", update(SECRETS, changed("notify_at"))),
    Step(
        "the wish is noted, not who had it",
        insert("accounts_auditentry", "NEW.subject = '{hex}' AND NEW.action = 'zip.notify'"),
    ),
    Step("the wish is being committed", update(SECRETS, changed("notify_at"), COMMIT)),
    Step(
        "the wish is committed and not announced", update(SECRETS, changed("notify_at"), COMMITTED)
    ),
)
RECLAIMED = f"{changed('state')} AND NEW.state = 'deferred'"
PUT_OFF = f"{changed('sweep_at')} AND NEW.state = OLD.state AND {TO_ONE}"
GIVEN_UP = Write(BEFORE, "DELETE", CONTENTS, "OLD.message_id = '{id}' AND OLD.form <> ''")
LOST, SILENT = {"due": Due.CLAIM_LOST}, {"due": Due.UNANNOUNCED}
GOES = {"due": Due.TIME_OVER, "ending": "deliver"}
GOES_NOT = {"due": Due.TIME_OVER, "ending": "discard"}
REMINDS, ENDS = {"due": Due.REMINDER}, {"due": Due.ENDING_UNTOLD, "ending": "deliver"}
DID, ASKED = {"due": Due.PROCESSED_UNTOLD}, {"due": Due.PASSWORDS_UNTOLD}
END_OF_TIME = (
    Step("a lost claim is not ended", update(COPIES, RECLAIMED), **LOST),
    Step(
        "a lost claim is ended, there is no event",
        insert(EVENTS, f"{OF_IT} AND NEW.kind = 'reclaimed'"),
        **LOST,
    ),
    Step("waiting copies are found, not put off", update(COPIES, PUT_OFF), **SILENT),
    Step("waiting copies are being put off", update(COPIES, PUT_OFF, COMMIT), **SILENT),
    Step(
        "waiting copies are put off and not announced", update(COPIES, PUT_OFF, COMMITTED), **SILENT
    ),
    Step(
        "the time is over, no copy goes", update(COPIES, f"{changed('state')} AND {TO_ONE}"), **GOES
    ),
    Step("the copies go, the mail does not", update(MESSAGES, changed("released_at", IT)), **GOES),
    Step(
        "the mail goes, there is no event",
        insert(EVENTS, f"{OF_IT} AND NEW.kind = 'approved'"),
        **GOES,
    ),
    Step("there is an event, the hold goes on", update(HOLDS, changed("ended_at")), **GOES),
    Step(
        "the end of the time is being committed", update(HOLDS, changed("ended_at"), COMMIT), **GOES
    ),
    Step(
        "the end of the time is committed and not announced",
        update(HOLDS, changed("ended_at"), COMMITTED),
        **GOES,
    ),
    Step(
        "the time is over, no copy is given up",
        update(COPIES, f"{changed('state')} AND {TO_ONE}"),
        **GOES_NOT,
    ),
    Step(
        "the copies are given up, there is no event",
        insert(EVENTS, f"{OF_IT} AND NEW.kind = 'discarded'"),
        **GOES_NOT,
    ),
    Step("the loss has an event, the hold goes on", update(HOLDS, changed("ended_at")), **GOES_NOT),
    Step("the hold has ended, the mail is open", update(MESSAGES, CLOSED), **GOES_NOT),
    Step("the mail is closed, its bytes are there", GIVEN_UP, **GOES_NOT),
    Step("the loss is being committed", update(MESSAGES, CLOSED, COMMIT), **GOES_NOT),
    Step("the loss is committed, nobody is told", update(MESSAGES, CLOSED, COMMITTED), **GOES_NOT),
)
TELLING = (
    Step("nothing of the reminder is stored", insert(LINKS, OF_IT), **REMINDS),
    Step("the reminder has a link, and is not stored", insert(MESSAGES, NOTICE), **REMINDS),
    Step("the reminder has no bytes", insert(CONTENTS, OF_NOTICE), **REMINDS),
    Step("the reminder has no recipient", insert(COPIES, OF_NOTICE), **REMINDS),
    Step(
        "the reminder is stored, the hold does not say so",
        update(HOLDS, changed("reminded_at")),
        **REMINDS,
    ),
    Step(
        "the hold says so, there is no event",
        insert(EVENTS, f"{OF_IT} AND NEW.kind = 'reminded'"),
        **REMINDS,
    ),
    Step(
        "the reminder is being committed", update(HOLDS, changed("reminded_at"), COMMIT), **REMINDS
    ),
    Step(
        "the reminder is committed and not announced",
        update(HOLDS, changed("reminded_at"), COMMITTED),
        **REMINDS,
    ),
    Step("the hold has ended, nothing of its notice is stored", insert(LINKS, OF_IT), **ENDS),
    Step(
        "the notice of the end is stored, the hold does not say so",
        update(HOLDS, changed("ending_told_at")),
        **ENDS,
    ),
    Step(
        "the notice of the end is being committed",
        update(HOLDS, changed("ending_told_at"), COMMIT),
        **ENDS,
    ),
    Step(
        "the notice of the end is not announced",
        update(HOLDS, changed("ending_told_at"), COMMITTED),
        **ENDS,
    ),
    Step("the mail goes, nothing of its notice is stored", insert(LINKS, OF_IT), **DID),
    Step(
        "the notice of the treatment is stored, the mail does not say so",
        update(DONE, changed("told_at")),
        **DID,
    ),
    Step(
        "the notice of the treatment is being committed",
        update(DONE, changed("told_at"), COMMIT),
        **DID,
    ),
    Step(
        "the notice of the treatment is not announced",
        update(DONE, changed("told_at"), COMMITTED),
        **DID,
    ),
    Step(
        "the sweep's password mails are committed and not announced",
        insert(TOLD, TO_TWO, COMMITTED),
        **ASKED,
    ),
)
STAGES = {
    "examination": Stage(EXAMINER, "new", examine, EXAMINATION),
    "release": Stage("web", "held", press("deliver"), RELEASE, "deliver"),
    "delivery": Stage(COURIER, "held", deliver, DELIVERY),
    "asking": Stage("web", "delivered", press("notify"), ASKING, "notify"),
    # Two rounds of the sweep, since each mail that stands takes a process of its own.
    "end of time": Stage(EXAMINER, "held", sweep, END_OF_TIME),
    "telling": Stage(EXAMINER, "held", sweep, TELLING),
}
