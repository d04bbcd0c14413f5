"""Authentication-Results in writing (RFC 8601): our own, and what others wrote."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mailsec.gateway import charset
from mailsec.gateway.authentication import Arc, Authentication, Dkim, Dmarc, Result, Spf

MOST_CHARACTERS = 64 * 1024  # of a field that are read
_LINE_LIMIT = 78
_NOT_A_NAME = re.compile(r"[^A-Za-z0-9._-]")
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9 ,.-]")
_CONTROLS = re.compile(r"[^\t\n\r -~\x80-\xff]")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_PLAIN = re.compile(r'[^"(\\;]+')
_IN_COMMENT = re.compile(r"[^()\\]+|\\.|[()\\]", re.DOTALL)
_ID = re.compile(r"\s*([^\s;]*)")
_VERDICT = re.compile(r"\s*dmarc\s*(?:/\s*\d+\s*)?=\s*([a-z]+)")
_AUTHOR = re.compile(r"\sheader\s*\.\s*from\s*=\s*([^\s;]+)")


def value(by_host: str, found: Authentication) -> list[str]:
    """The clauses of our own results: ASCII, and nothing a sender could end a clause with.

    Where nothing was checked that is said too (``none``).
    """
    if found == Authentication():
        return [f"{name(by_host)};", "none"]
    clauses = [_spf(found.spf), *_dkim(found.dkim), _dmarc(found.dmarc), _arc(found.arc)]
    return [f"{name(by_host)};", *(f"{clause};" for clause in clauses[:-1]), clauses[-1]]


def folded(head: str, clauses: list[str]) -> bytes:
    """The field with its line end: a line for each clause, 78 characters where words allow."""
    lines: list[str] = []
    for number, clause in enumerate(clauses):
        line = f"{head} {clause}" if not number else f"\t{clause}"
        while len(line) > _LINE_LIMIT and (at := line.rfind(" ", 1, _LINE_LIMIT + 1)) > len(head):
            lines.append(line[:at])
            line = f"\t{line[at + 1 :]}"
        lines.append(line)
    return "\r\n".join(lines).encode("ascii") + b"\r\n"


def name(text: str) -> str:
    """A domain, selector or host name that cannot end its clause."""
    return _NOT_A_NAME.sub("_", text)[:253] or "unknown"


def _spf(spf: Spf) -> str:
    key = "smtp.helo" if spf.scope == "helo" else "smtp.mailfrom"
    return f"spf={spf.result}" + (f" {key}={name(spf.domain)}" if spf.domain else "")


def _dkim(signatures: tuple[Dkim, ...]) -> list[str]:
    return [_signature(one) for one in signatures] or [f"dkim={Result.NONE}"]


def _signature(one: Dkim) -> str:
    reason = f' reason="{_NOT_PLAIN.sub("", one.reason)[:60]}"' if one.reason else ""
    domain = f" header.d={name(one.domain)}" if one.domain else ""
    selector = f" header.s={name(one.selector)}" if one.selector else ""
    return f"dkim={one.result}{reason}{domain}{selector}"


def _dmarc(dmarc: Dmarc) -> str:
    author = f" header.from={name(dmarc.domain)}" if dmarc.domain else ""
    policy = f" policy.dmarc={name(dmarc.policy)}" if dmarc.policy else ""
    return f"dmarc={dmarc.result}{author}{policy}"


def _arc(arc: Arc) -> str:
    sealer = f" (i={arc.instances} d={name(arc.sealer)})" if arc.sealer else ""
    return f"arc={arc.result}{sealer}"


def authserv_ids(field_value: bytes) -> frozenset[str]:
    """In whose name a field speaks, in lower case, as different readers would understand it.

    Comments, folds, quotes, control characters and encoded words do not hide a name; a version
    behind it does not count.
    """
    plain = field_value[:MOST_CHARACTERS].decode("latin-1")
    words = charset.decode_words(field_value[:MOST_CHARACTERS])
    readings = (plain, _CONTROLS.sub("", plain), words)
    return frozenset(_first_word(reading) for reading in readings)


def _first_word(text: str) -> str:
    pieces = _without_comments(charset.clean(text))
    match = _ID.match(next(pieces, ""))
    return (match[1] if match else "").lower().rstrip(".")


def dmarc_of(field_value: bytes) -> tuple[str, str]:
    """(result, author's domain) of the first DMARC clause, both empty where there is none."""
    text = field_value[:MOST_CHARACTERS].decode("latin-1").lower()
    for clause in _without_comments(text):
        verdict = _VERDICT.match(clause)
        if verdict:
            author = _AUTHOR.search(clause)
            return verdict[1], author[1].rpartition("@")[2] if author else ""
    return "", ""


def _without_comments(text: str) -> Iterator[str]:
    """The clauses between semicolons, comments as one blank and quotes undone (section 2.2)."""
    clause: list[str] = []
    position = 0
    quotes = True
    while position < len(text):
        character = text[position]
        quoted = _QUOTED.match(text, position) if character == '"' and quotes else None
        if plain := _PLAIN.match(text, position):
            clause.append(plain[0])
            position = plain.end()
        elif character == ";":
            yield "".join(clause)
            clause = []
            position += 1
        elif character == "(":
            clause.append(" ")
            position = _comment_end(text, position)
        elif quoted:
            clause.append(re.sub(r"\\(.)", r"\1", quoted[1], flags=re.DOTALL))
            position = quoted.end()
        else:
            # Behind a quote that is never closed none is: looking again would take quadratic time.
            quotes = quotes and character != '"'
            position += 1
    yield "".join(clause)


def _comment_end(text: str, position: int) -> int:
    """Behind a comment with its nested ones; one that is never closed goes to the end."""
    depth = 0
    for match in _IN_COMMENT.finditer(text, position):
        depth += {"(": 1, ")": -1}.get(match[0], 0)
        if not depth:
            return match.end()
    return len(text)
