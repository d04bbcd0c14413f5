"""Deciding about a stored message once more, under another policy.

What was found is a record of the day it was found on: a check that was off then found nothing, and
nothing can be found anew, since the content is gone. Within that, the decision is ``decide``'s own.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from mailsec.gateway.authentication import Authentication
from mailsec.gateway.case import Case
from mailsec.gateway.decision import decide
from mailsec.gateway.envelope import Envelope
from mailsec.gateway.errors import ScannerUnavailable
from mailsec.gateway.filters import file_types, listed, spam, virus
from mailsec.gateway.lists import Entries, Lists, Network
from mailsec.gateway.message import Message
from mailsec.gateway.policy import Policy
from mailsec.gateway.ports import ScanResult, Services
from mailsec.gateway.verdict import Decision, Disposition, Finding, Verdict


class Way(StrEnum):
    """What becomes of a message as a whole, mildest first."""

    DELIVERED = "delivered"
    TAGGED = "tagged"
    QUARANTINED = "quarantined"
    RESTRICTED = "restricted"  # in quarantine, for administrators alone


@dataclass(frozen=True, slots=True)
class Treatment:
    """How a message is handled; ``removed`` counts the attachments that are taken out of it."""

    way: Way
    warned: bool = False
    removed: int = 0


@dataclass(frozen=True, slots=True)
class Record:
    """What is stored of one inbound message that a decision hangs on.

    ``header_from`` is the From field as text.
    """

    envelope: Envelope
    header_from: str
    verdict: Verdict


def treatment_of(decision: Decision) -> Treatment:
    """A decision as people see it from outside."""
    if decision.disposition is Disposition.QUARANTINE:
        return Treatment(Way.RESTRICTED if decision.restricted else Way.QUARANTINED)
    return Treatment(
        Way.TAGGED if decision.subject_prefix else Way.DELIVERED,
        warned=bool(decision.banner),
        removed=len(decision.remove),
    )


def both(record: Record, present: Policy, draft: Policy) -> tuple[Treatment, Treatment]:
    """How the message is handled now and how it would be; only the policy differs."""
    message = _with_author(record.header_from) if lists_matter(present, draft) else None
    return _treated(record, present, message), _treated(record, draft, message)


@dataclass(frozen=True, slots=True)
class ChangedLists:
    """The entries that only one of two policies has, where nothing else differs.

    Whoever none of them holds is listed as before, and so is handled as before. ``owners`` are the
    users whose own lists differ.
    """

    entries: Entries
    owners: frozenset[str]

    def touch(self, record: Record) -> bool:
        """Whether what becomes of this message may differ."""
        envelope = record.envelope
        if any(recipient.lower() in self.owners for recipient in envelope.recipients):
            return True
        if self.entries.holding_ip(envelope.client.ip):
            return True
        if not self.entries.names:
            return False
        senders = (envelope.sender, *_authors(record.header_from))
        return any(self.entries.holding_address(each) for each in senders)


def changed_lists(present: Policy, draft: Policy) -> ChangedLists | None:
    """What differs between their lists; None where something else does too."""
    same = replace(draft, lists=present.lists, user_entries=present.user_entries)
    if same != present:
        return None
    pairs = (
        (present.lists.allow, draft.lists.allow),
        (present.lists.block, draft.lists.block),
    )
    names = frozenset[str]().union(*(one.names ^ other.names for one, other in pairs))
    networks = [set(one.networks) ^ set(other.networks) for one, other in pairs]
    owners = {*present.user_entries, *draft.user_entries}
    return ChangedLists(
        Entries(names, tuple(set[Network]().union(*networks))),
        frozenset(
            owner.lower()
            for owner in owners
            if present.user_entries.get(owner) != draft.user_entries.get(owner)
        ),
    )


# People write more than one mail.
@functools.lru_cache(maxsize=4096)
def _authors(header_from: str) -> tuple[str, ...]:
    return tuple(author.address for author in _with_author(header_from).from_)


def lists_matter(present: Policy, draft: Policy) -> bool:
    """Whether the lists have to be asked anew: they differ, or what proves a sender does."""
    if (present.lists, present.user_entries) != (draft.lists, draft.user_entries):
        return True
    return present.authentication_check != draft.authentication_check and _has_lists(present)


def _treated(record: Record, policy: Policy, message: Message | None) -> Treatment:
    verdict = under(record.verdict, policy)
    if message is not None:
        others = (finding for finding in verdict.findings if finding.check != listed.CHECK)
        said = _listed(message, record.envelope, policy, verdict)
        verdict = replace(verdict, findings=(*said, *others))
    return treatment_of(decide(verdict, record.envelope, policy))


def _listed(
    message: Message, envelope: Envelope, policy: Policy, verdict: Verdict
) -> Iterable[Finding]:
    if not _has_lists(policy):
        return ()
    return listed.look(Case(message, envelope, policy, _NOBODY_TO_ASK, verdict.authentication))


def _has_lists(policy: Policy) -> bool:
    return bool(policy.user_entries) or policy.lists != _NO_LISTS


def _with_author(header_from: str) -> Message:
    """A message that has its From and nothing else, for the lists.

    Encoded words are decoded in the stored text already: a display name with a comma and an address
    in it reads as one author more.
    """
    return Message(b"From: " + header_from.encode("utf-8", "replace") + b"\r\n\r\n")


def under(verdict: Verdict, policy: Policy) -> Verdict:
    """The verdict without what this policy does not have looked for."""
    return Verdict(
        tuple(found for found in verdict.findings if _looked_for(found, policy)),
        spam_score=verdict.spam_score if policy.spam_check else None,
        authentication=verdict.authentication if policy.authentication_check else _NOTHING,
    )


def _looked_for(finding: Finding, policy: Policy) -> bool:
    if finding.check == virus.CHECK:
        return policy.virus_check
    if finding.check == file_types.CHECK:
        return policy.file_type_check and finding.detail.get("type") in policy.file_types
    if finding.check == spam.CHECK:
        return policy.spam_check
    return finding.check != "authentication" or policy.authentication_check


class _NoScanner:
    """The lists ask for no scanner; a scan without content would be a mistake."""

    name = "none"

    def scan(self, content: bytes) -> ScanResult:
        raise ScannerUnavailable("nothing is scanned here")


_NOTHING = Authentication()
_NO_LISTS = Lists()
_NOBODY_TO_ASK = Services(scanner=_NoScanner())
