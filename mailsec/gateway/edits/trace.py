"""The trace block: how the message came to us (RFC 5321 section 4.4), and what was found of its
sender (RFC 8601)."""

from __future__ import annotations

import re
from email.utils import format_datetime

from mailsec.gateway import results_field
from mailsec.gateway.edits.order import Order, Trace
from mailsec.gateway.message import Message
from mailsec.gateway.mime import Splice, add_header_on_top, line_end, splice, with_line_ends

__all__ = ["Trace", "edit", "trace_block", "trace_field"]

_LINE_LIMIT = 78
_NOT_A_NAME = re.compile(r"[^A-Za-z0-9.:_\[\]-]")
_NOT_A_MAILBOX = re.compile(r"[^!-~]|[<>()]")
_NAME_LENGTH = 255


def edit(message: Message, order: Order) -> Message:
    """The message with its trace block in front of all others, or itself."""
    if order.trace is None:
        return message
    field = with_line_ends(trace_block(order.trace), line_end(message.raw))
    if not message.headers:
        return Message(add_header_on_top(message.raw, field))
    # Junk in front of the first field stays there: it must not become a part of ours.
    at = message.headers[0].start
    return Message(splice(message.raw, [Splice(at, at, field)]))


def trace_block(trace: Trace) -> bytes:
    """All that we put on top of a message, also of one that leaves as it came.

    That is Received, and below it Authentication-Results where the sender was looked at.
    """
    if trace.authentication is None:
        return trace_field(trace)
    clauses = results_field.value(trace.by_host, trace.authentication)
    return trace_field(trace) + results_field.folded("Authentication-Results:", clauses)


def trace_field(trace: Trace) -> bytes:
    """The folded Received field, in ASCII alone and with nothing a client could break."""
    client = trace.envelope.client
    clauses = [
        f"from {_name(client.helo)} ({_address_literal(client.ip)})",
        f"by {_name(trace.by_host)}",
        f"with {trace.protocol}" + (f" ({_name(client.tls)})" if client.tls else ""),
        f"id {_name(trace.queue_id)}",
    ]
    recipients = trace.envelope.recipients
    # With several recipients this would show the hidden ones to the others (RFC 5321 section 7.6).
    if len(recipients) == 1 and not _NOT_A_MAILBOX.search(recipients[0]):
        clauses.append(f"for <{recipients[0]}>")
    clauses[-1] += ";"
    clauses.append(format_datetime(trace.received_at))
    return _folded("Received:", clauses)


def _folded(name: str, words: list[str]) -> bytes:
    """The clauses one after the other, a new line where 78 characters would be exceeded."""
    lines = [name]
    for word in words:
        if len(lines[-1]) + 1 + len(word) <= _LINE_LIMIT:
            lines[-1] += f" {word}"
        else:
            lines.append(f"\t{word}")
    return "\r\n".join(lines).encode("ascii") + b"\r\n"


def _name(value: str) -> str:
    """A host name, literal or id without anything that could end the clause or the line."""
    return _NOT_A_NAME.sub("?", value)[:_NAME_LENGTH] or "unknown"


def _address_literal(ip: str) -> str:
    if not ip:
        return "unknown"
    return f"[IPv6:{_name(ip)}]" if ":" in ip else f"[{_name(ip)}]"
