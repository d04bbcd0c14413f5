"""Seals what we changed with what we saw before (ARC, RFC 8617).

A change breaks the sender's signature; whoever trusts our seal learns that it held. Mail that
leaves as it came needs no seal, and a chain that does not hold is not made longer: nobody could
believe what stands above it.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime

from mailsec.gateway import results_field
from mailsec.gateway.authentication import Authentication, Result
from mailsec.gateway.dkim import chain, tags
from mailsec.gateway.dkim.canonical import SignedForm
from mailsec.gateway.dkim.keys import ArcKey
from mailsec.gateway.edits.order import Order, Trace
from mailsec.gateway.errors import BadSignature
from mailsec.gateway.message import Message
from mailsec.gateway.mime import Splice, line_end, splice, with_line_ends

_SIGNED = (
    "from sender reply-to subject date message-id to cc in-reply-to references mime-version "
    "content-type content-transfer-encoding list-id list-unsubscribe dkim-signature"
).split()
# Of other fields than From that are there more often, only the last ones are signed.
_MOST_ALIKE = 5
_BASE64_LINE = 64


def edit(message: Message, order: Order) -> Message:
    """The changed message with one ARC set on top, or itself."""
    trace = order.trace
    if trace is None or trace.arc_key is None or not message.headers:
        return message
    if order.received is None or message.raw == order.received:
        return message
    found, form = trace.authentication, SignedForm(message)
    before = _before(found, form)
    if found is None or before is None:
        return message
    fields = _set(trace, trace.arc_key, found, form, before)
    at = message.headers[0].start
    block = with_line_ends(b"".join(fields), line_end(message.raw))
    return Message(splice(message.raw, [Splice(at, at, block)]))


def _before(found: Authentication | None, form: SignedForm) -> list[bytes] | None:
    """The fields of the chain so far, None where it may not go on."""
    if found is None or found == Authentication():
        return None  # Nothing was checked, so there is nothing to testify.
    if len(form.fields(b"from")) > _MOST_ALIKE:
        return None  # All of them would have to be signed, and nobody sends such mail honestly.
    if found.arc.result is Result.NONE:
        return [] if chain.is_empty(form) else None
    if found.arc.result is not Result.PASS or found.arc.instances >= chain.MOST_SETS:
        return None
    try:
        fields = chain.fields_of(form)
    except BadSignature:
        return None
    return fields if len(fields) == 3 * found.arc.instances else None


def _set(
    trace: Trace, key: ArcKey, found: Authentication, form: SignedForm, before: list[bytes]
) -> tuple[bytes, bytes, bytes]:
    """Seal, signature and results, in the order in which they stand (section 4.1)."""
    instance = f"i={found.arc.instances + 1};"
    who = [f"a=rsa-sha256; d={key.domain}; s={key.selector};", _made(trace.received_at)]
    clauses = [instance, *results_field.value(trace.by_host, found)]
    results = results_field.folded("ARC-Authentication-Results:", clauses)
    names = _names(form)
    digest, _ = form.body(relaxed=True)
    body = base64.b64encode(digest).decode("ascii")
    clauses = [f"{instance} c=relaxed/relaxed;", *who, f"h={' : '.join(names)};", f"bh={body};"]
    unsigned = results_field.folded("ARC-Message-Signature:", [*clauses, "b="])
    picked = [name.encode("ascii") for name in names]
    data = form.header(picked, True, tags.without_signature(unsigned))
    message = _signed(unsigned, key, hashlib.sha256(data).digest())
    state = "pass" if before else "none"
    unsigned = results_field.folded("ARC-Seal:", [f"{instance} cv={state};", *who, "b="])
    seal = _signed(unsigned, key, chain.sealed(before, results, message, unsigned))
    return seal, message, results


def _made(received_at: datetime) -> str:
    # The time of reception, so that the same message is sealed alike every time.
    return f"t={int(received_at.timestamp())};"


def _names(form: SignedForm) -> list[str]:
    """Every signed field as often as it is there; From once more, so that none can be added."""
    names = [name for name in _SIGNED for _ in form.fields(name.encode("ascii"))[:_MOST_ALIKE]]
    return [*names, "from"]


def _signed(unsigned: bytes, key: ArcKey, digest: bytes) -> bytes:
    text = base64.b64encode(key.signature(digest))
    lines = [text[at : at + _BASE64_LINE] for at in range(0, len(text), _BASE64_LINE)]
    return unsigned.removesuffix(b"\r\n") + b"\r\n\t".join(lines) + b"\r\n"
