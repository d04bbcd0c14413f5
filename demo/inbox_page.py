"""The inbox page: what the customers' mail server took, to look at in a browser.

It shows hostile mail, so nothing of a message is ever markup: every value is escaped, no script and
no foreign host is allowed by the policy, and raw messages are only downloaded.
"""

from __future__ import annotations

import http
from dataclasses import dataclass
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

from demo.inbox import Inbox, Received

STYLE = Path(__file__).with_name("static") / "inbox.css"
POLICY = (
    "default-src 'none'; style-src 'self'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
SHOWN = 200

WORDS = {
    "en": {
        "title": "Demo inbox",
        "lead": "What left the service: the customers' mail server and the world outside.",
        "empty": "No mail has arrived yet.",
        "subject": "Subject",
        "from": "From",
        "to": "Delivered to",
        "time": "Time (UTC)",
        "server": "Server",
        "customer": "Customer",
        "outside": "Outside",
        "none": "(no subject)",
        "back": "All mail",
        "headers": "Header fields",
        "text": "Text",
        "no_text": "This message has no text.",
        "files": "Attachments",
        "no_files": "None",
        "raw": "Download the message (.eml)",
        "other": "日本語",
        "missing": "There is no such page.",
        "bytes": "bytes",
    },
    "ja": {
        "title": "デモ受信箱",
        "lead": "本サービスを通ったメールです。お客様のサーバーと社外宛ての両方を表示します。",
        "empty": "まだメールは届いていません。",
        "subject": "件名",
        "from": "差出人",
        "to": "配送先",
        "time": "時刻 (UTC)",
        "server": "サーバー",
        "customer": "お客様",
        "outside": "社外",
        "none": "(件名なし)",
        "back": "一覧へ戻る",
        "headers": "ヘッダー",
        "text": "本文",
        "no_text": "本文はありません。",
        "files": "添付ファイル",
        "no_files": "なし",
        "raw": "メールをダウンロード (.eml)",
        "other": "English",
        "missing": "ページがありません。",
        "bytes": "バイト",
    },
}


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer."""

    body: bytes
    content_type: str = "text/html; charset=utf-8"
    status: http.HTTPStatus = http.HTTPStatus.OK
    file_name: str = ""


class InboxServer(ThreadingHTTPServer):
    """Serves one inbox."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], inbox: Inbox) -> None:
        super().__init__(address, InboxHandler)
        self.inbox = inbox


class InboxHandler(BaseHTTPRequestHandler):
    """GET only; the list, one message, its raw form, the style sheet."""

    server: InboxServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        host = (self.headers.get("Host") or "").rpartition(":")[0] or self.headers.get("Host")
        # A page elsewhere must not read this one through a name that it points at 127.0.0.1.
        if host not in ("localhost", "127.0.0.1", "inbox.localhost"):
            self._send(Answer(b"unknown host", "text/plain", http.HTTPStatus.MISDIRECTED_REQUEST))
            return
        language = self._language()
        self._send(answer(self.server.inbox, self.path, language))

    def _language(self) -> str:
        chosen = parse_qs(urlsplit(self.path).query).get("lang", [""])[0]
        if chosen in WORDS:
            return chosen
        accepted = (self.headers.get("Accept-Language") or "ja").lower()
        return "ja" if accepted.startswith("ja") or "en" not in accepted else "en"

    def _send(self, found: Answer) -> None:
        self.send_response(found.status)
        self.send_header("Content-Type", found.content_type)
        self.send_header("Content-Length", str(len(found.body)))
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cache-Control", "no-store")
        if found.file_name:
            self.send_header("Content-Disposition", f'attachment; filename="{found.file_name}"')
        self.end_headers()
        self.wfile.write(found.body)

    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet: a page that is looked at is no event."""


def answer(inbox: Inbox, target: str, language: str) -> Answer:
    """The answer to one GET."""
    path = urlsplit(target).path
    if path == "/":
        return Answer(_page(language, "/", _list(inbox.messages(SHOWN), language)))
    if path == "/style.css":
        return Answer(STYLE.read_bytes(), "text/css; charset=utf-8")
    key, dot, _ = path.removeprefix("/mail/").partition(".eml")
    found = inbox.get(key) if path.startswith("/mail/") else None
    if found is None:
        missing = f"<p class='empty'>{WORDS[language]['missing']}</p>"
        return Answer(_page(language, "/", missing), status=http.HTTPStatus.NOT_FOUND)
    if dot:
        return Answer(found.raw, "message/rfc822", file_name=f"{key}.eml")
    return Answer(_page(language, path, _message(found, language)))


def _page(language: str, path: str, content: str) -> bytes:
    words = WORDS[language]
    other = "en" if language == "ja" else "ja"
    link = f"{escape(path)}?{urlencode({'lang': other})}"
    return (
        f"<!doctype html><html lang='{language}'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>{words['title']} · Mailsec</title>"
        "<link rel='stylesheet' href='/style.css'></head><body>"
        f"<header><a class='brand' href='/?lang={language}'>Mailsec "
        f"<span>{words['title']}</span></a>"
        f"<a class='language' lang='{other}' href='{link}'>{words['other']}</a></header>"
        f"<main>{content}</main></body></html>"
    ).encode()


def _list(found: list[Received], language: str) -> str:
    words = WORDS[language]
    if not found:
        return f"<p class='lead'>{words['lead']}</p><p class='empty'>{words['empty']}</p>"
    head = "".join(
        f"<th scope='col'>{words[name]}</th>"
        for name in ("subject", "from", "to", "server", "time")
    )
    rows = "".join(_row(item, language) for item in found)
    return (
        f"<p class='lead'>{words['lead']}</p><table><thead><tr>{head}</tr></thead>"
        f"<tbody>{rows}</tbody></table>"
    )


def _row(item: Received, language: str) -> str:
    words = WORDS[language]
    subject = escape(item.message.subject) or words["none"]
    cells = (
        ("subject", f"<a href='/mail/{item.key}?lang={language}'>{subject}</a>"),
        ("from", escape(item.message.text_of("From"))),
        ("to", "<br>".join(escape(address) for address in item.recipients)),
        ("server", f"<span class='tag {item.server}'>{words[item.server]}</span>"),
        ("time", _moment(item)),
    )
    return "<tr>" + "".join(
        f"<td data-name='{words[name]}' class='{name}'>{value}</td>" for name, value in cells
    ) + "</tr>"  # fmt: skip


def _moment(item: Received) -> str:
    return f"<time datetime='{item.received.isoformat()}'>{item.received:%Y-%m-%d %H:%M:%S}</time>"


def _message(item: Received, language: str) -> str:
    words = WORDS[language]
    message = item.message
    facts = (
        (words["from"], escape(message.text_of("From"))),
        (words["to"], escape(", ".join(item.recipients))),
        (words["server"], words[item.server]),
        (words["time"], _moment(item)),
    )
    lines = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in facts)
    fields = "".join(
        f"<div><dt>{escape(header.name)}</dt><dd>{escape(header.decoded)}</dd></div>"
        for header in message.headers
    )
    files = "".join(
        f"<li>{escape(part.name or part.content_type)} <small>{escape(part.content_type)}, "
        f"{len(part.content()):,} {words['bytes']}</small></li>"
        for part in message.attachments
    )
    text = f"<pre>{escape(message.text)}</pre>" if message.text.strip() else words["no_text"]
    return (
        f"<p><a href='/?lang={language}'>← {words['back']}</a></p>"
        f"<h1>{escape(message.subject) or words['none']}</h1><dl>{lines}</dl>"
        f"<h2>{words['text']}</h2>{text}"
        f"<h2>{words['files']}</h2>"
        + (f"<ul>{files}</ul>" if files else f"<p>{words['no_files']}</p>")
        + f"<p><a class='button' href='/mail/{item.key}.eml'>{words['raw']}</a></p>"
        f"<details><summary>{words['headers']}</summary><dl class='fields'>{fields}</dl></details>"
    )
