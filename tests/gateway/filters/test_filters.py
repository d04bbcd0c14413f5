"""Each filter finds its own fact, and only that."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailsec.gateway.authentication import Authentication, Dmarc, Result, Spf
from mailsec.gateway.case import Case
from mailsec.gateway.contents import Content
from mailsec.gateway.envelope import Client, Direction, Envelope
from mailsec.gateway.errors import ContentTooLarge, ScannerUnavailable
from mailsec.gateway.file_types import identify
from mailsec.gateway.filters import file_types, readable, structure, virus
from mailsec.gateway.message import Message
from mailsec.gateway.policy import Policy
from mailsec.gateway.ports import ScanResult, Services
from mailsec.gateway.unpack import Problem
from mailsec.gateway.verdict import Severity

ENVELOPE = Envelope(Direction.INBOUND, Client("192.0.2.1"), "a@example.jp", ("b@example.com",))
POLICY = Policy()


class FakeScanner:
    """Answers with a virus's name, or with an error."""

    name = "fake"

    def __init__(self, answer: str | Exception) -> None:
        self._answer = answer

    def scan(self, content: bytes) -> ScanResult:
        if isinstance(self._answer, Exception):
            raise self._answer
        return ScanResult(self._answer)


def services(answer: str | Exception = "") -> Services:
    return Services(FakeScanner(answer))


def case(policy: Policy, services: Services, raw: bytes = b"") -> Case:
    return Case(Message(raw), ENVELOPE, policy, services)


def content(data: bytes = b"hello", name: str = "a.txt", inside: str = "") -> Content:
    return Content(3, name, inside, data, identify(data, inside or name))


def test_a_virus_is_malicious_and_named() -> None:
    """With the file and the way to it."""
    (found,) = virus.look(content(inside="x/b.txt"), case(POLICY, services("Bad.Thing")))
    assert (found.code, found.severity, found.part) == ("virus", Severity.MALICIOUS, 3)
    assert found.detail == {"name": "a.txt", "inside": "x/b.txt", "virus": "Bad.Thing"}


def test_no_virus_no_finding() -> None:
    """Nor for an empty content, nor with the check off."""
    off = replace(POLICY, virus_check=False)
    assert not list(virus.look(content(), case(POLICY, services())))
    assert not list(virus.look(content(b""), case(POLICY, services("Bad"))))
    assert not list(virus.look(content(), case(off, services("Bad"))))


def test_a_scanner_without_an_answer_is_not_clean() -> None:
    """One error passes through, the other is a finding."""
    with pytest.raises(ScannerUnavailable):
        list(virus.look(content(), case(POLICY, services(ScannerUnavailable()))))
    (found,) = virus.look(content(), case(POLICY, services(ContentTooLarge())))
    assert found.severity is Severity.UNEXAMINED


@pytest.mark.parametrize(
    ("data", "name", "inside", "shown"),
    [
        (b"MZ\0", "report.pdf", "", "exe"),
        (b"hello", "run.scr", "", "scr"),
        (b"hello", "a.zip", "run.vbs", "vbs"),
        (b"", "a.zip", "secret.exe", "exe"),
        (b"MZ\0", "a.scr", "", "exe"),
    ],
)
def test_a_forbidden_type_is_found_by_content_or_name(
    data: bytes, name: str, inside: str, shown: str
) -> None:
    """Also by the name alone, where an encrypted archive shows no content."""
    (found,) = file_types.look(content(data, name, inside), case(POLICY, services()))
    assert (found.code, found.severity) == ("file-type", Severity.FORBIDDEN)
    assert found.detail["type"] == shown


def test_allowed_types_and_a_check_that_is_off_find_nothing() -> None:
    """The list is the tenant's."""
    program = content(b"MZ\0", "a.exe")
    assert not list(file_types.look(content(), case(POLICY, services())))
    off = replace(POLICY, file_type_check=False)
    assert not list(file_types.look(program, case(off, services())))
    other = replace(POLICY, file_types=("vbs",))
    assert not list(file_types.look(program, case(other, services())))


PROVED = Authentication(dmarc=Dmarc(Result.PASS, "example.jp"))
BY_SPF = Authentication(spf=Spf(Result.PASS, "example.jp"))
BY_HELO = Authentication(spf=Spf(Result.PASS, "example.jp", "helo"))


@pytest.mark.parametrize(
    ("author", "exceptions", "authentication", "let_in"),
    [
        ("a@example.jp", ("example.jp",), PROVED, True),
        ("a@mail.example.jp", ("example.jp",), PROVED, True),
        ("a@example.jp", ("a@example.jp",), PROVED, True),
        ("a@example.jp", ("b@example.jp",), PROVED, False),
        ("a@example.jp", ("example.jp",), Authentication(), False),
        ("x@example.net", ("example.jp",), PROVED, False),
        ("x@example.net", ("example.jp",), BY_SPF, True),
        ("x@example.net", ("example.jp",), BY_HELO, False),
        ("a@example.jp, b@example.net", ("example.jp",), PROVED, False),
        ("a@example.jp", (), PROVED, False),
    ],
)
def test_files_of_an_excepted_sender_are_let_in_where_it_is_proved(
    author: str, exceptions: tuple[str, ...], authentication: Authentication, let_in: bool
) -> None:
    """By the author in From, or by SPF for the envelope's sender; the name alone opens nothing."""
    policy = replace(POLICY, file_type_exceptions=exceptions)
    raw = f"From: {author}\r\n\r\nhello".encode()
    program = content(b"MZ\0", "a.exe")
    found = case(policy, services("Bad.Thing"), raw)
    found = replace(found, authentication=authentication)
    assert bool(list(file_types.look(program, found))) is not let_in
    assert list(virus.look(program, found))


@pytest.mark.parametrize("problem", list(Problem)[1:])
def test_a_problem_is_not_clean(problem: Problem) -> None:
    """Under its own name."""
    (found,) = readable.look(replace(content(), problem=problem), case(POLICY, services()))
    assert (found.code, found.severity) == (problem.value, Severity.UNEXAMINED)


def test_a_container_that_nothing_opens_is_not_clean() -> None:
    """And an encrypted Office file is encrypted."""
    (found,) = readable.look(content(b"\x60\xea\x22\x00"), case(POLICY, services()))
    assert found.code == "unsupported"
    office = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le") + b"\0\0"
    (found,) = readable.look(content(office), case(POLICY, services()))
    assert found.code == "encrypted"
    assert not list(readable.look(content(), case(POLICY, services())))


def test_a_message_that_was_not_read_to_its_end_is_not_clean() -> None:
    """Nested too deep."""
    raw = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level)
        for level in range(60)
    )
    codes = [f.code for f in structure.look(case(POLICY, services(), raw))]
    assert codes == ["too-deep"]
    assert not list(structure.look(case(POLICY, services(), b"Subject: x\r\n\r\n")))
