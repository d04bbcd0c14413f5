"""Which rule meets which copy of a mail, and why the others do not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from mailsec.gateway.envelope import Client, Direction, Envelope
from mailsec.gateway.message import Message
from mailsec.gateway.outbound.recipients import outside
from mailsec.gateway.outbound.rules import HoldRule, Outgoing, described, misses, outgoing
from mailsec.gateway.outbound.treatment import is_automatic
from policies.hold_wording import miss_words

MOST_SHOWN = 50  # recipients


@dataclass(frozen=True, slots=True)
class Told:
    """A mail as a person tells of it."""

    sender: str
    recipients: tuple[str, ...]
    has_attachment: bool = False
    subject: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Tried:
    """One rule that was asked for a copy; without reasons it met."""

    rule: HoldRule
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of one recipient's copy; ``tried`` ends with the rule that met."""

    recipient: str
    is_outside: bool
    rule: HoldRule | None = None
    tried: tuple[Tried, ...] = ()


@dataclass(frozen=True, slots=True)
class Trial:
    """What becomes of a mail; ``left_out`` recipients are not shown.

    ``automatic`` mail is asked no rule: no person waits for a word about it.
    """

    sender: str
    has_attachment: bool
    outcomes: tuple[Outcome, ...]
    left_out: int
    automatic: bool = False


def told_of(message: Message, sender: str, recipients: tuple[str, ...]) -> Told:
    """Who sends a file and to whom, where it was not entered: its From, and its To and Cc."""
    author = next((each.address for each in message.from_ if each.address), "")
    shown = (each.address for each in (*message.to, *message.cc) if "@" in each.address)
    return Told(sender or author, recipients or tuple(shown))


@dataclass(frozen=True, slots=True)
class Rulebook:
    """A tenant's rules with what they are asked by."""

    rules: Sequence[HoldRule]
    groups: Mapping[str, frozenset[str]]
    own_domains: tuple[str, ...]

    def try_on(self, told: Told, message: Message | None = None) -> Trial:
        """The rules asked for a mail that was told of, or for the file where there is one."""
        everybody = tuple(dict.fromkeys(each.strip().lower() for each in told.recipients if each))
        beyond = outside(everybody, self.own_domains)
        if message is not None:
            mail = outgoing(message, told.sender, beyond, self.groups)
        else:
            words = f"{told.subject}\n{told.text}"
            mail = described(told.sender, beyond, self.groups, told.has_attachment, words)
        shown = everybody[:MOST_SHOWN]
        automatic = message is not None and _was_sent_by_a_program(message, told)
        book = replace(self, rules=()) if automatic else self
        outcomes = tuple(book._outcomes(mail, shown, frozenset(beyond)))
        left_out = len(everybody) - len(shown)
        return Trial(mail.sender, mail.has_attachment, outcomes, left_out, automatic)

    def _outcomes(
        self, mail: Outgoing, recipients: Iterable[str], beyond: frozenset[str]
    ) -> Iterator[Outcome]:
        for each in recipients:
            if each not in beyond:
                yield Outcome(each, is_outside=False)
                continue
            tried = tuple(self._asked(mail, each))
            met = tried[-1].rule if tried and not tried[-1].reasons else None
            yield Outcome(each, is_outside=True, rule=met, tried=tried)

    def _asked(self, mail: Outgoing, recipient: str) -> Iterator[Tried]:
        for rule in self.rules:
            reasons = tuple(miss_words(miss, rule) for miss in misses(rule, mail, recipient))
            yield Tried(rule, reasons)
            if not reasons:
                return


def _was_sent_by_a_program(message: Message, told: Told) -> bool:
    envelope = Envelope(Direction.OUTBOUND, Client(""), told.sender, told.recipients)
    return is_automatic(message, envelope)
