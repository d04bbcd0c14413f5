"""How each copy of an outbound mail is treated, in the one order that there is (product, 9).

Looking and deciding end here; the edits then make each form that the copies ask for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from mailsec.gateway.envelope import Envelope
from mailsec.gateway.lists import Entries
from mailsec.gateway.message import Message
from mailsec.gateway.outbound.recipients import is_outside, shown_outside
from mailsec.gateway.policy import Policy, ZipCipher
from mailsec.gateway.zipping.selection import Selection


@dataclass(frozen=True, slots=True)
class Form:
    """In which form a copy leaves; copies of the same form are the same bytes."""

    hidden: bool = False
    cipher: ZipCipher | None = None

    @property
    def name(self) -> str:
        """A word for the database; empty for a mail that nothing was done to."""
        words = ("bcc" if self.hidden else "", self.cipher.value if self.cipher else "")
        return "+".join(filter(None, words))


LOCKED_FORMS = tuple(Form(hidden, cipher).name for hidden in (False, True) for cipher in ZipCipher)


@dataclass(frozen=True, slots=True)
class Held:
    """Why a copy waits for its sender: a rule of this name, or nobody could read the mail."""

    rule: str = ""
    unreadable: bool = False


@dataclass(frozen=True, slots=True)
class Copy:
    """One envelope recipient's copy."""

    recipient: str
    outside: bool
    held: Held | None = None
    form: Form = field(default_factory=Form)


@dataclass(frozen=True, slots=True)
class OutboundMail:
    """What the steps look at.

    ``selection`` gives what would go into an archive, ``rule_for`` the name of the hold rule that
    meets a recipient, None where none does. Both are asked only for copies that leave the company:
    the one opens every ZIP file of the mail, the other reads all of its text.
    """

    message: Message
    envelope: Envelope
    policy: Policy
    selection: Callable[[], Selection]
    rule_for: Callable[[str], str | None]
    unreadable: bool = False


Step = Callable[[OutboundMail, tuple[Copy, ...]], tuple[Copy, ...]]


def treat(mail: OutboundMail) -> tuple[Copy, ...]:
    """Every recipient's copy, once, in the envelope's order.

    Reports and automatic answers pass as they are (RFC 3834): a notice about one would be answered
    in turn. Copies inside the company are never treated.
    """
    copies = tuple(
        Copy(recipient, is_outside(recipient, mail.policy.own_domains))
        for recipient in dict.fromkeys(mail.envelope.recipients)
    )
    if is_automatic(mail.message, mail.envelope):
        return copies
    for step in STEPS:
        copies = step(mail, copies)
    return copies


def is_automatic(message: Message, envelope: Envelope) -> bool:
    """Whether a program sent it, so that no person waits for a notice about it."""
    said = message.text_of("auto-submitted").partition(";")[0].strip().lower()
    return not envelope.sender or said not in ("", "no")


def _hold(mail: OutboundMail, copies: tuple[Copy, ...]) -> tuple[Copy, ...]:
    return tuple(replace(copy, held=_held(mail, copy)) for copy in copies)


def _held(mail: OutboundMail, copy: Copy) -> Held | None:
    if not copy.outside:
        return None
    if mail.unreadable:
        return Held(unreadable=True)
    rule = mail.rule_for(copy.recipient) if mail.policy.hold else None
    return None if rule is None else Held(rule)


def _hide(mail: OutboundMail, copies: tuple[Copy, ...]) -> tuple[Copy, ...]:
    """Forced Bcc: all outside copies, as soon as To and Cc show too many outside addresses."""
    policy = mail.policy
    excepted = Entries(frozenset(policy.bcc_exceptions))
    shown = shown_outside(mail.message, policy.own_domains)
    counted = [address for address in shown if not excepted.holding_address(address)]
    if not policy.bcc or len(counted) < policy.bcc_recipients:
        return copies
    return tuple(
        replace(copy, form=replace(copy.form, hidden=True)) if copy.outside else copy
        for copy in copies
    )


def _lock_up(mail: OutboundMail, copies: tuple[Copy, ...]) -> tuple[Copy, ...]:
    """Attachments into an archive, encrypted as the recipient's domain can open it."""
    policy = mail.policy
    if not policy.zip or _is_excepted_from_zip(mail):
        return copies
    plain = Entries(frozenset(policy.zip_exceptions))
    meant = {
        copy.recipient
        for copy in copies
        if copy.outside and not plain.holding_address(copy.recipient)
    }
    if not meant or not mail.selection().files:
        return copies
    legacy = Entries(frozenset(policy.zip_legacy_domains))
    return tuple(
        _locked(copy, policy, legacy) if copy.recipient in meant else copy for copy in copies
    )


def _locked(copy: Copy, policy: Policy, legacy: Entries) -> Copy:
    old = legacy.holding_address(copy.recipient)
    cipher = ZipCipher.ZIPCRYPTO if old else policy.zip_cipher
    return replace(copy, form=replace(copy.form, cipher=cipher))


def _is_excepted_from_zip(mail: OutboundMail) -> bool:
    senders = Entries(frozenset(mail.policy.zip_sender_exceptions))
    mark = mail.policy.zip_subject_mark
    return bool(senders.holding_address(mail.envelope.sender)) or (
        bool(mark) and mark in mail.message.subject
    )


# Viruses and spam come before: what they stop is not treated. Signing and delivery come after.
STEPS: tuple[Step, ...] = (_hold, _hide, _lock_up)
