"""The warning about suspicious mail, as the reader sees it."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from mailsec.gateway.edits import suspicions
from mailsec.gateway.edits.texts import Notice, notice_text
from mailsec.gateway.envelope import Client, Direction, Envelope
from mailsec.gateway.message import Message
from mailsec.gateway.pipeline import Services, decide, examine, prepare
from mailsec.gateway.policy import Language, Policy
from mailsec.gateway.verdict import Finding, Severity
from tests.gateway.filters.making import NoScanner

WHEN = datetime(2026, 4, 1, tzinfo=UTC)
POLICY = Policy()
INBOUND = Envelope(Direction.INBOUND, Client("192.0.2.1"), "a@example.net", ("b@example.com",))
NAME = "=?utf-8?B?" + base64.b64encode("三井住友カード".encode()).decode() + "?="
FROM = f"From: {NAME} <a@example.net>\r\nSubject: x\r\nMIME-Version: 1.0\r\n".encode()
JAPANESE, ENGLISH = "このメールには不審な点があります。", "There is something suspicious"


def finding(code: str, **detail: str) -> Finding:
    return Finding(code, code, Severity.SUSPICIOUS, detail=detail)


def sent(raw: bytes, policy: Policy = POLICY) -> Message:
    """What leaves after look, decide and change."""
    message = Message(raw)
    verdict = examine(message, INBOUND, policy, Services(NoScanner()))
    return Message(prepare(message, decide(verdict, INBOUND, policy), policy, WHEN))


def notice(*warned: Finding, language: Language = Language.JAPANESE) -> str:
    return notice_text(Notice((), warned, WHEN, "", language))


@pytest.mark.parametrize(
    ("label", "encoding"), [("iso-2022-jp", "7bit"), ("Shift_JIS", "8bit"), ("utf-8", "8bit")]
)
def test_the_text_is_headed_by_the_warning_in_its_own_code(label: str, encoding: str) -> None:
    """With the reason, both languages, and the letter behind it."""
    letter = "ご利用確認のお願い\r\n"
    head = f"Content-Type: text/plain; charset={label}\r\nContent-Transfer-Encoding: {encoding}\r\n"
    out = sent(FROM + head.encode() + b"\r\n" + letter.encode(label))
    text = out.parts[0].text()
    assert out.parts[0].charset.lower() in (label.lower(), "utf-8")
    assert JAPANESE in text
    assert ENGLISH in text
    assert "「三井住友カード」を名乗っていますが" in text
    assert "検査できませんでした" not in text
    assert text.endswith(letter)


def test_html_and_text_are_both_headed() -> None:
    """Whichever a mail program shows."""
    body = (
        b'Content-Type: multipart/alternative; boundary="b"\r\n\r\n'
        b"--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n"
        b"--b\r\nContent-Type: text/html\r\n\r\n<html><body><p>hello</p></body></html>\r\n--b--\r\n"
    )
    out = sent(FROM + body)
    assert JAPANESE in out.parts[1].text()
    assert JAPANESE in Message(b"Content-Type: text/html\r\n\r\n" + out.parts[2].content()).text
    assert out.parts[2].text().index("<body>") < out.parts[2].text().index("<div")


@pytest.mark.parametrize(
    "kind",
    [
        b'multipart/signed; protocol="application/pkcs7-signature"; boundary="b"',
        b'multipart/encrypted; protocol="application/pgp-encrypted"; boundary="b"',
    ],
)
def test_signed_and_encrypted_letters_keep_every_byte_and_their_subject_warns(kind: bytes) -> None:
    """What is signed or encrypted is what lies in the body; the subject stands outside of it."""
    raw = (
        FROM + b"Content-Type: " + kind + b"\r\n\r\n"
        b"--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n"
        b"--b\r\nContent-Type: application/octet-stream\r\n\r\nx\r\n--b--\r\n"
    )
    out = sent(raw)
    assert out.subject.startswith("[要注意]")
    assert out.raw.partition(b"\r\n\r\n")[2] == raw.partition(b"\r\n\r\n")[2]
    assert [field.name for field in out.headers] == [field.name for field in Message(raw).headers]


def test_an_invitation_keeps_every_byte_and_its_subject_warns() -> None:
    """Attack: a mail that is a calendar entry and nothing else, so no text can be put in front."""
    raw = FROM + b"Content-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\n"
    out = sent(raw)
    assert out.subject.startswith("[要注意]")
    assert out.raw.partition(b"\r\n\r\n")[2] == raw.partition(b"\r\n\r\n")[2]


@pytest.mark.parametrize("label", [b"utf-16", b"utf-7", b"hz"])
def test_html_that_is_not_what_its_label_says_is_headed(label: bytes) -> None:
    """Attack: a label that cannot be right, so that the notice does not fit in."""
    kind = b"Content-Type: text/html; charset=" + label + b"\r\n\r\n"
    out = sent(FROM + kind + b"<html><body><p>hello \xe9+~{</p></body></html>\r\n")
    assert JAPANESE in out.text or out.subject.startswith("[要注意]")


def test_a_signed_part_inside_stays_while_the_letter_is_headed() -> None:
    """The notice goes into the part in front of it."""
    signed = (
        b'Content-Type: multipart/signed; boundary="s"\r\n\r\n'
        b"--s\r\nContent-Type: text/plain\r\n\r\nsigned\r\n"
        b"--s\r\nContent-Type: application/pgp-signature\r\n\r\nx\r\n--s--\r\n"
    )
    raw = (
        FROM + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
        b"--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b\r\n" + signed + b"--b--\r\n"
    )
    out = sent(raw)
    assert JAPANESE in out.parts[1].text()
    assert signed in out.raw


def test_mail_without_a_sign_and_tenants_without_the_warning_get_none() -> None:
    """The finding stays on record either way."""
    raw = FROM + b"\r\nhello\r\n"
    assert sent(raw, replace(POLICY, warn_suspicious=False)).raw == raw
    plain = raw.replace(NAME.encode(), b"Example")
    assert sent(plain).raw == plain


@pytest.mark.parametrize("code", suspicions.CODES)
def test_every_sign_has_its_sentence_in_both_languages(code: str) -> None:
    """Also where the finding says nothing more."""
    japanese, english = suspicions.words(finding(code))
    assert any("\u3040" <= char <= "\u30ff" for char in japanese)
    assert english.replace("“", "").replace("”", "").isascii()
    assert japanese.endswith("。")
    assert english.endswith(".")


def test_the_tenants_language_comes_first() -> None:
    """The other follows."""
    sign = finding("brand-name", brand="Example", address="a@example.net")
    for language, first in ((Language.JAPANESE, JAPANESE), (Language.ENGLISH, ENGLISH)):
        text = notice(sign, language=language)
        starts = sorted((text.index(JAPANESE), text.index(ENGLISH)))
        assert text.index(first) == starts[0]


def test_suspicious_and_unexamined_are_told_apart() -> None:
    """Each under its own sentence."""
    locked = Finding("readable", "encrypted", Severity.UNEXAMINED, 1, {"name": "a.zip"})
    text = notice(locked, finding("split-words"))
    assert "検査できませんでした" in text
    assert "a.zip" in text
    assert JAPANESE in text
    assert text.count("・") == 1
    assert JAPANESE not in notice(locked)


def test_the_warning_itself_leads_nowhere() -> None:
    """Mail programs make a link of every host that is written out."""
    sign = finding("link-mismatch", shown="www.example.com", target="login.example.org")
    for sentence in suspicions.words(sign):
        assert "login[.]example[.]org" in sentence
        assert "example.org" not in sentence


@pytest.mark.parametrize("name", ["shown", "address", "reply_to", "brand", "asks"])
@pytest.mark.parametrize(
    "text",
    [
        "詳細は https://login.example.org/ @ まで",
        "https://login.example.org/@example.net",
        "login.example.org/x@example.net",
        "@ www.example.org",
    ],
)
def test_what_a_sender_writes_makes_no_link_of_the_warning(name: str, text: str) -> None:
    """Attack: a name or address that leads on, in the service's own words."""
    code = {"shown": "impersonated-name", "asks": "money-request"}.get(name, "reply-to-elsewhere")
    code = "brand-name" if name == "brand" else code
    for sentence in suspicions.words(finding(code, **{name: text})):
        assert "https://" not in sentence
        assert "example.org" not in sentence


def test_addresses_in_the_warning_can_be_read() -> None:
    """A mail address leads nowhere."""
    sign = finding("address-in-name", shown="a.b@example.com", address="c@example.net")
    for sentence in suspicions.words(sign):
        assert "a.b@example.com" in sentence
        assert "c@example.net" in sentence


def test_braces_in_a_mail_are_only_text() -> None:
    """The sentences are made by braces themselves."""
    sign = finding("brand-name", brand="{x}", address="{0.__class__}")
    assert "{0[.]__class__}" in suspicions.words(sign)[1]


def test_an_unknown_sign_gets_a_general_sentence() -> None:
    """A filter without words still warns."""
    assert all(suspicions.words(finding("new-sign")))


def test_many_signs_are_cut_off() -> None:
    """The letter must not disappear behind the warning."""
    signs = [finding("brand-name", brand=str(number), address="a") for number in range(100)]
    assert notice(*signs).count("・") <= 20
