"""Collects the content of DATA block by block and finds its real end."""

from __future__ import annotations

_END = b"\r\n.\r\n"


class DataReader:
    """Takes in what follows ``354`` until CRLF.CRLF, and nothing but CRLF.CRLF, ends it.

    Other readers go line by line; this one searches each new block once, so its cost for a mail of
    10 kB is a few searches in C. Beyond ``limit`` bytes only the count and the last four bytes
    stay.
    """

    __slots__ = ("_buffer", "limit", "size")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.size = 0  # bytes seen so far, dots and end mark included
        # The CRLF of the DATA line itself: it makes ".CRLF" at the very start an end mark too
        # (RFC 5321 section 4.1.1.4) and lets a leading dot be taken off like any other.
        self._buffer = bytearray(b"\r\n")

    @property
    def too_large(self) -> bool:
        """Whether more came than the limit and the end mark allow; the content is then gone."""
        return self.size > self.limit + len(_END)

    def feed(self, block: bytes) -> bytes | None:
        """Take in a block: None before the end is reached, then the bytes behind the end mark."""
        buffer = self._buffer
        start = max(0, len(buffer) - 4)
        buffer += block
        found = buffer.find(_END, start)
        if found < 0:
            self.size += len(block)
            if self.too_large:
                del buffer[:-4]
            return None
        end = found + len(_END)
        rest = bytes(buffer[end:])
        self.size += len(block) - len(rest)
        del buffer[found + 2 :]  # The CRLF before the dot belongs to the message.
        return rest

    def drop(self) -> None:
        """Forget the content from now on, but go on looking for its end."""
        self.limit = -len(_END) - 1
        del self._buffer[:-4]

    def message(self) -> bytes:
        """The content with one leading dot taken off each line (RFC 5321 section 4.5.2)."""
        content = bytes(self._buffer)
        if b"\r\n." in content:
            content = content.replace(b"\r\n.", b"\r\n")
        return content[2:]


def has_bare_line_end(content: bytes) -> bool:
    """Whether a CR or LF stands alone (forbidden by RFC 5321 section 2.3.8; SMTP smuggling)."""
    pairs = content.count(b"\r\n")
    return content.count(b"\n") != pairs or content.count(b"\r") != pairs
