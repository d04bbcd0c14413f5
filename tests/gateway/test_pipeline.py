"""Look, decide, change: the core as the shell calls it."""

from __future__ import annotations

import base64
import io
import os
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsec.gateway.edits.trace import Trace, trace_field
from mailsec.gateway.envelope import Client, Direction, Envelope
from mailsec.gateway.errors import ContentTooLarge, EditRefused, ScannerUnavailable
from mailsec.gateway.message import Message
from mailsec.gateway.pipeline import Services, decide, examine, prepare, refused
from mailsec.gateway.policy import Language, Policy, Unexamined
from mailsec.gateway.ports import ScanResult
from mailsec.gateway.signatures.engine import BuiltinScanner
from mailsec.gateway.verdict import Decision, Disposition, Finding, Severity, Verdict
from tests.gateway.trees import messages

CASES = Path(os.environ.get("MAILSEC_CASES", Path(__file__).parents[3] / "shared" / "cases"))
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EIC" + b"AR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
PROGRAM = b"MZ" + b"\0" * 100
TOKYO = timezone(timedelta(hours=9))
WHEN = datetime(2024, 4, 1, 10, 0, tzinfo=TOKYO)
POLICY = Policy(contact="helpdesk@example.com")
INBOUND = Envelope(
    Direction.INBOUND, Client("192.0.2.1", "mail.example.jp"), "a@example.jp", ("b@example.com",)
)
OUTBOUND = replace(INBOUND, direction=Direction.OUTBOUND)
SERVICES = Services(BuiltinScanner())


class FakeScanner:
    """A scanner that answers as told."""

    name = "fake"

    def __init__(self, answer: Callable[[bytes], ScanResult]) -> None:
        self._answer = answer

    def scan(self, content: bytes) -> ScanResult:
        return self._answer(content)


def mail(*files: tuple[str, bytes], text: str = "hello") -> bytes:
    parts = [f"Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n".encode()]
    for name, content in files:
        head = (
            f'Content-Type: application/octet-stream; name="{name}"\r\n'
            f'Content-Disposition: attachment; filename="{name}"\r\n'
            "Content-Transfer-Encoding: base64\r\n\r\n"
        )
        parts.append(head.encode() + base64.encodebytes(content).replace(b"\n", b"\r\n"))
    body = b"".join(b"--b\r\n" + part for part in parts)
    return (
        b"From: a@example.jp\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + body + b"--b--\r\n"
    )


def signed(*files: tuple[str, bytes]) -> bytes:
    return mail(*files).replace(b"multipart/mixed", b"multipart/signed")


def zip_of(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("_", "."), content)
    return out.getvalue()


def encrypted_zip() -> bytes:
    archive = bytearray(zip_of(secret_txt=b"content"))
    archive[6] |= 1
    archive[archive.index(b"PK\x01\x02") + 8] |= 1
    return bytes(archive)


def look(raw: bytes, policy: Policy = POLICY, services: Services = SERVICES) -> Verdict:
    return examine(Message(raw), INBOUND, policy, services)


def way(raw: bytes, policy: Policy = POLICY) -> Message:
    """The outgoing form of an inbound mail that is delivered."""
    decision = decide(look(raw, policy), INBOUND, policy)
    assert decision.disposition is Disposition.DELIVER
    return Message(prepare(Message(raw), decision, policy, WHEN))


def test_a_clean_mail_has_no_findings_and_leaves_as_it_came() -> None:
    """Below the trace field every byte is the same."""
    raw = mail(("a.txt", b"hello"), ("b.zip", zip_of(a_txt=b"text")))
    verdict = look(raw)
    decision = decide(verdict, INBOUND, POLICY)
    trace = Trace("mx.example.org", "1", datetime(2024, 4, 1, tzinfo=UTC), INBOUND)
    assert verdict.findings == ()
    assert not decision.changes_message
    assert prepare(Message(raw), decision, POLICY, WHEN) == raw
    assert prepare(Message(raw), decision, POLICY, WHEN, trace) == trace_field(trace) + raw


def test_a_virus_is_removed_and_the_reader_is_told() -> None:
    """File, virus, time and contact stand at the head; the original is kept."""
    raw = mail(("請求書.com", EICAR), ("b.txt", b"rest"))
    decision = decide(look(raw), INBOUND, POLICY)
    assert decision.keep_original
    out = way(raw)
    text = out.parts[1].text()
    for word in ("請求書.com", "Eicar-Test-Signature", "2024年04月01日 10:00", POLICY.contact):
        assert word in text
    assert text.index("お知らせ") < text.index("Notice from mail security")
    assert text.endswith("\r\n\r\nhello")
    assert [part.name for part in out.parts] == ["", "", "b.txt"]
    assert out.parts[2].content() == b"rest"


def test_the_tenants_language_comes_first() -> None:
    """Both are there."""
    text = way(mail(("a.exe", PROGRAM)), replace(POLICY, language=Language.ENGLISH)).parts[1].text()
    assert 0 < text.index("Notice from mail security") < text.index("お知らせ")


def test_a_program_deep_in_an_archive_condemns_the_archive() -> None:
    """The whole attachment goes; the notice names the way to the file."""
    raw = mail(("docs.zip", zip_of(inner_zip=zip_of(readme_txt=PROGRAM))))
    verdict = look(raw)
    assert [(f.code, f.part, f.detail["inside"]) for f in verdict.findings] == [
        ("file-type", 2, "inner.zip/readme.txt")
    ]
    out = way(raw)
    assert "docs.zip (inner.zip/readme.txt)" in out.parts[1].text()
    assert len(out.parts) == 2


def test_a_program_without_a_name_or_under_a_false_one_is_found() -> None:
    """By content as well as by name, and by name as well as by content."""
    for name, content in (("report.pdf", PROGRAM), ("", PROGRAM), ("a.scr", b"not a program")):
        assert [f.code for f in look(mail((name, content))).findings] == ["file-type"]


def test_a_letter_that_quotes_a_script_is_a_letter() -> None:
    """Words at its beginning are evidence only in a file."""
    assert look(mail(text="@echo off\r\nis how the script begins")).findings == ()
    assert look(mail(("a.txt", b"@echo off\r\n"))).findings != ()


def test_checks_that_are_off_find_nothing() -> None:
    """Each has its own switch, and the list is the tenant's."""
    raw = mail(("a.exe", EICAR))
    none = replace(POLICY, virus_check=False, file_type_check=False)
    assert look(raw, none).findings == ()
    assert {f.code for f in look(raw, replace(POLICY, file_types=("scr",))).findings} == {"virus"}


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.zip", encrypted_zip(), "encrypted"),
        ("a.zip", zip_of(a_txt=os.urandom(9000))[:4000], "damaged"),
        ("a.zip", zip_of(a_bin=b"\0" * 5_000_000), "over-budget"),
        ("a.rar", b"Rar!\x1a\x07\x01\0", "damaged"),
        ("a.arj", b"\x60\xea" + bytes(60), "unsupported"),
    ],
)
def test_what_could_not_be_looked_into_is_never_clean(name: str, content: bytes, code: str) -> None:
    """It is delivered with a warning or set aside, as the policy says."""
    raw = mail((name, content))
    verdict = look(raw)
    assert code in {finding.code for finding in verdict.findings}
    out = way(raw)
    assert out.parts[-1].content() == content
    assert "検査できませんでした" in out.parts[1].text()
    strict = replace(POLICY, unexamined=Unexamined.QUARANTINE)
    assert decide(verdict, INBOUND, strict).disposition is Disposition.QUARANTINE


def test_a_scanner_that_is_away_stops_the_examination() -> None:
    """The caller waits; there is no verdict that could be taken for clean."""

    def away(content: bytes) -> ScanResult:
        raise ScannerUnavailable

    with pytest.raises(ScannerUnavailable):
        look(mail(), services=Services(FakeScanner(away)))


def test_a_content_that_the_scanner_does_not_take_counts_as_not_examined() -> None:
    """Waiting would not help."""

    def too_large(content: bytes) -> ScanResult:
        raise ContentTooLarge

    verdict = look(mail(), services=Services(FakeScanner(too_large)))
    assert {(f.code, f.severity) for f in verdict.findings} == {
        ("over-budget", Severity.UNEXAMINED)
    }


def test_each_content_is_scanned_once() -> None:
    """An archive is opened once for all filters."""
    seen: list[bytes] = []

    def note(content: bytes) -> ScanResult:
        seen.append(content)
        return ScanResult()

    archive = zip_of(a_txt=b"first", b_txt=b"second")
    look(mail(("a.zip", archive)), services=Services(FakeScanner(note)))
    assert seen == [b"hello", archive, b"first", b"second"]


def test_too_many_parts_are_set_aside() -> None:
    """The reader stops at 2,000; the policy decides, outbound its sender does (treatment)."""
    raw = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 2100
    verdict = look(raw)
    assert {f.code for f in verdict.findings} == {"too-many-parts"}
    assert decide(verdict, INBOUND, POLICY).disposition is Disposition.QUARANTINE
    kind = replace(POLICY, unreadable=Unexamined.DELIVER)
    assert decide(verdict, INBOUND, kind).disposition is Disposition.DELIVER
    assert decide(verdict, OUTBOUND, POLICY).disposition is Disposition.DELIVER


def test_a_virus_in_a_signed_mail_sets_the_whole_mail_aside() -> None:
    """What is signed is never altered."""
    decision = decide(look(signed(("a.com", EICAR))), INBOUND, POLICY)
    assert decision.disposition is Disposition.QUARANTINE
    assert decision.remove == {}


@pytest.mark.parametrize("direction", [Direction.OUTBOUND, Direction.NOTICE])
def test_outbound_mail_is_sent_whole_or_not_at_all(direction: Direction) -> None:
    """Nothing is taken out of a company's letter, and nothing is written into it."""
    envelope = replace(INBOUND, direction=direction)
    bad = decide(look(mail(("a.com", EICAR))), envelope, POLICY)
    assert (bad.disposition, bad.remove) == (Disposition.QUARANTINE, {})
    locked = decide(look(mail(("a.zip", encrypted_zip()))), envelope, POLICY)
    assert (locked.disposition, locked.banner) == (Disposition.DELIVER, ())
    assert locked.reasons


def test_every_decision_of_the_table() -> None:
    """A removed part need not be readable; the worst finding names the reason."""
    virus = Finding("virus", "virus", Severity.MALICIOUS, 2)
    program = Finding("file-types", "file-type", Severity.FORBIDDEN, 2)
    locked = Finding("readable", "encrypted", Severity.UNEXAMINED, 2)
    strict = replace(POLICY, unexamined=Unexamined.QUARANTINE)
    both = decide(Verdict((virus, program, locked)), INBOUND, strict)
    assert both.disposition is Disposition.DELIVER
    assert dict(both.remove) == {2: virus}
    assert both.banner == ()
    whole = decide(Verdict((replace(virus, part=None),)), INBOUND, POLICY)
    assert whole.disposition is Disposition.QUARANTINE
    note = Finding("structure", "note", Severity.NOTE)
    assert decide(Verdict((note,)), INBOUND, POLICY) == Decision(Disposition.DELIVER)


def test_the_worst_of_every_part_is_kept_when_there_is_too_much() -> None:
    """Hundreds of programs: each part still has its finding, and so is removed."""
    raw = mail(*((f"{number}.exe", PROGRAM) for number in range(300)))
    decision = decide(look(raw), INBOUND, POLICY)
    assert len(decision.remove) == 300
    many = mail(("a.zip", zip_of(**{f"f{n}_exe": b"MZ\0" for n in range(300)})))
    assert len(look(many).findings) <= 5


def test_an_edit_that_may_not_be_made_is_refused() -> None:
    """And there is a decision for the caller to go on with."""
    finding = Finding("virus", "virus", Severity.MALICIOUS, 2)
    decision = Decision(
        Disposition.DELIVER, remove=MappingProxyType({2: finding}), reasons=(finding,)
    )
    with pytest.raises(EditRefused):
        prepare(Message(signed(("a.com", EICAR))), decision, POLICY, WHEN)
    with pytest.raises(EditRefused):
        prepare(Message(b"\r\nno such part"), decision, POLICY, WHEN)
    assert refused(decision).disposition is Disposition.QUARANTINE
    assert refused(decision).reasons == (finding,)


def test_a_tag_and_a_notice_go_together() -> None:
    """All edits of one decision are made in one go."""
    raw = mail(("a.exe", PROGRAM))
    decision = replace(decide(look(raw), INBOUND, POLICY), subject_prefix="[SPAM] ")
    out = Message(prepare(Message(raw), decision, POLICY, WHEN))
    assert out.subject == "[SPAM] x"
    assert len(out.parts) == 2


@pytest.mark.parametrize(
    ("name", "gone"),
    [
        ("mime-06.eml", ["setup.exe", "24001.exe", "tool.exe"]),
        ("mime-07.eml", ["after.exe"]),
        ("mime-09.eml", ["setup.exe"]),
    ],
)
def test_hidden_programs_of_the_collected_cases_are_removed(name: str, gone: list[str]) -> None:
    """None reaches the reader; the files beside them do."""
    path = CASES / name
    if not path.exists():
        pytest.skip("the collected cases are not beside this checkout")
    raw = path.read_bytes()
    out = way(raw)
    assert [f.detail["name"] for f in look(raw).findings] == gone
    assert not any(part.content().startswith(b"MZ") for part in out.parts)
    assert {part.name for part in out.parts} == (
        {part.name for part in Message(raw).parts} - set(gone)
    )


@pytest.mark.parametrize("name", ["mime-01.eml", "hdr-02.eml", "hdr-04.eml"])
def test_clean_mail_of_the_collected_cases_leaves_as_it_came(name: str) -> None:
    """Strange header spacing, raw 8-bit, hidden line ends and long fields included."""
    path = CASES / name
    if not path.exists():
        pytest.skip("the collected cases are not beside this checkout")
    raw = path.read_bytes()
    assert way(raw).raw == raw


def test_a_name_that_smuggles_header_lines_is_warned_of_and_stays_data() -> None:
    """hdr-03: the name holds another address; no field is made of it, and none is changed."""
    path = CASES / "hdr-03.eml"
    if not path.exists():
        pytest.skip("the collected cases are not beside this checkout")
    raw = path.read_bytes()
    assert [finding.code for finding in look(raw).findings] == ["address-in-name"]
    out = way(raw)
    assert out.raw[: out.header_end] == raw[: Message(raw).header_end]
    assert "other@example.net" in out.parts[1].text()
    assert way(raw, replace(POLICY, warn_suspicious=False)).raw == raw


@settings(max_examples=60, deadline=None)
@given(messages(), st.data())
def test_whatever_is_condemned_is_gone(raw: bytes, data: st.DataObject) -> None:
    """In every tree, with the notice in place."""
    message = Message(raw)
    leaves = [part.index for part in message.parts if not part.is_multipart]
    chosen = data.draw(st.sets(st.sampled_from(leaves), min_size=1))
    findings = tuple(
        Finding("virus", "virus", Severity.MALICIOUS, index) for index in sorted(chosen)
    )
    out = Message(prepare(message, decide(Verdict(findings), INBOUND, POLICY), POLICY, WHEN))
    names = {message.parts[index].name for index in chosen} - {""}
    kept = {part.name for part in message.parts if part.index not in chosen}
    assert not (names - kept) & {part.name for part in out.parts}
    assert "取り除きました" in out.text


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=500), st.sampled_from([b"", b"Content-Type: text/plain\r\n\r\n"]))
def test_any_bytes_go_the_whole_way(noise: bytes, head: bytes) -> None:
    """No exception, and unchanged where nothing was found."""
    raw = head + noise
    verdict = look(raw)
    decision = decide(verdict, INBOUND, POLICY)
    if not decision.changes_message and decision.disposition is Disposition.DELIVER:
        assert prepare(Message(raw), decision, POLICY, WHEN) == raw


def test_a_mark_of_encryption_does_not_silence_a_warning() -> None:
    """Anybody can write that line into a letter, which is then not altered: its subject is."""
    raw = (
        b"From: a@example.jp\r\nSubject: \xe8\xab\x8b\xe6\xb1\x82\r\n"
        b"Content-Type: text/html; charset=utf-8\r\n\r\n<p>-----BEGIN PGP SIGNED MESSAGE-----</p>"
        b'<a href="http://files.example.org/x">https://example.com/x</a>\r\n'
    )
    decision = decide(look(raw), INBOUND, POLICY)
    out = prepare(Message(raw), decision, POLICY, WHEN)
    assert Message(out).subject.startswith("[要注意] ")
    assert out.partition(b"\r\n\r\n")[2] == raw.partition(b"\r\n\r\n")[2]
