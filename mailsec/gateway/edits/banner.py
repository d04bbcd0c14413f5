"""Puts a notice at the head of what the reader sees, in the text and in the HTML alternative.

Signed, encrypted and calendar parts are never altered: where the whole letter is such a part, the
message stays as it is. What is inside an attached message is somebody else's letter and stays too.
"""

from __future__ import annotations

import html
from dataclasses import dataclass

from mailsec.gateway.charset import canonical, encode
from mailsec.gateway.edits import letter
from mailsec.gateway.edits.html_place import place_for_banner
from mailsec.gateway.edits.order import Order
from mailsec.gateway.edits.texts import (
    Notice,
    ascii_enclosed_text,
    ascii_notice_text,
    enclosed_text,
    notice_text,
)
from mailsec.gateway.message import Message
from mailsec.gateway.mime import Splice, line_end, set_content, splice
from mailsec.gateway.reading import transfer
from mailsec.gateway.reading.part import Part

_STYLE = (
    "margin:0 0 1em;padding:.6em .8em;border:2px solid #b45309;background:#fffbeb;color:#1f2937;"
    "font:14px/1.5 sans-serif;text-align:left;"
    # The letter's own style sheet must not hide it; programs that do not know the mark have the
    # rules above.
    "display:block!important;visibility:visible!important;opacity:1!important;"
    "position:static!important;float:none!important;transform:none!important;"
    "clip-path:none!important;height:auto!important;max-height:none!important;"
    "width:auto!important;max-width:none!important;margin:0 0 1em!important;"
    "text-indent:0!important;font:14px/1.5 sans-serif!important;color:#1f2937!important;"
    "background:#fffbeb!important"
)
# Codes in which "<body>" is not written with these six bytes.
_NOT_ASCII_BASED = (
    "utf-7",
    "utf-16",
    "utf-32",
    "utf_7",
    "utf_16",
    "utf_32",
    "hz",
    "cp037",
    "cp500",
)
_HTML_PIECE = 60  # characters a line: as references they stay far below 998 octets


@dataclass(frozen=True, slots=True)
class Words:
    """The notice; ``ascii`` stands in where the letter's own character code cannot be told."""

    full: str
    ascii: str


def edit(message: Message, order: Order) -> Message:
    """The message with the notice about what was removed, not examined or encrypted, or itself."""
    decision = order.decision
    if order.outbound is not None:
        return _with_note(message, order)
    if not decision.remove and not decision.banner:
        return message
    notice = Notice(
        removed=tuple(decision.remove.values()),
        warned=decision.banner,
        when=order.when,
        contact=order.policy.contact,
        language=order.policy.language,
    )
    return put_on_top(message, Words(notice_text(notice), ascii_notice_text(notice)))


def _with_note(message: Message, order: Order) -> Message:
    """Outbound mail is never warned of; its reader is told what became of the files."""
    archive = order.outbound.archive if order.outbound else None
    if archive is None or not order.policy.zip_note:
        return message
    full = enclosed_text(archive.name, order.policy.language)
    return put_on_top(message, Words(full, ascii_enclosed_text(archive.name)))


def put_on_top(message: Message, words: Words) -> Message:
    """The message with these words in front, or itself where nothing may be altered."""
    message = letter.with_blank_lines(message)
    parts = letter.bodies(message)
    if not parts:
        return letter.with_first_part(message, words.full, words.ascii)
    splices: list[Splice] = []
    for part in parts:
        if part.content_type == "text/html":
            splices += _in_html(message, part, words.full)
        else:
            splices += _in_text(message, part, words)
    splices += letter.missing_version(message, splices)
    return Message(splice(message.raw, splices))


def _in_text(message: Message, part: Part, words: Words) -> list[Splice]:
    """Notice, blank line, original, in the part's own code as long as that can hold the notice."""
    decoded, label = part.decoded(), part.charset
    own = canonical(label)
    honest = bool(own) and (part.content().isascii() or decoded.charset == own)
    if honest and own.startswith(_NOT_ASCII_BASED):
        honest = False
    head = encode(_text_block(words.full, part, message), label) if honest else None
    if head is not None:
        return _prepended(message, part, head, None)
    if not decoded.problem or decoded.charset in ("utf-8", "iso-2022-jp"):
        # Without a label, or with one that cannot hold the notice: all of it in one code that can.
        code = "iso-2022-jp" if decoded.charset == "iso-2022-jp" and not own else "utf-8"
        text = _text_block(words.full, part, message)
        whole = encode(text + decoded.text, code)
        if whole is None or code == "utf-8":
            code, whole = "utf-8", (text + decoded.text).encode("utf-8", "replace")
        return list(set_content(message, part.index, whole, code))
    # Whoever guesses the code of the original could spoil it, so its bytes stay as they are.
    return _prepended(message, part, _text_block(words.ascii, part, message).encode("ascii"), None)


def _text_block(text: str, part: Part, message: Message) -> str:
    """The notice and its blank line, with the line end that the part's own text has."""
    own = line_end(part.content()) if b"\n" in part.content() else line_end(message.raw)
    return (text + "\n\n").replace("\n", own.decode("ascii"))


def _prepended(message: Message, part: Part, head: bytes, label: str | None) -> list[Splice]:
    """Bytes in front of a content whose other bytes stay, as they travel too where that can be."""
    encoding = part.transfer_encoding
    at = Splice(part.body_start, part.body_start, b"")
    if encoding == "quoted-printable":
        coded = transfer.encode(head, encoding, line_end(message.raw))
        if transfer.decode(coded, encoding) == head:
            return [Splice(at.start, at.end, coded)]
    elif encoding in transfer.IDENTITY and transfer.fits(head, encoding):
        return [Splice(at.start, at.end, head)]
    return letter.with_content(message, part, head + part.content(), label)


def _in_html(message: Message, part: Part, text: str) -> list[Splice]:
    """As the first child of the body; all but ASCII as references, so that any code can hold it."""
    if canonical(part.charset).startswith(_NOT_ASCII_BASED):
        return _in_wide_html(message, part, text)
    content = part.content()
    place = place_for_banner(content)
    block = _html_block(text, line_end(content if b"\n" in content else message.raw))
    if part.transfer_encoding in transfer.IDENTITY:
        at = part.body_start + place
        return [Splice(at, at, block)]
    return letter.with_content(message, part, content[:place] + block + content[place:], None)


def _in_wide_html(message: Message, part: Part, text: str) -> list[Splice]:
    """The same for UTF-16 and its like, which become UTF-8: the label counts before any meta.

    What cannot be read becomes a mark: no letter may go without its notice for a wrong label.
    """
    content = part.text().encode("utf-8", "replace")
    place = place_for_banner(content)
    block = _html_block(text, line_end(message.raw))
    whole = content[:place] + block + content[place:]
    return list(set_content(message, part.index, whole, "utf-8"))


def _html_block(text: str, end: bytes) -> bytes:
    lines = f"<br>{end.decode('ascii')}".join(_html_line(line, end) for line in text.split("\n"))
    return f'<div style="{_STYLE}">{lines}</div>'.encode("ascii", "xmlcharrefreplace") + end


def _html_line(line: str, end: bytes) -> str:
    """Escaped; a long line is broken inside comments, where a line end shows as no blank."""
    pieces = [line[at : at + _HTML_PIECE] for at in range(0, len(line), _HTML_PIECE)]
    return f"<!--{end.decode('ascii')}-->".join(html.escape(piece) for piece in pieces)


def words_of(text: str) -> Words:
    """Any text as a notice; what is not ASCII becomes question marks where ASCII alone will do."""
    return Words(text, text.encode("ascii", "replace").decode("ascii"))
