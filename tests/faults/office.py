"""Outbound mail of one company: what its people and the clock do with it, and what came of it."""

from __future__ import annotations

import base64
import http.client
import io
import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Thread
from typing import Any

import psycopg
import pyzipper
import redis
from celery import Celery

from mailsec.gateway.message import Message
from tests.faults.standstill import until
from tests.gateway.zipping.shapes import PDF, entity, multipart, text
from tests.journeys.mails import marker
from tests.journeys.pages import Browser
from tests.service import Service, broker

SENDER, COLLEAGUE = "sender@alpha.example.jp", "colleague@alpha.example.jp"
HELD, REMINDED = "【送信保留】", "【送信保留・期限間近】"
DISCARDED, DELIVERED = "【送信取消】", "【送信済み】"
PROCESSED, PASSWORD = "【送信処理のお知らせ】", "【パスワードのお知らせ】"
KINDS = (HELD, REMINDED, DISCARDED, DELIVERED, PROCESSED, PASSWORD)
DECIDED = ("approved", "discarded")  # the events of a decision
_SECONDS = 40.0
_TASKS = {
    "examine": "workers.tasks.examine.examine",
    "deliver": "workers.tasks.deliver.deliver",
    "sweep": "workers.tasks.sweep.sweep_tenant",
}
_OPEN = base64.b64encode(PDF)  # a file that nothing was done to, as it stands in a mail
REMIND_NOW = "UPDATE t_alpha.quarantine_hold SET remind_at = held_at WHERE message_id = %s"
_END = "SELECT state FROM t_alpha.quarantine_storedmessage WHERE id = %s OR about = %s"


@dataclass(slots=True)
class Mail:
    """One mail with a file to two customers, and to a colleague where the sender wants so."""

    mark: str
    held: bool = True
    to_colleague: bool = False
    id: str = ""

    @property
    def customers(self) -> tuple[str, str]:
        return f"a.{self.mark}@example.com", f"b.{self.mark}@example.com"

    @property
    def subject(self) -> str:
        return f"{'faulty' if self.held else 'sound'} {self.mark}"

    @property
    def recipients(self) -> tuple[str, ...]:
        return (*((COLLEAGUE,) if self.to_colleague else ()), *self.customers)

    @property
    def content(self) -> bytes:
        head = f"From: {SENDER}\r\nTo: {', '.join(self.recipients)}\r\nSubject: {self.subject}\r\n"
        head += f"Message-ID: <{self.mark}@alpha.example.jp>\r\nMIME-Version: 1.0\r\n"
        file = entity("Content-Type: application/pdf; name=plan.pdf", PDF)
        return head.encode() + multipart("mixed", "b", text("the plan"), file)


class Office:
    """The company alpha: mail that says ``faulty`` is held, and every file leaves in an archive."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.database: psycopg.Connection[Any] = psycopg.connect(
            service.servers.database_url, autocommit=True
        )
        self._tasks = Celery("tests", broker=service.servers.redis_url, set_as_current=False)
        self._subjects: dict[str, list[str]] = {"alpha": [], "outside": []}

    def close(self) -> None:
        self._tasks.close()
        self.database.close()

    # --- what people and the clock do -------------------------------------------------------

    def submit(self, mails: Iterable[Mail]) -> None:
        """Send each mail, and learn its id."""
        for mail in mails:
            assert self.service.submit("alpha", SENDER, mail.recipients, mail.content)[-1] == 250
            question = "SELECT message_id FROM t_alpha.quarantine_delivery WHERE recipient = %s"
            ((message_id,),) = self.ask(question, mail.customers[0])
            mail.id = str(message_id)

    def hand_in(self, mails: Sequence[Mail]) -> None:
        """Send each mail, and wait until it is held and its sender has read so."""
        self.submit(mails)
        self.wait_for(mails, lambda mail: self.told(mail, HELD), "held and told")
        self.wait_for(mails, lambda mail: self.states(mail) == {"held", "closed"}, "at rest")

    def press(self, mail: Mail, action: str) -> int | None:
        """A button of the mail's page: the answer's code, None where the web died meanwhile."""
        kind = HELD if mail.held else PROCESSED
        notice = self.notices(mail, kind)[0]  # that there is but one is asked for in the end
        page = "/mail/" + notice.text.partition("/mail/")[2].split()[0]
        with suppress(OSError, http.client.HTTPException):
            return Browser(self.service).send(page, page, action=action, scope="all")
        return None

    def press_meanwhile(self, mail: Mail, action: str) -> Thread:
        """The same by somebody who waits for the answer."""
        thread = Thread(target=self.press, args=(mail, action), daemon=True)
        thread.start()
        return thread

    def task(self, stage: str, *ids: str) -> None:
        """Ask the workers as the service does, for these mails in a task of their own."""
        arguments: list[object] = ["alpha", list(ids)] if ids else ["alpha"]
        self._tasks.send_task(_TASKS[stage], arguments, queue=stage)

    def await_announced(self, mails: Sequence[Mail]) -> None:
        """Wait until the listener has told the broker of each, of several in one task."""
        client = broker(self.service.servers, redis.Redis)

        def announced() -> bool:
            tasks = [json.loads(task)["body"] for task in client.lrange("examine", 0, -1)]
            told = b"".join(base64.b64decode(body) for body in tasks)
            return all(mail.id.encode() in told for mail in mails)

        until(announced, "the listener's announcements")

    def forget_tasks(self, *queues: str) -> None:
        """Lose what the broker was told."""
        broker(self.service.servers, redis.Redis).delete(*queues)

    def sweep_passes(self) -> None:
        """Return when a sweep has looked at everything.

        It announces the reminder of another mail when it is through.
        """
        other = Mail(marker("reminded"))
        self.hand_in([other])
        self.change(REMIND_NOW, other.id)
        self.wait_for([other], lambda mail: self.told(mail, REMINDED), "reminded")

    # --- what came of it --------------------------------------------------------------------

    def ask(self, question: str, *values: object) -> list[tuple[Any, ...]]:
        return self.database.execute(question.encode(), values).fetchall()

    def change(self, text: str, *values: object) -> None:
        """What only the clock can do otherwise."""
        self.database.execute(text.encode(), values)

    def states(self, mail: Mail) -> set[str]:
        """Of the mail and of all notices about it."""
        return {state for (state,) in self.ask(_END, mail.id, mail.id)}

    def bytes_kept(self, mail: Mail) -> int:
        """How many of the mail's forms are kept."""
        question = "SELECT count(*) FROM t_alpha.quarantine_content WHERE message_id = %s"
        ((count,),) = self.ask(question, mail.id)
        return int(count)

    def wishes(self, mail: Mail) -> int:
        """How often the audit log says that somebody had the password told."""
        question = "SELECT count(*) FROM t_alpha.accounts_auditentry WHERE subject = %s"
        question += " AND action = 'zip.notify'"
        ((count,),) = self.ask(question, mail.id.replace("-", ""))
        return int(count)

    def notices(self, mail: Mail, kind: str) -> list[Message]:
        """The mails of this kind about it, at its sender's or its customers' server."""
        server = "outside" if kind == PASSWORD else "alpha"
        mails, subjects = self.service.mail_servers[server].mails, self._subjects[server]
        subjects += [Message(each.content).subject for each in mails[len(subjects) :]]
        wanted = f"{kind}{mail.subject}"
        return [Message(mails[at].content) for at, each in enumerate(subjects) if each == wanted]

    def told(self, mail: Mail, kind: str) -> bool:
        return bool(self.notices(mail, kind))

    def copies(self, mail: Mail, recipient: str) -> list[bytes]:
        """What this recipient's server has got of the mail itself."""
        server = "alpha" if recipient == COLLEAGUE else "outside"
        found = self.service.mails(server, f"<{mail.mark}@".encode())
        return [each.content for each in found if recipient in each.recipients]

    def served(self, mail: Mail) -> bool:
        """Whether everybody has it."""
        return all(self.copies(mail, each) for each in mail.recipients)

    def told_passwords(self, mail: Mail) -> bool:
        return len(self.notices(mail, PASSWORD)) >= len(mail.customers)

    def wait_for(self, mails: Sequence[Mail], done: Callable[[Mail], bool], what: str) -> None:
        """Wait until this is true of all; fail with those of which it is not."""
        assert not self.missed(mails, done), (what, self.missed(mails, done), self.service.logs())

    def missed(self, mails: Sequence[Mail], done: Callable[[Mail], bool]) -> list[str]:
        """Of which this is not true when the time is over."""
        left = list(mails)

        def none_left() -> bool:
            left[:] = [mail for mail in left if not done(mail)]
            return not left

        self.service.wait_for(none_left, _SECONDS)
        return [mail.mark for mail in left]


def is_open(content: bytes) -> bool:
    """Whether a file of ours can be read in this mail without a password."""
    return _OPEN in content.replace(b"\r\n", b"") or PDF in content


def files_in(content: bytes, password: str) -> dict[str, bytes]:
    """What is in the one archive of a mail."""
    (archive,) = Message(content).attachments
    with pyzipper.AESZipFile(io.BytesIO(archive.content())) as opened:
        return {name: opened.read(name, password.encode()) for name in opened.namelist()}


def password_in(notice: Message) -> str:
    return notice.text.partition("パスワード：")[2].split()[0]
