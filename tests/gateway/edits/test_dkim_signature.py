"""Outbound mail carries its author's signature, and other programs find that it holds."""

from __future__ import annotations

import dkim as dkimpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsec.gateway.authentication import Result
from mailsec.gateway.checks import dkim
from mailsec.gateway.dkim.canonical import SignedForm
from mailsec.gateway.dkim.signing import SigningKey
from mailsec.gateway.edits.dkim_signature import signed
from mailsec.gateway.message import Message
from tests.gateway import trees
from tests.gateway.checks.making import NOW, PLAIN, Known, key_record, rsa_key

KEY = SigningKey("example.jp", "ms202611-1", rsa_key())
LISTS = (
    b"List-Id: <news.example.jp>\r\nList-Unsubscribe: <https://example.jp/u>\r\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
)
TEXT = st.text(st.sampled_from("ab =:\t;あ"), max_size=30)


def sent(raw: bytes) -> bytes:
    return signed(Message(raw), KEY, NOW).raw


def verified(raw: bytes) -> bool:
    """What an independent verifier says of the first signature."""
    answer = key_record().encode()
    return bool(dkimpy.verify(raw, dnsfunc=lambda name, timeout: answer))


def result(raw: bytes) -> Result:
    return dkim.check(SignedForm(Message(raw)), Known(), NOW, bool)[0].result


def tags_of(raw: bytes) -> dict[str, str]:
    field = Message(raw).all("dkim-signature")[0].raw.decode()
    pieces = (piece.partition("=") for piece in field.partition(":")[2].split(";"))
    return {name.strip(): "".join(value.split()) for name, _, value in pieces}


def test_the_signature_stands_on_top_and_holds_for_another_program() -> None:
    """Every byte below it leaves as it came."""
    out = sent(PLAIN)
    assert out.endswith(PLAIN)
    assert Message(out).headers[0].name == "DKIM-Signature"
    assert verified(out)
    assert result(out) is Result.PASS
    assert max(map(len, out.split(b"\r\n"))) <= 100


def test_it_says_who_signed_what_and_when() -> None:
    """RSA with SHA-256, relaxed, the whole body, and the time that was handed in."""
    found = tags_of(sent(PLAIN))
    assert (found["v"], found["a"], found["c"]) == ("1", "rsa-sha256", "relaxed/relaxed")
    assert (found["d"], found["s"]) == ("example.jp", "ms202611-1")
    assert found["t"] == str(int(NOW.timestamp()))
    assert found["h"].split(":") == [
        *("from", "subject", "date", "message-id", "to"),
        *("from", "subject", "date", "message-id", "to"),
    ]
    assert found.keys() == {"v", "a", "c", "d", "s", "t", "h", "bh", "b"}


def test_the_same_mail_at_the_same_time_is_signed_alike() -> None:
    """Every attempt of a delivery sends the same bytes."""
    assert sent(PLAIN) == sent(PLAIN)


@pytest.mark.parametrize(
    "field",
    [
        b"From: other@example.net\r\n",
        b"Subject: Other\r\n",
        b"To: other@example.net\r\n",
        b"Date: Tue, 02 Apr 2024 10:00:00 +0900\r\n",
        b"Content-Type: text/html\r\n",
        b"List-Unsubscribe: <https://example.net/u>\r\n",
    ],
)
def test_no_second_field_can_be_put_above_a_signed_one(field: bytes) -> None:
    """A mail program would show the added one, which the author never wrote."""
    out = sent(LISTS + b"Content-Type: text/plain\r\n" + PLAIN)
    assert verified(out)
    assert not verified(field + out)
    assert result(field + out) is not Result.PASS


@pytest.mark.parametrize(
    ("before", "after"),
    [(b"Hello", b"Hullo"), (b"Greetings", b"Greeting"), (b"Hello.\r\n", b"Hello.\r\nMore.\r\n")],
)
def test_a_change_on_the_way_breaks_it(before: bytes, after: bytes) -> None:
    """Text that is appended too: the body is signed whole."""
    out = sent(PLAIN)
    assert not verified(out.replace(before, after))
    assert result(out.replace(before, after)) is Result.FAIL


def test_what_servers_on_the_way_may_do_does_not_break_it() -> None:
    """Fields of their own on top, another fold, a blank at the end of a line."""
    out = sent(PLAIN).replace(b"Subject: Greetings", b"Subject:\r\n\tGreetings")
    out = b"Received: from a by b; now\r\nList-Id: <l.example.net>\r\n" + out
    assert verified(out.replace(b"Hello.\r\n", b"Hello. \r\n"))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\nno header\r\n",
        PLAIN.replace(b"\r\n", b"\n"),
        PLAIN + b"a line\n",
        PLAIN + b"a line\r",
        PLAIN.replace(b"From: ", b"Sender: "),
        b"From: a@example.jp\r\n" * 6 + PLAIN,
    ],
)
def test_mail_whose_signature_could_not_hold_is_not_signed(raw: bytes) -> None:
    """Other line ends than CRLF, no author, a crowd of authors: it stays as it is."""
    assert sent(raw) == raw


def test_an_older_signature_stays_below_ours() -> None:
    """Of the customer's own server, for instance: each holds for itself."""
    twice = sent(sent(PLAIN))
    assert verified(twice)
    found = dkim.check(SignedForm(Message(twice)), Known(), NOW, bool)
    assert [each.result for each in found.values()] == [Result.PASS, Result.PASS]


@given(trees.messages())
def test_every_mail_of_every_shape_verifies(raw: bytes) -> None:
    """By dkimpy and by our own verifier; nothing but the top is changed.

    A mail that came by SMTP ends its last line; dkimpy ends one of blanks alone by itself.
    """
    raw += b"" if raw.endswith(b"\n") else b"\r\n"
    out = sent(raw)
    if out == raw:
        assert raw.count(b"\n") != raw.count(b"\r\n") or raw.count(b"\r") != raw.count(b"\r\n")
        return
    assert out == Message(out).headers[0].raw + raw
    assert verified(out)
    assert result(out) is Result.PASS


@given(st.lists(TEXT, max_size=8), st.lists(TEXT, max_size=5))
def test_odd_blanks_folds_and_empty_lines_verify(fields: list[str], lines: list[str]) -> None:
    """Fields that stand many times too."""
    head = "".join(f"Subject: x {value}\r\n\ty{value}\r\n" for value in fields).encode()
    body = "".join(f"{line}\r\n" for line in lines).encode()
    out = sent(head + PLAIN + body)
    assert verified(out)
    assert result(out) is Result.PASS


@given(st.binary(max_size=300))
def test_any_bytes_are_signed_or_left(raw: bytes) -> None:
    """Nothing is raised, and nothing but a signature is added."""
    out = sent(b"From: a@example.jp\r\n" + raw)
    assert out.endswith(raw)
