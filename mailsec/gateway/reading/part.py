"""One part of a message: what its header says, and its content on demand."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from mailsec.gateway.charset import Decoded, decode
from mailsec.gateway.reading import headers, transfer
from mailsec.gateway.reading.headers import Header

_ARMOUR = (b"-----BEGIN PGP MESSAGE-----", b"-----BEGIN PGP SIGNED MESSAGE-----")
_META_CHARSET = re.compile(rb"""(?i)<meta[^>]{0,200}?charset\s*=\s*["']?\s*([a-z0-9_:.-]{1,60})""")
NOT_SPLIT = frozenset(("no-boundary", "boundary-not-found"))


@dataclass(slots=True)
class _Lazy:
    """What was decoded already."""

    content: bytes | None = None
    text: Decoded | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """The buffer that a part lies in: the message, or the decoded content of a host part."""

    data: bytes
    body_start: int
    body_end: int


@dataclass(frozen=True, slots=True)
class Part:
    """One node of the MIME tree, with its offsets in the message.

    Offsets are -1 where the part lies in the encoded content of another: such a part can be looked
    at, not edited. ``names`` holds every file name that any parameter claims, for filters; ``name``
    is the one that mail programs show.
    """

    index: int
    parent: int | None
    depth: int
    headers: tuple[Header, ...]
    content_type: str
    charset: str
    name: str
    names: tuple[str, ...]
    disposition: str
    content_id: str
    transfer_encoding: str
    start: int
    body_start: int
    body_end: int
    defects: tuple[str, ...]
    inside_protected: bool = False
    source: Source = field(default_factory=lambda: Source(b"", 0, 0), repr=False, compare=False)
    _lazy: _Lazy = field(default_factory=_Lazy, init=False, repr=False, compare=False)

    def body(self) -> bytes:
        """The body as it travels, before transfer decoding."""
        return self.source.data[self.source.body_start : self.source.body_end]

    def content(self) -> bytes:
        """The transfer-decoded content; kept only where it is not what travels anyway."""
        if self.is_multipart or not transfer.is_coded(self.transfer_encoding):
            return self.body()
        if self._lazy.content is None:
            self._lazy.content = transfer.decode(self.body(), self.transfer_encoding)
        return self._lazy.content

    def decoded(self) -> Decoded:
        """The content as text, with the character code that it was really read as."""
        if self._lazy.text is None:
            content = self.content()
            label = self.charset
            if not label and self.content_type == "text/html":
                meta = _META_CHARSET.search(content, 0, 4096)
                label = meta[1].decode("ascii").lower() if meta else ""
            self._lazy.text = decode(content, label)
        return self._lazy.text

    def text(self) -> str:
        """The content as text, without NUL and lone surrogates."""
        return self.decoded().text

    def first(self, name: str) -> Header | None:
        """The first header field of that name."""
        return headers.first(self.headers, name)

    def all(self, name: str) -> tuple[Header, ...]:
        """All header fields of that name."""
        return headers.every(self.headers, name)

    @property
    def is_multipart(self) -> bool:
        """Whether it was split into parts; a multipart without a usable boundary is text."""
        return self.content_type.startswith("multipart/") and NOT_SPLIT.isdisjoint(self.defects)

    @property
    def is_text(self) -> bool:
        """Whether a mail program shows the content as text."""
        if self.content_type.startswith("multipart/"):
            return not self.is_multipart
        return self.content_type.startswith("text/")

    @property
    def is_attachment(self) -> bool:
        """Whether a mail program lists it as a file."""
        if self.is_multipart:
            return False
        if self.name or self.disposition == "attachment":
            return True
        return not self.is_text and not self.content_type.startswith("message/")

    @property
    def is_editable(self) -> bool:
        """Whether it has offsets in the message and no signature or encryption covers it."""
        return self.start >= 0 and not self.is_protected

    @property
    def is_protected(self) -> bool:
        """Whether it is signed or encrypted, or lies in something that is: never to be altered."""
        if self.inside_protected:
            return True
        if self.is_multipart or self.content_type == "message/rfc822":
            return False
        if not self.is_text and not self.name.lower().endswith((".asc", ".pgp", ".gpg")):
            return False
        content = self.content()
        return any(mark in content for mark in _ARMOUR)
