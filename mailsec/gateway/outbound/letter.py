"""What the sender of a mail wrote this time, and whether files go with it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mailsec.gateway.message import Message, Part
from mailsec.gateway.reading import html
from mailsec.gateway.zipping.selection import CALENDAR, content_id, shown_in_html

_REPORT = "multipart/report"
_SIGNATURES = frozenset(
    "application/pkcs7-signature application/x-pkcs7-signature application/pgp-signature "
    "application/pgp-encrypted".split()
)
# Where mail programs put what is answered or passed on, in HTML: Outlook, Gmail, Thunderbird,
# Apple Mail, Yahoo.
_HTML_QUOTE = re.compile(
    r"(?i)<blockquote\b"
    r"|<div[^<>]{0,200}?(?:\bid=[\"']?(?:x_)?(?:divRplyFwdMsg|appendonsend|yahoo_quoted)"
    r"|\bclass=[\"']?(?:gmail_quote|moz-cite-prefix|moz-forward-container|yahoo_quoted)"
    r"|\bstyle=[\"'][^\"'>]{0,60}border-top:\s?solid #(?:E1E1E1|B5C4DF) 1\.0pt)"
)
# The line above a quotation; below it nothing was written by this sender.
_QUOTE_HEAD = re.compile(
    r"(?im)^[ \t>＞]*(?:"
    r"-{2,}[ \t]*(?:original|forwarded|元の|転送|original appointment)[^\n]{0,60}-{2,}[ \t]*$"
    r"|(?:begin forwarded message|転送されたメッセージ)[ \t]*[:：]"
    r"|on [^\n]{6,200}(?:\n[^\n]{0,200})?\bwrote:[ \t]*$"
    r"|[^\n]{0,30}\d{4}[年/.-][ \t]?\d{1,2}[月/.-][ \t]?\d{1,2}[^\n]{0,200}"
    r"(?:<[^\n<>]{3,254}>|さん(?:は|が)書きました|wrote)[^\n]{0,20}[:：][ \t]*$"
    r"|(?:from|差出人|送信者)[ \t]*[:：][^\n]{1,300}\n[ \t>]*"
    r"(?:sent|date|to|cc|subject|送信日時|日時|日付|宛先|件名)[ \t]*[:：]"
    r")"
)
_QUOTED_LINE = re.compile(r"[ \t]*[>＞|｜]")
# "-- " ends the letter (RFC 3676, 4.3).
_FOOTER = re.compile(r"(?m)^-- ?$")


def new_text(message: Message) -> str:
    """The first text of the letter without what it quotes and passes on, and without its footer.

    Where the plain text is empty, the HTML's is taken.
    """
    for part in _letters(message):
        text = _unquoted(_text_of(part))
        if text.strip():
            return text
    return ""


def _letters(message: Message) -> Iterator[Part]:
    for part in message.parts:
        if part.is_attachment or part.content_type not in ("text/plain", "text/html"):
            continue
        if all(other.is_multipart for other in message.ancestors(part)):
            yield part


def _text_of(part: Part) -> str:
    text = part.text()
    if part.content_type != "text/html":
        return text
    quote = _HTML_QUOTE.search(text)
    return html.reduce(text[: quote.start()] if quote else text).text


def _unquoted(text: str) -> str:
    text = text.replace("\r\n", "\n")
    head = _QUOTE_HEAD.search(text)
    text = text[: head.start()] if head else text
    footer = _FOOTER.search(text)
    text = text[: footer.start()] if footer else text
    return "\n".join(line for line in text.split("\n") if not _QUOTED_LINE.match(line))


def has_attachment(message: Message) -> bool:
    """Whether the recipients get a file: anything that a mail program lists, an attached mail, and
    what is encrypted, since it may hold files.

    More than an archive would take (``zipping.selection``): an archive with a password is a file
    for whoever gets it. Pictures that the HTML shows, invitations, signatures and the parts of a
    report are none.
    """
    shown = shown_in_html(message)
    return any(_is_file(message, part) and content_id(part) not in shown for part in message.parts)


def _is_file(message: Message, part: Part) -> bool:
    if part.content_type in _SIGNATURES or part.content_type in CALENDAR:
        return False
    if any(other.content_type == _REPORT for other in message.ancestors(part)):
        return False
    return part.is_attachment or part.content_type == "message/rfc822"
