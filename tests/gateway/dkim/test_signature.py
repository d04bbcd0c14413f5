"""Our verifier against an independent signer."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from mailsec.gateway.authentication import Result
from mailsec.gateway.checks import dkim
from mailsec.gateway.dkim.canonical import SignedForm
from mailsec.gateway.message import Message
from tests.gateway.checks.making import NOW, PLAIN, Known, signed

FORMS = list(itertools.product((b"simple", b"relaxed"), repeat=2))
TEXT = st.text(st.sampled_from("ab =:\t;あ"), max_size=30)


def result(raw: bytes) -> Result:
    return dkim.check(SignedForm(Message(raw)), Known(), NOW, bool)[0].result


@given(st.lists(TEXT, max_size=5), st.lists(TEXT, max_size=5), st.sampled_from(FORMS))
def test_what_another_program_signs_verifies(
    fields: list[str], lines: list[str], forms: tuple[bytes, bytes]
) -> None:
    """dkimpy signs odd blanks, folds and empty lines in all four forms."""
    head = "".join(f"Subject: x {value}\r\n\ty{value}\r\n" for value in fields).encode()
    body = "".join(f"{line}\r\n" for line in lines).encode()
    assert result(signed(head + PLAIN + body, forms=forms)) is Result.PASS


@given(st.integers(0, 2**32), st.sampled_from(FORMS))
def test_any_other_letter_in_body_or_signed_fields_breaks_it(
    seed: int, forms: tuple[bytes, bytes]
) -> None:
    """One letter of the message is exchanged for another."""
    raw = bytearray(signed(PLAIN, forms=forms))
    start = raw.index(b"From: ")
    letters = [at for at in range(start, len(raw)) if chr(raw[at]).isalpha()]
    letters = [at for at in letters if b": " not in raw[at : at + 12]]
    at = letters[seed % len(letters)]
    raw[at] = ord("q") if raw[at] != ord("q") else ord("z")
    assert result(bytes(raw)) is not Result.PASS
