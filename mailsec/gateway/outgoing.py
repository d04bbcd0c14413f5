"""The outgoing forms of one outbound mail: treated copy by copy, each form made once.

A form is stored and sent again as it is on every retry and at every release (architecture, law 6):
archive and password come from a random source, so a second making would be another mail.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial

from mailsec.gateway.decision import UNREADABLE_CHECK
from mailsec.gateway.dkim.signing import SigningKey
from mailsec.gateway.edits.order import Outbound, Trace
from mailsec.gateway.envelope import Envelope
from mailsec.gateway.message import Message
from mailsec.gateway.outbound.treatment import Copy, Form, OutboundMail, treat
from mailsec.gateway.pipeline import prepare
from mailsec.gateway.policy import HiddenTo, Policy, ZipCipher
from mailsec.gateway.verdict import Decision, Severity, Verdict
from mailsec.gateway.zipping.password import new_archive_name, new_password
from mailsec.gateway.zipping.selection import Selection, select
from mailsec.gateway.zipping.writer import Archive, encrypted_archive


@dataclass(frozen=True, slots=True)
class Secret:
    """What opens the archive that went out, and what it is called; one for all recipients."""

    archive_name: str
    password: str


@dataclass(frozen=True, slots=True)
class Outgoing:
    """The copies, and the bytes of each form by its name; ``secret`` where an archive was made."""

    copies: tuple[Copy, ...]
    forms: Mapping[str, bytes]
    secret: Secret | None = None
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Examined:
    """An outbound mail that was looked at and may leave, with what the forms are made by.

    ``key`` is the one of the author's domain, None where that signs nothing.
    """

    message: Message
    envelope: Envelope
    verdict: Verdict
    decision: Decision
    policy: Policy
    trace: Trace
    key: SigningKey | None = None


def outgoing(
    mail: Examined,
    rule_for: Callable[[str], str | None],
    when: datetime,
    known: Callable[[], Secret | None] = lambda: None,
) -> Outgoing:
    """Treat each copy and make the forms; ``EditRefused`` where one cannot be made whole.

    ``known`` gives the secret of a mail that is made ready once more; it is asked only where an
    archive is made. ``when`` is aware and in the tenant's zone. Nothing is sent in another form
    than was decided: the caller puts the mail aside then.
    """
    selection = cache(partial(_selection, mail))
    unreadable = any(
        finding.check == UNREADABLE_CHECK and finding.severity is Severity.UNEXAMINED
        for finding in mail.verdict.findings
    )
    copies = treat(
        OutboundMail(mail.message, mail.envelope, mail.policy, selection, rule_for, unreadable)
    )
    ciphers = {copy.form.cipher for copy in copies if copy.form.cipher is not None}
    if not ciphers:
        return Outgoing(copies, _forms(mail, copies, when, Selection(), {}))
    chosen = selection()
    secret = known() or Secret(new_archive_name(), new_password(mail.policy.password_length))
    archives = {
        cipher: Archive(
            secret.archive_name,
            encrypted_archive(chosen.files, secret.password, cipher, mail.policy.zip_names),
        )
        for cipher in sorted(ciphers)
    }
    forms = _forms(mail, copies, when, chosen, archives)
    return Outgoing(copies, forms, secret, tuple(file.path[-1] for file in chosen.files))


def _forms(
    mail: Examined,
    copies: Sequence[Copy],
    when: datetime,
    selection: Selection,
    archives: Mapping[ZipCipher, Archive],
) -> Mapping[str, bytes]:
    return {
        form.name: prepare(
            mail.message,
            mail.decision,
            mail.policy,
            when,
            mail.trace,
            _outbound(mail, form, selection, archives),
        )
        for form in dict.fromkeys(copy.form for copy in copies)
    }


def _selection(mail: Examined) -> Selection:
    locked = {
        finding.part
        for finding in mail.verdict.findings
        if finding.code == "encrypted"
        and finding.part is not None
        and not finding.detail.get("inside")
    }
    return select(mail.message, locked)


def _outbound(
    mail: Examined, form: Form, selection: Selection, archives: Mapping[ZipCipher, Archive]
) -> Outbound:
    archive = archives[form.cipher] if form.cipher is not None else None
    sender = mail.envelope.sender if mail.policy.bcc_to is HiddenTo.SENDER else ""
    hidden = _everybody(mail) if form.hidden else None
    return Outbound(hidden, sender, selection if archive else Selection(), archive, mail.key)


def _everybody(mail: Examined) -> tuple[str, ...]:
    """All whom the mail is for, in the envelope or in the header."""
    shown: Sequence[str] = [each.address for each in (*mail.message.to, *mail.message.cc)]
    return tuple(dict.fromkeys((*mail.envelope.recipients, *shown)))
