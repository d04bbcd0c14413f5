"""Puts one encrypted archive into the place of all files of a mail (product, 7)."""

from __future__ import annotations

from collections import Counter

from mailsec.gateway.charset import one_line
from mailsec.gateway.edits import letter
from mailsec.gateway.edits.order import Order
from mailsec.gateway.edits.removal import remove
from mailsec.gateway.errors import EditRefused
from mailsec.gateway.message import Message
from mailsec.gateway.mime import line_end
from mailsec.gateway.reading import transfer
from mailsec.gateway.zipping.selection import Selection, select
from mailsec.gateway.zipping.writer import Archive


def edit(message: Message, order: Order) -> Message:
    """The message with its files locked up where this form of it asks for that, or itself."""
    outbound = order.outbound
    if outbound is None or outbound.archive is None:
        return message
    return enclose(message, outbound.selection, outbound.archive)


def enclose(message: Message, selection: Selection, archive: Archive) -> Message:
    """The message with the archive in place of the files, every other part as it was.

    ``EditRefused`` where a file would be left outside, or the archive did not arrive whole.
    """
    if any(message.parts[index].start < 0 for index in selection.parts):
        # To take it out, the part around it would have to go, and with it perhaps the letter.
        raise EditRefused("a file lies in the encoded content of another part")
    without = remove(message, dict.fromkeys(selection.parts, ""))
    enclosed = letter.with_last_part(without, _entity(archive, line_end(message.raw)))
    _check(message, enclosed, selection, archive)
    return enclosed


def _entity(archive: Archive, end: bytes) -> bytes:
    name = one_line(archive.name).encode("ascii")
    fields = (
        b'Content-Type: application/zip; name="' + name + b'"',
        b'Content-Disposition: attachment; filename="' + name + b'"',
        b"Content-Transfer-Encoding: base64",
    )
    return end.join((*fields, b"", b"")) + transfer.encode(archive.content, "base64", end)


def _check(before: Message, after: Message, selection: Selection, archive: Archive) -> None:
    """Fails closed: reads the result anew, since a file left outside goes out in the clear."""
    inside = [part for part in after.parts if part.content() == archive.content]
    if len(inside) != 1 or inside[0].name != archive.name:
        raise EditRefused("the archive is not in the message")
    stayed = Counter(part.content() for part in before.parts if part.index not in selection.parts)
    left = select(after, {inside[0].index})
    if any(stayed[after.parts[index].content()] <= 0 for index in left.parts):
        raise EditRefused("a file is still outside of the archive")
