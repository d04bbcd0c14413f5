"""Results that others wrote in our name go; what others wrote in theirs stays."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsec.gateway.authentication import Authentication, Result, Spf
from mailsec.gateway.edits.authentication_results import edit
from mailsec.gateway.edits.order import Order
from mailsec.gateway.edits.trace import trace_block
from mailsec.gateway.envelope import Direction
from mailsec.gateway.message import Message
from mailsec.gateway.pipeline import prepare
from mailsec.gateway.policy import Policy
from mailsec.gateway.results_field import authserv_ids
from mailsec.gateway.verdict import Decision, Disposition
from tests.gateway.checks.making import NOW, PLAIN, trace

DELIVER = Decision(Disposition.DELIVER)
ORDER = Order(DELIVER, Policy(), NOW, trace(Authentication()))
THEIRS = b"Authentication-Results: mx.example.net; dkim=pass header.d=example.jp\r\n"


def ours(raw: bytes) -> list[bytes]:
    """The fields that speak in our name."""
    return [
        field.raw
        for field in Message(raw).all("authentication-results")
        if "mx.example.org" in authserv_ids(field.value_raw)
    ]


@pytest.mark.parametrize(
    "field",
    [
        b"Authentication-Results: mx.example.org; dmarc=pass\r\n",
        b"authentication-results : MX.EXAMPLE.ORG 1; dmarc=pass\r\n",
        b'AUTHENTICATION-RESULTS:\r\n (really)\r\n\t"mx.example.org"\r\n\t1; dmarc=pass\r\n',
        b"Authentication-Results: (" + b"x" * 70_000 + b") mx.example.org; dmarc=pass\r\n",
    ],
)
def test_forged_results_go_with_their_folds(field: bytes) -> None:
    """Attack: whoever reads the first or the last field of our name reads the forger's."""
    raw = THEIRS + field + PLAIN + field
    assert edit(Message(raw), ORDER).raw == THEIRS + PLAIN + field


def test_results_of_others_stay() -> None:
    """They are worth what their writers are worth; the message is the same object."""
    message = Message(THEIRS + PLAIN)
    assert edit(message, ORDER) is message


def test_only_inbound_mail_is_looked_at() -> None:
    """What the tenant's own server wrote is not forged."""
    message = Message(b"Authentication-Results: mx.example.org; none\r\n" + PLAIN)
    outbound = replace(trace().envelope, direction=Direction.OUTBOUND)
    order = replace(ORDER, trace=replace(trace(), envelope=outbound))
    assert edit(message, order) is message
    assert edit(message, replace(ORDER, trace=None)) is message


def test_clean_mail_leaves_as_our_block_and_its_own_bytes() -> None:
    """Received on top, Authentication-Results below it, then what was received."""
    received = trace(Authentication(Spf(Result.PASS, "example.jp")))
    block = trace_block(received)
    assert [field.name for field in Message(block + PLAIN).headers[:3]] == [
        "Received",
        "Authentication-Results",
        "From",
    ]
    assert prepare(Message(PLAIN), DELIVER, Policy(), NOW, received) == block + PLAIN


SPELLED = st.sampled_from(
    [b"mx.example.org", b'"mx.example.org"', b"MX.Example.Org", b"mx.example"]
)
NOISE = st.sampled_from(
    [b"", b" ", b"\r\n ", b"\t", b"(x)", b'("', b"(\\))", b"\0", b";", b" 1", b"=?a?q?x?=", b'"']
)


@given(st.lists(st.tuples(NOISE, SPELLED, NOISE, NOISE), max_size=4), st.booleans())
def test_no_forged_field_survives(parts: list[tuple[bytes, ...]], unix: bool) -> None:
    """However it is spelled: exactly one field speaks in our name, and it is the first one."""
    fields = b"".join(
        b"Authentication-Results:" + b"".join(part) + b"; dmarc=pass\r\n" for part in parts
    )
    raw = fields + PLAIN
    raw = raw.replace(b"\r\n", b"\n") if unix else raw
    out = prepare(Message(raw), DELIVER, Policy(), NOW, ORDER.trace)
    assert len(ours(out)) == 1
    assert Message(out).headers[1].raw.split()[1] == b"mx.example.org;"
    assert Message(out).text == Message(raw).text
