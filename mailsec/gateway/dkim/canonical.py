"""A message in the forms that are hashed (RFC 6376 section 3.4)."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable

from mailsec.gateway.message import Message

_LINE_END = re.compile(rb"\r?\n")
_TABS = bytes.maketrans(b"\t", b" ")


class SignedForm:
    """The header fields and the body of one message; each hash of the body is made once."""

    def __init__(self, message: Message) -> None:
        self._fields: dict[bytes, list[bytes]] = {}
        for header in message.headers:
            field = _with_crlf(header.raw).removesuffix(b"\r\n") + b"\r\n"
            self._fields.setdefault(header.name.lower().encode("latin-1"), []).append(field)
        self._raw, self._body_start = message.raw, message.header_end
        self._bodies: dict[bool, tuple[bytes, int]] = {}

    def fields(self, name: bytes) -> list[bytes]:
        """The fields of that name in order, with CRLF."""
        return self._fields.get(name, [])

    def body(self, relaxed: bool) -> tuple[bytes, int]:
        """The body's SHA-256 and its length in that form."""
        if relaxed not in self._bodies:
            body = _with_crlf(self._raw[self._body_start :])
            form = relaxed_body(body) if relaxed else simple_body(body)
            self._bodies[relaxed] = (hashlib.sha256(form).digest(), len(form))
        return self._bodies[relaxed]

    def header(self, names: Iterable[bytes], relaxed: bool, own: bytes) -> bytes:
        """The fields that ``names`` pick, the last ones first, and the signature's own field.

        A field picked more often than it is there counts as empty (section 5.4.2). Every From
        field counts, also one that the signature leaves out: a second author breaks it.
        """
        taken: Counter[bytes] = Counter()
        chosen: list[bytes] = []
        names = list(names)
        uncovered = len(self.fields(b"from")) - names.count(b"from")
        for name in names + [b"from"] * max(0, uncovered):
            fields = self.fields(name)
            if taken[name] < len(fields):
                field = fields[-1 - taken[name]]
                chosen.append(relaxed_field(field) if relaxed else field)
            taken[name] += 1
        chosen.append(relaxed_field(own).removesuffix(b"\r\n") if relaxed else own)
        return b"".join(chosen)


def relaxed_field(field: bytes) -> bytes:
    """Name in lower case, one line, blanks reduced (section 3.4.2)."""
    name, _, value = field.partition(b":")
    value = _one_blank(_LINE_END.sub(b"", value)).strip(b" ")
    return name.strip(b" \t").lower() + b":" + value + b"\r\n"


def relaxed_body(body: bytes) -> bytes:
    """Blanks reduced, none at the end of a line, no empty lines at the end (section 3.4.4)."""
    if body and not body.endswith(b"\r\n"):
        body += b"\r\n"
    form = simple_body(_one_blank(body).replace(b" \r\n", b"\r\n"))
    return b"" if form == b"\r\n" else form


def simple_body(body: bytes) -> bytes:
    """Exactly one line end at the end (section 3.4.3)."""
    kept = body.rstrip(b"\r\n")
    # Only whole CRLF pairs count; a CR of its own among them stays.
    tail = body[len(kept) :].replace(b"\r\n", b"\n").rstrip(b"\n").replace(b"\n", b"\r\n")
    return kept + tail + b"\r\n"


def _one_blank(data: bytes) -> bytes:
    """Every run of blanks as one; halving needs no more than a few passes over any run."""
    data = data.translate(_TABS)
    while b"  " in data:
        data = data.replace(b"  ", b" ")
    return data


def _with_crlf(data: bytes) -> bytes:
    if data.count(b"\n") == data.count(b"\r\n"):
        return data
    return _LINE_END.sub(b"\r\n", data)
