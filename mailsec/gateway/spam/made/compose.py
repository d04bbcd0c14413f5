"""Whole mails from the hand-written bodies, in the character codes and shapes of real mail."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_string
from email.mime.application import MIMEApplication
from email.mime.base import MIMEBase
from email.mime.image import MIMEImage
from email.mime.message import MIMEMessage
from email.utils import formataddr

from mailsec.gateway.spam.made import html, parts
from mailsec.gateway.spam.made.texts import Template, fill, templates

_JAPANESE_CODES = ("utf-8", "utf-8", "iso-2022-jp", "iso-2022-jp", "shift_jis", "euc-jp")
_WORDS = "north sample shop mail office net works parts cloud media home news service".split()
_ENDINGS = ("example.com", "example.net", "example.org", "example.jp")
_HTML_CHANCE = {"yes": 1.0, "mostly": 0.8, "maybe": 0.4}


@dataclass(frozen=True, slots=True)
class Made:
    """One made mail; those of one ``kind`` come from one body and are near duplicates."""

    raw: bytes
    spam: bool
    kind: str


def mails(variants: int, seed: int) -> Iterator[Made]:
    """``variants`` mails of every body, twice as many of Japanese ham, half of everyday ham."""
    for template in templates():
        chance = random.Random(f"{seed}:{template.kind}")  # noqa: S311 - variety, no secret
        # Public mail holds much Japanese spam and hardly any Japanese ham.
        rare = template.japanese and not template.spam
        count = variants * 2 if rare else variants
        for _ in range((count + 1) // 2 if template.everyday else count):
            yield Made(_mail(template, chance), template.spam, template.kind)


def _mail(template: Template, chance: random.Random) -> bytes:
    host = f"{chance.choice(_WORDS)}.{chance.choice(_ENDINGS)}"
    slots = _slots(template, chance, host)
    subject = fill(template.fields.get("Subject", ""), chance, slots)
    text = fill(template.body, chance, slots)
    code = chance.choice(_JAPANESE_CODES) if template.japanese else "utf-8"
    code = code if _fits(subject + text + "".join(slots.values()), code) else "utf-8"
    body = _body(template, text, code, chance)
    message = _with_files(template, body, chance, slots)
    message["From"] = _author(template, chance, host, slots, code)
    message["To"] = "recipient@example.jp"
    if subject:
        message["Subject"] = parts.words(subject, code)
    day, minute = chance.randrange(1, 29), chance.randrange(10, 60)
    message["Date"] = f"{day} Apr 2024 10:{minute}:00 +0900"
    return message.as_bytes().replace(b"\n", b"\r\n")


def _slots(template: Template, chance: random.Random, host: str) -> dict[str, str]:
    """What stays the same throughout one mail."""
    bad = f"{fill('{rand}', chance, {})}.{chance.choice(_ENDINGS)}"
    paths = ("", "/{rand}", "/a/{n}", "/login.php?id={n}", "/?u={rand}", "/r/{rand}/{n}")
    good = ("/", "/news/{n}.html", "/mypage/", "/seminar/?id={n}", "/t/{rand}?m={n}", "/orders/{n}")
    slots = {
        "badlink": f"http{chance.choice(('', 's'))}://{bad}{chance.choice(paths)}",
        "link": f"https://www.{_link_host(chance, host)}{chance.choice(good)}",
        "name": fill("{name}", chance, {}),
        "co": fill("{co}", chance, {}),
        "bank": fill("{bank}", chance, {}),
        "enco": fill("{enco}", chance, {}),
        "enproduct": fill("{enproduct}", chance, {}),
    }
    if chance.random() < 0.4:
        del slots["name"]  # several people in one mail
    slots = {name: fill(value, chance, {}) for name, value in slots.items()}
    if not template.japanese:
        for name in ("date", "time", "product", "co", "city"):
            slots[name] = fill("{en" + name + "}", chance, slots)
    return slots


def _link_host(chance: random.Random, own: str) -> str:
    """Mostly the sender's own; some send through a service or point elsewhere."""
    return own if chance.random() < 0.7 else f"{chance.choice(_WORDS)}.{chance.choice(_ENDINGS)}"


def _fits(text: str, code: str) -> bool:
    try:
        text.encode(code)
    except UnicodeEncodeError:
        return False
    return True


def _body(template: Template, text: str, code: str, chance: random.Random) -> MIMEBase:
    as_html = chance.random() < _HTML_CHANCE.get(template.fields.get("Html", ""), 0.08)
    # Characters that a reduced text still holds but the code does not become references.
    if template.fields.get("Bounce") and chance.random() < 0.5:
        report = parts.multipart(chance, "report")
        report.set_param("report-type", "delivery-status")
        report.attach(parts.text(text, "plain", code))
        status = MIMEBase("message", "delivery-status")
        for block in ("Reporting-MTA: dns; mail.example.jp\n", "Action: failed\nStatus: 5.1.1\n"):
            status.attach(message_from_string(block))
        report.attach(status)
        report.attach(_returned(text, code, chance))
        return report
    if not as_html:
        return parts.text(text, "plain", code)
    page = parts.text(html.page(text, chance, code), "html", code)
    if chance.random() < 0.4:
        return page
    both = parts.multipart(chance, "alternative")
    both.attach(parts.text(text, "plain", code))
    both.attach(page)
    return both


def _returned(text: str, code: str, chance: random.Random) -> MIMEBase:
    """The mail that comes back: whole, or only its header."""
    inner = parts.text(text[-200:], "plain", code)
    inner["Subject"] = parts.words(fill("{product}の件", chance, {}), code)
    inner["From"] = "user@mail.example.jp"
    if chance.random() < 0.6:
        return MIMEMessage(inner)
    return parts.text("From: user@mail.example.jp\nSubject: test\n", "rfc822-headers", "us-ascii")


def _with_files(
    template: Template, body: MIMEBase, chance: random.Random, slots: dict[str, str]
) -> MIMEBase:
    name = fill(template.fields.get("Files", ""), chance, slots)
    calendar = "Calendar" in template.fields and chance.random() < 0.8
    if not name and not calendar:
        return body
    if name and not calendar and "Empty" not in template.fields and chance.random() < 0.2:
        return body  # the sender forgot the file
    whole = parts.multipart(chance, "mixed")
    if "Empty" not in template.fields or chance.random() < 0.5:
        whole.attach(body)
    if calendar:
        whole.attach(
            parts.text("BEGIN:VCALENDAR\nMETHOD:REQUEST\nEND:VCALENDAR\n", "calendar", "utf-8")
        )
    if name:
        content = bytes(chance.randrange(256) for _ in range(200))
        file = MIMEImage(content, "jpeg") if name.endswith(".jpg") else MIMEApplication(
            content, "pdf" if name.endswith(".pdf") else "octet-stream"
        )  # fmt: skip
        file.add_header("Content-Disposition", "attachment", filename=("utf-8", "", name))
        whole.attach(file)
    return whole


def _author(
    template: Template, chance: random.Random, host: str, slots: dict[str, str], code: str
) -> str:
    company, person = ("{co}", "{name}") if template.japanese else ("{enco}", "{enname}")
    names = [company, person, person, ""]
    if template.spam:
        names = [company, company + " {n}", "", "{rand}"]
    shown = fill(template.fields.get("From") or chance.choice(names), chance, slots)
    locals_ = ["info", "support", "no-reply", "news", "{rand}", "office{n}"]
    if not template.spam:
        locals_ = ["info", "support", "no-reply", "yamada", "sato.k", "sales", "chris", "robin.k"]
    if "Bounce" in template.fields:
        locals_ = ["postmaster", "MAILER-DAEMON"]
    local = fill(chance.choice(locals_), chance, {})
    if template.spam:
        host = chance.choice((host, f"{fill('{rand}', chance, {})}.{chance.choice(_ENDINGS)}"))
    if shown.isascii():
        return formataddr((shown, f"{local}@{host}"))
    return f"{parts.words(shown, code)} <{local}@{host}>"
