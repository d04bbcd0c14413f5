"""Packed bytes to plain ones, block by block, charged to the budget as they come out."""

from __future__ import annotations

import bz2
import io
import lzma
import zlib

from mailsec.gateway.archives.budget import Budget
from mailsec.gateway.archives.zip_records import Entry
from mailsec.gateway.errors import UnreadableContainer

_BLOCK = 64 * 1024
STORED, _DEFLATED, _BZIP2, _LZMA = 0, 8, 12, 14
METHODS = frozenset((STORED, _DEFLATED, 9, _BZIP2, _LZMA, 93, 95, 99))
_LZMA_DICTIONARY = 64 * 1024 * 1024


def decompress(content: bytes, entry: Entry, out: io.BytesIO, budget: Budget) -> int:
    """Fills ``out`` up to the natural end of the packed data and returns how much was packed."""
    if entry.method == STORED:
        return _copy_stored(content, entry, out, budget)
    if entry.method == _DEFLATED:
        return inflate(zlib.decompressobj(-15), content, out, budget, entry.data)
    end = min(len(content), entry.data + entry.packed) if entry.packed else len(content)
    if entry.method == _BZIP2:
        decoder: _Decoder = bz2.BZ2Decompressor()
        begin = entry.data
    elif entry.method == _LZMA:
        decoder, begin = _lzma_decoder(content, entry.data)
    else:
        raise UnreadableContainer("damaged")
    return begin - entry.data + _pump_capped(decoder, content[begin:end], out, budget)


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


_Decoder = bz2.BZ2Decompressor | lzma.LZMADecompressor


def _pump_capped(decoder: _Decoder, packed: bytes, out: io.BytesIO, budget: Budget) -> int:
    """The same for decoders that keep their own input and can be asked for a block at a time."""
    feed = packed
    while not decoder.eof:
        try:
            block = decoder.decompress(feed, _BLOCK)
        except (OSError, EOFError, lzma.LZMAError) as error:
            raise UnreadableContainer("damaged") from error
        feed = b""
        out.write(block)
        budget.take_bytes(len(block), out.tell(), len(packed))
        if not block and decoder.needs_input:
            # An LZMA stream in a ZIP may have no end mark: its end is the end of the data.
            if isinstance(decoder, lzma.LZMADecompressor):
                return len(packed)
            raise UnreadableContainer("damaged")
    return len(packed) - len(decoder.unused_data)


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
