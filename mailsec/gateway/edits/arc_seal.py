"""Seals what we changed with what we saw before (ARC, RFC 8617).

A change breaks the sender's signature; whoever trusts our seal learns that it held. Mail that
leaves as it came needs no seal, and a chain that does not hold is not made longer: nobody could
believe what stands above it.
"""

from __future__ import annotations

from mailsec.gateway import results_field
from mailsec.gateway.authentication import Authentication, Result
from mailsec.gateway.dkim import chain, signing
from mailsec.gateway.dkim.canonical import SignedForm
from mailsec.gateway.dkim.signing import SigningKey
from mailsec.gateway.edits.order import Order, Trace
from mailsec.gateway.errors import BadSignature
from mailsec.gateway.message import Message
from mailsec.gateway.mime import Splice, line_end, splice, with_line_ends

_SIGNED = (
    "from sender reply-to subject date message-id to cc in-reply-to references mime-version "
    "content-type content-transfer-encoding list-id list-unsubscribe dkim-signature"
).split()


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
    if len(form.fields(b"from")) > signing.MOST_ALIKE:
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
    trace: Trace, key: SigningKey, found: Authentication, form: SignedForm, before: list[bytes]
) -> tuple[bytes, bytes, bytes]:
    """Seal, signature and results, in the order in which they stand (section 4.1)."""
    instance = f"i={found.arc.instances + 1};"
    clauses = [instance, *results_field.value(trace.by_host, found)]
    results = results_field.folded("ARC-Authentication-Results:", clauses)
    # The time of reception, so that the same message is sealed alike every time.
    when = trace.received_at
    head = f"ARC-Message-Signature: {instance}"
    message = signing.signature_field(head, form, signing.names(form, _SIGNED), key, when)
    state = "pass" if before else "none"
    clauses = [f"{instance} cv={state};", *signing.who(key, when), "b="]
    unsigned = results_field.folded("ARC-Seal:", clauses)
    seal = signing.completed(unsigned, key, chain.sealed(before, results, message, unsigned))
    return seal, message, results
