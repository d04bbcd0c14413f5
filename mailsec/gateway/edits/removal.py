"""Taking parts out of a message so that every other byte stays where it is."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping

from mailsec.gateway.charset import encode
from mailsec.gateway.edits import letter
from mailsec.gateway.errors import EditRefused
from mailsec.gateway.message import Message
from mailsec.gateway.mime import Splice, line_end, splice
from mailsec.gateway.reading import transfer
from mailsec.gateway.reading.part import Part


def remove(message: Message, parts: Mapping[int, str]) -> Message:
    """The message without these parts; each index comes with the text that may take its place.

    A part goes together with its boundary line. Where it cannot go (the whole message, an attached
    message's whole body, the only part of a multipart) an empty text, or inside an attached message
    the given one, stands in its place. A part that lies in the encoded content of another takes
    that other one along. ``EditRefused`` where something signed or encrypted would be touched, or
    where a condemned part is still there afterwards.
    """
    chosen = _outermost(message, {_host(message, index).index: index for index in parts})
    emptied: list[Splice] = []
    spans: list[tuple[int, int]] = []
    for host, condemned in sorted(chosen.items()):
        part = message.parts[host]
        if _can_go(message, part, chosen):
            spans.append(_with_boundary(message.raw, part))
        else:
            text = parts[condemned] if _is_attached_body(message, part) else ""
            emptied += _emptied(message, part, text)
    edited = Message(splice(message.raw, emptied + _deletions(message.raw, spans)))
    _check_gone(message, edited, parts)
    return edited


def _host(message: Message, index: int) -> Part:
    """The part itself, or the nearest one around it that has a place in the raw bytes."""
    part = message.parts[index]
    while part.start < 0 and part.parent is not None:
        part = message.parts[part.parent]
    if not part.is_editable:
        raise EditRefused("the part is signed or encrypted")
    return part


def _outermost(message: Message, hosts: Mapping[int, int]) -> dict[int, int]:
    """Without those that go anyway because a part around them goes."""
    return {
        host: condemned
        for host, condemned in hosts.items()
        if not any(other.index in hosts for other in message.ancestors(message.parts[host]))
    }


def _can_go(message: Message, part: Part, removed: Mapping[int, int]) -> bool:
    """Whether the part can be left out together with its boundary line."""
    parent = None if part.parent is None else message.parts[part.parent]
    if parent is None or not parent.is_multipart:
        return False
    siblings = [other.index for other in message.parts if other.parent == parent.index]
    # One of them stays as an empty text: a multipart without parts is none.
    return part.index != siblings[0] or not all(sibling in removed for sibling in siblings)


def _is_attached_body(message: Message, part: Part) -> bool:
    return part.parent is not None and not message.parts[part.parent].is_multipart


def _with_boundary(raw: bytes, part: Part) -> tuple[int, int]:
    """From the boundary line in front of the part to the one behind it."""
    begin = raw.rfind(b"\n", 0, max(part.start - 1, 0)) + 1
    end = part.body_end
    if raw.startswith(b"\r\n", end):
        end += 2
    elif raw.startswith(b"\n", end):
        end += 1
    return begin, end


def _deletions(raw: bytes, spans: Iterable[tuple[int, int]]) -> list[Splice]:
    """Neighbours as one; behind the last there may be no boundary line any more.

    Then the line end in front belongs to the boundary line that goes, not to the part that stays.
    """
    merged: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((begin, end))
    if merged and merged[-1][1] == len(raw):
        begin = len(raw[: merged[-1][0]].removesuffix(b"\n").removesuffix(b"\r"))
        merged[-1] = (begin, len(raw))
    return [Splice(begin, end, b"") for begin, end in merged]


def _emptied(message: Message, part: Part, text: str) -> list[Splice]:
    """Another content in the part's place: its Content fields go, all others stay."""
    end = line_end(message.raw)
    fields = [header for header in part.headers if header.name.lower().startswith("content-")]
    body = encode(text, "utf-8") or b""
    coded = transfer.encode(body, "base64", end) if text else b""
    new = b"Content-Type: text/plain; charset=utf-8" + end
    new += b"Content-Transfer-Encoding: " + (b"base64" if text else b"7bit") + end
    return [
        *letter.with_fields(message, part, fields, new),
        Splice(part.body_start, part.body_end, coded),
    ]


def _check_gone(before: Message, after: Message, condemned: Iterable[int]) -> None:
    """Fails closed: reads the result anew and counts name and content of what had to go."""
    gone = Counter(_identity(before.parts[index]) for index in condemned)
    del gone[_NOTHING]  # an empty text stands in for what went
    was = Counter(_identity(part) for part in before.parts)
    now = Counter(_identity(part) for part in after.parts)
    if any(now[identity] > was[identity] - count for identity, count in gone.items()):
        raise EditRefused("a condemned part is still there after the edit")


_NOTHING = ("", hashlib.sha256(b"").digest())


def _identity(part: Part) -> tuple[str, bytes]:
    return part.name, hashlib.sha256(part.content()).digest()
