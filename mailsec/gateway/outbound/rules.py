"""Which mail to outside is held before it leaves, as ordered rules: the first that meets, wins."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from mailsec.gateway.lists import names_of
from mailsec.gateway.message import Message
from mailsec.gateway.outbound.letter import has_attachment

# Characters of subject and text that are searched; nobody writes a longer letter.
_LONGEST = 2_000_000
_BLANKS = re.compile(r"\s+")
_NOT_LATIN = "\u2e80-\ufaff\uff00-\uffef"
# A line that ends in the middle of a Japanese word.
_BROKEN = re.compile(f"(?<=[{_NOT_LATIN}]) (?=[{_NOT_LATIN}])")


class RuleAction(StrEnum):
    """What becomes of a copy that a rule meets; ``pass`` sends it at once."""

    HOLD = "hold"
    PASS = "pass"  # noqa: S105  # no password: the copy passes


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a mail must be like; all that are given must hold, and of several values one.

    Addresses and domains are ``lists.canonical_entry`` forms, and a domain stands for those below
    it. A sender may be the address of a group. ``attachment`` is None where either will do.
    """

    recipients: tuple[str, ...] = ()
    attachment: bool | None = None
    recipients_at_least: int = 0
    senders: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Exceptions:
    """What lifts a rule for a copy: any one of them."""

    recipients: tuple[str, ...] = ()
    senders: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HoldRule:
    """One rule. Without any condition it meets every mail to outside."""

    name: str
    action: RuleAction = RuleAction.HOLD
    when: Conditions = field(default_factory=Conditions)
    unless: Exceptions = field(default_factory=Exceptions)
    enabled: bool = True


class Miss(StrEnum):
    """Why a rule does not meet a copy."""

    DISABLED = "disabled"
    RECIPIENT = "recipient"
    ATTACHMENT = "attachment"
    COUNT = "count"
    SENDER = "sender"
    KEYWORD = "keyword"
    EXCEPT_RECIPIENT = "except-recipient"
    EXCEPT_SENDER = "except-sender"
    EXCEPT_KEYWORD = "except-keyword"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A mail as rules see it, worked out once: ``recipients`` are those outside, ``senders`` every
    entry that stands for the sender, ``words`` subject and text as keywords are compared."""

    sender: str
    recipients: tuple[str, ...]
    has_attachment: bool
    words: str = ""
    senders: frozenset[str] = frozenset()


def outgoing(
    message: Message,
    sender: str,
    recipients: Iterable[str],
    groups: Mapping[str, frozenset[str]],
) -> Outgoing:
    """The mail as rules see it. ``recipients`` are those outside (``recipients.outside``),
    ``groups`` the members by the group's address, all in lower case."""
    words = f"{message.subject}\n{message.text}"
    return described(sender, recipients, groups, has_attachment(message), words)


def described(
    sender: str,
    recipients: Iterable[str],
    groups: Mapping[str, frozenset[str]],
    has_attachment: bool,
    words: str = "",
) -> Outgoing:
    """The same for a mail that was only told of; ``words`` are its subject and text."""
    address = sender.strip().lower()
    within = (group for group, members in groups.items() if address in members)
    return Outgoing(
        sender=address,
        recipients=tuple(recipients),
        has_attachment=has_attachment,
        words=folded(words),
        senders=frozenset((*names_of(address), *within)),
    )


def folded(text: str) -> str:
    """Text as it is compared: one width, one case, and Japanese words whole over line ends."""
    text = unicodedata.normalize("NFKC", text[:_LONGEST]).casefold()
    return _BROKEN.sub("", _BLANKS.sub(" ", text)).strip()


def first_match(rules: Iterable[HoldRule], mail: Outgoing, recipient: str) -> HoldRule | None:
    """The first rule that meets this outside recipient's copy, None where none does."""
    return next((rule for rule in rules if next(misses(rule, mail, recipient), None) is None), None)


def first_matches(rules: Iterable[HoldRule], mail: Outgoing) -> dict[str, HoldRule | None]:
    """``first_match`` for every outside recipient; what is one for all copies is asked once."""
    left = [rule for rule in rules if next(_of_mail(rule, mail), None) is None]
    return {each: _first_of(left, each) for each in mail.recipients}


def _first_of(rules: Iterable[HoldRule], recipient: str) -> HoldRule | None:
    names = frozenset(names_of(recipient))
    return next((rule for rule in rules if next(_of_copy(rule, names), None) is None), None)


def misses(rule: HoldRule, mail: Outgoing, recipient: str) -> Iterator[Miss]:
    """Every reason why the rule does not meet this recipient's copy; nothing where it does."""
    yield from _of_mail(rule, mail)
    yield from _of_copy(rule, frozenset(names_of(recipient)))


def _of_mail(rule: HoldRule, mail: Outgoing) -> Iterator[Miss]:
    when, unless = rule.when, rule.unless
    if not rule.enabled:
        yield Miss.DISABLED
    if when.attachment is not None and when.attachment is not mail.has_attachment:
        yield Miss.ATTACHMENT
    if len(mail.recipients) < when.recipients_at_least:
        yield Miss.COUNT
    if when.senders and mail.senders.isdisjoint(when.senders):
        yield Miss.SENDER
    if when.keywords and not _says(mail.words, when.keywords):
        yield Miss.KEYWORD
    if not mail.senders.isdisjoint(unless.senders):
        yield Miss.EXCEPT_SENDER
    if _says(mail.words, unless.keywords):
        yield Miss.EXCEPT_KEYWORD


def _of_copy(rule: HoldRule, names: frozenset[str]) -> Iterator[Miss]:
    if rule.when.recipients and names.isdisjoint(rule.when.recipients):
        yield Miss.RECIPIENT
    if not names.isdisjoint(rule.unless.recipients):
        yield Miss.EXCEPT_RECIPIENT


def _says(words: str, keywords: Iterable[str]) -> bool:
    return any(_stands_in(words, folded(keyword)) for keyword in keywords)


def _stands_in(words: str, keyword: str) -> bool:
    """Latin letters and digits at its ends need the end of a word there; Japanese has none."""
    start = words.find(keyword) if keyword else -1
    while start >= 0:
        end = start + len(keyword)
        before, after = words[max(start - 1, 0) : start], words[end : end + 1]
        if not (_joins(before, keyword[0]) or _joins(keyword[-1], after)):
            return True
        start = words.find(keyword, start + 1)
    return False


def _joins(left: str, right: str) -> bool:
    return left.isascii() and right.isascii() and left.isalnum() and right.isalnum()
