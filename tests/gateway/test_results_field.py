"""Authentication-Results, written and read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsec.gateway import results_field
from mailsec.gateway.authentication import Arc, Authentication, Dkim, Dmarc, Result, Spf
from mailsec.gateway.message import Message

FOUND = Authentication(
    Spf(Result.FAIL, "example.jp"),
    (
        Dkim(Result.PASS, "example.jp", "s2024"),
        Dkim(Result.FAIL, "example.net", "s1", "body hash did not verify"),
    ),
    Dmarc(Result.PASS, "example.jp", "reject", aligned=True),
    Arc(Result.PASS, "example.org", 2),
)


def written(found: Authentication) -> bytes:
    value = results_field.value("mx.example.org", found)
    return results_field.folded("Authentication-Results:", value)


def test_every_result_is_named_with_what_it_is_about() -> None:
    """RFC 8601 section 2.2, one clause a line."""
    assert written(FOUND) == (
        b"Authentication-Results: mx.example.org;\r\n"
        b"\tspf=fail smtp.mailfrom=example.jp;\r\n"
        b"\tdkim=pass header.d=example.jp header.s=s2024;\r\n"
        b'\tdkim=fail reason="body hash did not verify" header.d=example.net header.s=s1;\r\n'
        b"\tdmarc=pass header.from=example.jp policy.dmarc=reject;\r\n"
        b"\tarc=pass (i=2 d=example.org)\r\n"
    )


def test_nothing_checked_is_said_as_well() -> None:
    """Otherwise a forged field could be taken for ours."""
    assert written(Authentication()) == b"Authentication-Results: mx.example.org;\r\n\tnone\r\n"


def test_no_signature_is_a_result_too() -> None:
    found = Authentication(Spf(Result.NONE, "mail.example.jp", "helo"))
    assert b"\tspf=none smtp.helo=mail.example.jp;\r\n\tdkim=none;\r\n" in written(found)


ANY = st.text(max_size=100)


@given(ANY, ANY, ANY, ANY, ANY)
def test_nothing_of_a_sender_ends_a_clause_or_a_line(
    mailfrom: str, signer: str, selector: str, author: str, policy: str
) -> None:
    """One field, of ASCII lines of at most 78 characters where words allow, with our clauses."""
    found = Authentication(
        Spf(Result.PASS, mailfrom),
        (Dkim(Result.FAIL, signer, selector, policy),),
        Dmarc(Result.FAIL, author, policy),
        Arc(Result.FAIL, signer, 1),
    )
    raw = written(found)
    message = Message(raw + b"Subject: x\r\n\r\n")
    assert [header.name for header in message.headers] == ["Authentication-Results", "Subject"]
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 130
    assert raw.count(b";") == 4
    for clause in (b"	spf=pass", b"	dkim=fail", b"	dmarc=fail", b"	arc=fail"):
        assert raw.count(clause) == 1


OURS = "mx.example.org"


@pytest.mark.parametrize(
    "value",
    [
        b" mx.example.org; dkim=pass",
        b"MX.Example.ORG;dkim=pass",
        b" mx.example.org 1; dkim=pass",
        b" mx.example.org. ; dkim=pass",
        b' "mx.example.org"; dkim=pass',
        b' "mx\\.example.org" 1; dkim=pass',
        b" (a (nested; comment) \\)) mx.example.org (more); dkim=pass",
        b"\r\n\tmx.example.org\r\n\t1; dkim=pass",
        b" (\r\n) mx.example.org; dkim=pass",
        b" m\0x.exam\x08ple.org; dkim=pass",
        b" =?utf-8?q?mx=2Eexample=2Eorg?=; dkim=pass",
        b"mx.example.org",
    ],
)
def test_our_name_is_known_however_it_is_spelled(value: bytes) -> None:
    """Attack: forged results that a reader takes for ours, and we for another's."""
    assert OURS in results_field.authserv_ids(value)


@pytest.mark.parametrize(
    "value",
    [
        b" mx.example.net; dkim=pass (mx.example.org)",
        b" (mx.example.org) mx.example.net; none",
        b" mx.example.org.example.net; none",
        b" xmx.example.org; none",
        b"; mx.example.org",
        b"",
    ],
)
def test_other_peoples_names_are_not_ours(value: bytes) -> None:
    """Their results stay."""
    assert OURS not in results_field.authserv_ids(value)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (b"mx; spf=fail; dmarc=pass (p=none) header.from=Example.JP", ("pass", "example.jp")),
        (b"mx; DMARC = Fail header.from=a@example.jp; dmarc=pass", ("fail", "example.jp")),
        (b"mx; dmarc/1=pass", ("pass", "")),
        (b"mx; spf=pass (dmarc=pass); dkim=none", ("", "")),
        (b'mx; spf=pass reason="; dmarc=pass"', ("", "")),
        (b"mx; spf=pass (; dmarc=pass", ("", "")),
        (b"", ("", "")),
    ],
)
def test_the_dmarc_result_of_another_is_read(value: bytes, found: tuple[str, str]) -> None:
    """Not from comments or quoted strings."""
    assert results_field.dmarc_of(value) == found


@given(st.binary(max_size=300))
def test_no_value_raises(value: bytes) -> None:
    """Whatever another wrote."""
    results_field.authserv_ids(value)
    results_field.dmarc_of(value)


def test_values_made_to_hang_a_reader_are_read() -> None:
    """Attack: quotes and brackets that never close, alone or behind one quote that never does."""
    for piece in (b"(", b'"', b"\\", b'"\\"', b'\\"', b"(\\", b";", b"=?a?q?"):
        for start in (b"", b'"'):
            results_field.authserv_ids(start + piece * 20_000)
            results_field.dmarc_of(start + piece * 20_000)
