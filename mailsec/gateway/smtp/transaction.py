"""One mail transaction in an open conversation: MAIL, RCPT, DATA, and what each recipient got."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from mailsec.gateway.errors import HopFailed
from mailsec.gateway.hops import Outcome, Result, clean_line
from mailsec.gateway.smtp.conversation import Conversation, Reply
from mailsec.gateway.smtp.wire import Load, spelled

GROUP = 50  # commands in one write: replies to more could fill both sides' buffers (RFC 2920)
NO_SMTPUTF8 = "The server does not support SMTPUTF8, which this mail needs"


@dataclass(slots=True)
class Ledger:
    """The recipients still open in one delivery, in order, and the results of the others."""

    open: list[str]
    results: dict[str, Result] = field(default_factory=dict)

    def settle(self, result: Result) -> None:
        """Enter a final result of this delivery."""
        self.open.remove(result.recipient)
        self.results[result.recipient] = replace(result, reply=clean_line(result.reply))


@dataclass(slots=True)
class Transaction:
    """The next recipients of a ledger at one server.

    ``run`` settles each of them, except those that the server had no room for beside the others
    (452, RFC 5321 section 4.5.3.1.10), which stay open for the next transaction. It raises
    ``HopFailed`` when the conversation ended; recipients not settled by then did not get the mail.
    """

    conversation: Conversation
    host: str
    sender: str
    load: Load
    ledger: Ledger
    recipients: list[str]
    accepted: list[str] = field(default_factory=list)

    def run(self) -> None:
        self._refuse_inexpressible()
        if not self.recipients:
            return
        pipelined = self.conversation.offers("PIPELINING")
        replies = self._exchange(self._commands(pipelined), pipelined)
        if self.conversation.transactions and not (reset := next(replies)).positive:
            raise reset.failure()
        self.conversation.transactions += 1
        mail = next(replies)
        if not mail.positive:
            self._settle(self.recipients, mail)
            if pipelined and [*replies][-1].code == 354:
                # An empty message might reach those whose RCPT such a server accepted.
                raise HopFailed("The server wants content without a sender")
            return
        for recipient in self.recipients:
            self._judge(recipient, next(replies))
        self._data(replies, pipelined)

    def _refuse_inexpressible(self) -> None:
        offered = self.conversation.offers("SMTPUTF8")
        if offered:
            return
        whole = self.load.headers_utf8 or not spelled(self.sender, False).isascii()
        for recipient in list(self.recipients):
            if whole or not spelled(recipient, False).isascii():
                self.recipients.remove(recipient)
                self._settle([recipient], Reply(553, "5.6.7", NO_SMTPUTF8))

    def _commands(self, pipelined: bool) -> list[str]:
        offers = self.conversation.offers
        sender = spelled(self.sender, offers("SMTPUTF8"))
        recipients = [spelled(r, offers("SMTPUTF8")) for r in self.recipients]
        mail = f"MAIL FROM:<{sender}>"
        if offers("SIZE"):
            mail += f" SIZE={self.load.size}"
        # Without 8BITMIME the content goes out as it is all the same: every server of today passes
        # it, and converting it would break signatures.
        if self.load.eight_bit and offers("8BITMIME"):
            mail += " BODY=8BITMIME"
        if self.load.headers_utf8 or not all(a.isascii() for a in (sender, *recipients)):
            mail += " SMTPUTF8"
        reset = ["RSET"] if self.conversation.transactions else []
        data = ["DATA"] if pipelined else []
        return [*reset, mail, *(f"RCPT TO:<{r}>" for r in recipients), *data]

    def _exchange(self, commands: list[str], pipelined: bool) -> Iterator[Reply]:
        """The replies in order; commands are written in groups where the server allows it."""
        size = GROUP if pipelined else 1
        for start in range(0, len(commands), size):
            group = commands[start : start + size]
            self.conversation.send("".join(f"{c}\r\n" for c in group).encode("utf-8"))
            for _ in group:
                reply = self.conversation.reply(self.conversation.timeouts.command)
                if reply.closing:
                    raise reply.failure()
                yield reply

    def _judge(self, recipient: str, reply: Reply) -> None:
        """What the reply to one RCPT means."""
        if reply.positive:
            self.accepted.append(recipient)
            return
        if reply.code in (452, 552):
            # RFC 5321 section 4.5.3.1.10: 552 in this place is the old code for too many recipients
            # and must be taken for the temporary 452.
            mailbox_full = reply.enhanced[1:4] == ".2."
            if self.accepted and not mailbox_full:
                return
            reply = replace(reply, code=452, enhanced="4" + reply.enhanced[1:])
        self._settle([recipient], reply)

    def _data(self, replies: Iterator[Reply], pipelined: bool) -> None:
        if not pipelined and not self.accepted:
            return
        *_, reply = replies if pipelined else [self.conversation.command("DATA")]
        if not self.accepted:
            if reply.code == 354:
                # DATA was on its way already: RFC 2920 section 3.1 ends it without content.
                self.conversation.send(b".\r\n")
                self.conversation.reply(self.conversation.timeouts.command)
            return
        if reply.closing:
            raise reply.failure()
        if reply.code < 400 and reply.code != 354:
            raise HopFailed("The server's answer to DATA makes no sense", reply.code, "4.5.0")
        if reply.code != 354:
            self._settle(self.accepted, reply)
            return
        self._content()

    def _content(self) -> None:
        try:
            self.conversation.send(self.load.content)
        except HopFailed as lost:
            raise self._parting_word(lost) from lost
        # From here on the server has all of it, and only its answer says what it did with it.
        try:
            reply = self.conversation.reply(self.conversation.timeouts.end_of_data)
        except HopFailed as lost:
            text = f"{lost.text} after the end of data"
            self._settle(self.accepted, Reply(lost.code, lost.enhanced, text), ambiguous=True)
            raise
        self._settle(self.accepted, reply)
        if reply.closing:
            raise reply.failure()

    def _parting_word(self, lost: HopFailed) -> HopFailed:
        """A refusal that the server sent before it closed in the middle of the content."""
        try:
            reply = self.conversation.reply(1)
        except HopFailed:
            return lost
        if reply.code < 400:
            return lost
        if not reply.closing:
            self._settle(self.accepted, reply)
        return reply.failure()

    def _settle(self, recipients: list[str], reply: Reply, ambiguous: bool = False) -> None:
        outcome = Outcome.DELIVERED if 200 <= reply.code < 300 else Outcome.DEFERRED
        if reply.permanent:
            outcome = Outcome.REFUSED
        for recipient in recipients:
            self.ledger.settle(
                Result(
                    recipient=recipient,
                    outcome=outcome,
                    code=reply.code,
                    enhanced=reply.enhanced,
                    reply=reply.text,
                    host=self.host,
                    tls=self.conversation.tls,
                    ambiguous=ambiguous,
                )
            )
