"""Packed bytes to plain ones, block by block, charged to the budget as they come out."""

from __future__ import annotations

import bz2
import io
import lzma
import zlib
from dataclasses import dataclass

from mailsec.gateway.archives.budget import Budget
from mailsec.gateway.archives.zip_records import Entry
from mailsec.gateway.errors import UnreadableContainer

_BLOCK = 64 * 1024
STORED, _DEFLATED, _BZIP2, _LZMA, _XZ = 0, 8, 12, 14, 95
METHODS = frozenset((STORED, _DEFLATED, 9, _BZIP2, _LZMA, 93, 95, 99))
OPENED = frozenset((STORED, _DEFLATED, _BZIP2, _LZMA, _XZ))
_MEMORY = 128 * 1024 * 1024
_LZMA_DICTIONARY = 64 * 1024 * 1024


def decompress(content: bytes, entry: Entry, out: io.BytesIO, budget: Budget) -> int:
    """Fills ``out`` up to the natural end of the packed data and returns how much was packed."""
    if entry.method == STORED:
        return _copy_stored(content, entry, out, budget)
    if entry.method == _DEFLATED:
        return inflate(zlib.decompressobj(-15), content, out, budget, entry.data)
    end = min(len(content), entry.data + entry.packed) if entry.packed else len(content)
    if entry.method == _BZIP2:
        decoder: Decoder = bz2.BZ2Decompressor()
        begin = entry.data
    elif entry.method == _XZ:
        decoder, begin = lzma.LZMADecompressor(lzma.FORMAT_XZ, _MEMORY), entry.data
    elif entry.method == _LZMA:
        decoder, begin = _lzma_decoder(content, entry.data)
    else:
        raise UnreadableContainer("damaged")
    span = Span(begin, end, open_end=entry.method == _LZMA)
    return begin - entry.data + pump(decoder, content, span, out, budget)


def _copy_stored(content: bytes, entry: Entry, out: io.BytesIO, budget: Budget) -> int:
    end = entry.data + entry.packed
    if not entry.packed and entry.size_follows:
        # Nobody says where it ends, so all up to the next record is looked at.
        marks = (content.find(b"PK\x07\x08", entry.data), content.find(b"PK\x01\x02", entry.data))
        end = min((mark for mark in marks if mark >= 0), default=len(content))
    data = content[entry.data : end]
    budget.take_bytes(len(data), len(data), len(data))
    out.write(data)
    return len(data)


def inflate(
    decoder: zlib._Decompress,
    content: bytes,
    out: io.BytesIO,
    budget: Budget,
    begin: int,
) -> int:
    """Inflates block by block until the stream ends; returns the packed bytes it used."""
    at = begin
    pending = b""
    while not decoder.eof:
        if not pending:
            pending = content[at : at + _BLOCK]
            at += len(pending)
            if not pending:
                raise UnreadableContainer("damaged")
        try:
            block = decoder.decompress(pending, _BLOCK)
        except zlib.error as error:
            raise UnreadableContainer("damaged") from error
        pending = decoder.unconsumed_tail
        out.write(block)
        budget.take_bytes(len(block), out.tell(), at - begin)
    return at - begin - len(decoder.unused_data)


Decoder = bz2.BZ2Decompressor | lzma.LZMADecompressor


@dataclass(frozen=True, slots=True)
class Span:
    """Where packed bytes stand; ``open_end`` where the stream may have no end mark of its own."""

    begin: int
    end: int
    open_end: bool = False


def pump(decoder: Decoder, content: bytes, span: Span, out: io.BytesIO, budget: Budget) -> int:
    """The same for decoders that keep their own input; returns the packed bytes they used."""
    at = span.begin
    while not decoder.eof:
        feed = b""
        if decoder.needs_input:
            feed = content[at : min(at + _BLOCK, span.end)]
            at += len(feed)
            if not feed and span.open_end:
                return at - span.begin
            if not feed:
                raise UnreadableContainer("damaged")
        try:
            block = decoder.decompress(feed, _BLOCK)
        except (OSError, EOFError, ValueError, MemoryError, lzma.LZMAError) as error:
            raise UnreadableContainer("damaged") from error
        out.write(block)
        budget.take_bytes(len(block), out.tell(), at - span.begin)
    return at - span.begin - len(decoder.unused_data)


def _lzma_decoder(content: bytes, data: int) -> tuple[lzma.LZMADecompressor, int]:
    """A decoder for method 14, whose data begin with version and properties (APPNOTE 5.8.8)."""
    size = int.from_bytes(content[data + 2 : data + 4], "little")
    properties = content[data + 4 : data + 4 + size]
    if size != 5 or len(properties) != 5 or properties[0] >= 9 * 5 * 5:
        raise UnreadableContainer("damaged")
    rest, lc = divmod(properties[0], 9)
    pb, lp = divmod(rest, 5)
    dictionary = int.from_bytes(properties[1:5], "little")
    if dictionary > _LZMA_DICTIONARY or lc + lp > 4:
        raise UnreadableContainer("damaged")
    chain = [
        {"id": lzma.FILTER_LZMA1, "dict_size": max(dictionary, 4096), "lc": lc, "lp": lp, "pb": pb}
    ]
    return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=chain), data + 4 + size
