"""Who may do what with mail in quarantine; the one table of it.

============================  ==========  ==============  =======  =========================
                              auditor     helpdesk        admin,   recipient, by a digest's
                                                          owner    link
============================  ==========  ==============  =======  =========================
list, findings, trace         yes         yes             yes      the own copy's facts
body, files that are clean    no          yes             yes      no
release, delete, learn        no          not restricted  all      not restricted; never
                                                                   delete
decide on held mail           no          yes             yes      no; its sender does
let forbidden file types      no          no              yes      no
through, send an original
============================  ==========  ==============  =======  =========================

A release never skips the check for viruses (``decide_released``, ``decide_original``).
"""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import TenantRole
from quarantine.choices import VerdictChoice
from quarantine.models import StoredMessage

RECIPIENT = "recipient"
SENDER = "sender"  # whoever holds the link of a hold's notice
TIME = "time"  # nobody: the time of a hold was over
_ADMINISTRATORS = frozenset({TenantRole.OWNER.value, TenantRole.ADMIN.value})
_READERS = _ADMINISTRATORS | {TenantRole.HELPDESK.value}
# What people may judge who are no administrators: nothing that can harm by being opened.
_UNWANTED = frozenset(
    {
        VerdictChoice.CLEAN.value,
        VerdictChoice.SUSPICIOUS.value,
        VerdictChoice.SPAM.value,
        VerdictChoice.FORGED.value,
        VerdictChoice.BLOCKED.value,
        VerdictChoice.UNEXAMINED.value,
    }
)
# What a digest shows to its recipient: mail that somebody did not want for them.
DIGEST_VERDICTS = (
    VerdictChoice.SPAM,
    VerdictChoice.FORGED,
    VerdictChoice.BLOCKED,
    VerdictChoice.UNEXAMINED,
)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks, as the audit log will name them.

    ``role`` is a tenant role, or ``RECIPIENT`` for whoever holds a digest's link; ``address`` is
    the network address that the request came from.
    """

    name: str
    role: str
    address: str | None = None


def may_read(role: str) -> bool:
    """Whether this role sees bodies and files."""
    return role in _READERS


def may_decide(role: str) -> bool:
    """Whether this role may deliver or discard mail that is held for its sender."""
    return role in _READERS or role in (SENDER, TIME)


def may_let_through(role: str) -> bool:
    """Whether this role lets forbidden file types through, and sends originals after their mail."""
    return role in _ADMINISTRATORS


def may_act(role: str, message: StoredMessage) -> bool:
    """Whether this role may release, delete and teach from this message."""
    if role in _ADMINISTRATORS:
        return True
    if role == RECIPIENT:
        return not message.restricted and message.verdict in DIGEST_VERDICTS
    return role in _READERS and not message.restricted and message.verdict in _UNWANTED
