"""The tolerant reader: what it finds in good, bad and hostile messages."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsec.gateway.message import Message
from mailsec.gateway.reading.structure import MAX_DEPTH, MAX_PARTS

EML = Path(__file__).parent / "eml"
HEAD = b"From: a@example.com\r\nMIME-Version: 1.0\r\n"


def case(name: str) -> Message:
    return Message((EML / "cases" / f"{name}.eml").read_bytes())


def multipart(body: bytes, more: bytes = b"") -> Message:
    return Message(HEAD + b"Content-Type: multipart/mixed; boundary=b" + more + b"\r\n\r\n" + body)


def types(message: Message) -> list[str]:
    return [part.content_type for part in message.parts]


def read_everything(message: Message) -> None:
    """Ask for every property and check that part offsets nest."""
    values = (
        message.subject, message.from_, message.to, message.cc, message.message_id, message.text,
        message.links, message.attachments, message.defects, message.header_end, message.headers,
    )  # fmt: skip
    assert all(value is not None for value in values)
    for index, part in enumerate(message.parts):
        assert part.index == index
        part.content(), part.text(), part.is_protected, part.is_attachment
        if part.start >= 0:
            assert 0 <= part.start <= part.body_start <= part.body_end <= len(message.raw)
            if "bare-cr" not in message.defects:
                assert message.raw[part.body_start : part.body_end] == part.body()
        if part.parent is not None and part.start >= 0:
            parent = message.parts[part.parent]
            assert parent.body_start <= part.start <= part.body_end <= parent.body_end
            assert part.depth == parent.depth + 1


def test_raw_utf_8_beside_encoded_words_is_one_subject() -> None:
    """Case hdr-02."""
    assert case("hdr-02").subject == "要確認： お支払い期限のお知らせ （至急）"


def test_line_ends_hidden_in_headers_and_names_become_spaces() -> None:
    """Case hdr-03: decoded text can never become a header line."""
    message = case("hdr-03")
    assert message.subject == "注文確認 Bcc: leak@example.net X-Injected: 1"
    assert message.from_[0].name == "Ops Reply-To: other@example.net"
    assert message.from_[0].address == "sender@example.jp"
    assert message.attachments[0].name == "list Set-Cookie: a=1.txt"


def test_long_references_are_read_as_written() -> None:
    """Case hdr-04: identifiers are no encoded words."""
    header = case("hdr-04").first("references")
    assert header is not None
    assert header.decoded.startswith("<root.1@example.jp> <AS8PR04MB")


def test_executables_behind_sloppy_headers_are_found() -> None:
    """Case mime-06: a trailing blank, 3D and a lost indent hide nothing."""
    message = case("mime-06")
    assert [part.name for part in message.attachments] == ["setup.exe", "24001.exe", "tool.exe"]
    assert all(part.content()[:2] == b"MZ" for part in message.attachments)


def test_a_part_behind_the_end_is_a_part_and_look_alike_lines_are_text() -> None:
    """Case mime-07."""
    message = case("mime-07")
    after = message.attachments[0]
    assert (after.name, after.defects, after.content()[:2]) == ("after.exe", ("epilogue",), b"MZ")
    assert message.parts[2].text().splitlines() == [
        "visit --=_A for details", "--=_A-not-a-boundary", "last line",
    ]  # fmt: skip


def test_odd_but_legal_structure_is_read_exactly() -> None:
    """Case mime-01: a boundary that begins with an equals sign, blanks, no last line end."""
    message = case("mime-01")
    assert types(message) == [
        "multipart/mixed", "multipart/alternative", "text/plain", "text/html",
        "application/octet-stream",
    ]  # fmt: skip
    assert message.parts[4].content() == bytes(range(10))
    assert message.parts[2].content().endswith(b"\ttab and trailing blanks   ")
    assert message.defects == ()


def test_links_in_japanese_text_end_where_they_end() -> None:
    """Case url-01."""
    expected = (EML / "cases" / "url-01.expected.txt").read_text(encoding="utf-8")
    wanted = [piece.partition("»")[0] for piece in expected.split("«")[1:]]
    assert list(case("url-01").links) == wanted


@pytest.mark.parametrize("path", sorted(EML.glob("*/*.json")), ids=lambda path: path.stem)
def test_own_samples_are_read_as_their_json_says(path: Path) -> None:
    """Each key of the JSON beside a sample names what the reader must find."""
    message = Message(path.with_suffix(".eml").read_bytes())
    expected = json.loads(path.read_text(encoding="utf-8"))
    parts = [
        {"type": part.content_type, "name": part.name, "text": part.text() if part.is_text else ""}
        for part in message.parts
    ]
    found = {
        "subject": message.subject,
        "text": message.text.replace("\r\n", "\n"),
        "links": list(message.links),
        "defects": list(message.defects),
        "parts": [{key: part[key] for key in ("type", "name")} for part in parts],
    }
    assert {key: found[key] for key in expected} == expected
    read_everything(message)


def test_bare_cr_as_the_only_line_end_is_read_too() -> None:
    """Old Macintosh files; offsets stay those of the bytes as received."""
    message = Message(b"Subject: x\rContent-Type: text/plain\r\rone\rtwo")
    assert (message.subject, message.text, message.defects) == ("x", "one\ntwo", ("bare-cr",))
    assert message.raw[message.header_end :] == b"one\rtwo"


def test_outer_boundary_ends_inner_parts() -> None:
    """A missing inner end does not swallow the outer parts."""
    message = multipart(
        b"--b\r\nContent-Type: multipart/alternative; boundary=b2\r\n\r\n--b2\r\n\r\none\r\n"
        b"--b\r\nContent-Type: text/html\r\n\r\ntwo\r\n--b--\r\n"
    )
    assert types(message) == ["multipart/mixed", "multipart/alternative", "text/plain", "text/html"]
    assert message.parts[2].content() == b"one"
    assert message.defects == ("missing-close",)


@pytest.mark.parametrize(
    ("body", "contents"),
    [
        (b"--b\r\n\r\none\r\n--b\r\n\r\ntwo", [b"one", b"two"]),
        (b"--b\n\none\n--b\n\ntwo\n--b--", [b"one", b"two"]),
        (b"--b\r\n\r\none\n\r\n--b--\r\n", [b"one\n"]),
        (b"pre\r\n--b \t\r\n\r\none\r\n--b--", [b"one"]),
        (b"--b\r\n--b\r\n\r\ntwo\r\n--b--", [b"two"]),
        (b"--b\r\n--b--", [b""]),
        (b"--b\r\n\r\n--bb\r\n --b\r\n--b-\r\n--b--", [b"--bb\r\n --b\r\n--b-"]),
        (b"--b\r\n\r\n\r\n--b--", [b""]),
    ],
)
def test_only_whole_boundary_lines_divide(body: bytes, contents: list[bytes]) -> None:
    """Both line ends, trailing blanks, a missing end; never a line that only begins alike."""
    assert [part.content() for part in multipart(body).parts[1:]] == contents


def test_of_two_boundaries_the_one_that_is_used_counts() -> None:
    """Mail programs differ in which they take."""
    message = multipart(b"--c\r\n\r\none\r\n--c--", b"; boundary=c")
    assert [part.content() for part in message.parts[1:]] == [b"one"]


def test_a_multipart_without_boundary_is_text_or_guessed() -> None:
    """What a mail program may show is never lost from sight."""
    bare = Message(HEAD + b"Content-Type: multipart/mixed\r\n\r\nhello")
    assert (bare.text, bare.defects) == ("hello", ("no-boundary",))
    guessed = Message(
        HEAD + b"Content-Type: multipart/mixed\r\n\r\n--x\r\n"
        b"Content-Type: text/html\r\n\r\n<p>a\r\n--x--"
    )
    assert (types(guessed)[1:], guessed.defects) == (["text/html"], ("guessed-boundary",))


def test_embedded_messages_are_walked_and_encoded_ones_too() -> None:
    """Inside encoded content there are no offsets, and nothing is editable."""
    inner = b"Subject: in\r\nContent-Type: text/plain\r\n\r\ntext"
    plain = Message(HEAD + b"Content-Type: message/rfc822\r\n\r\n" + inner)
    assert types(plain) == ["message/rfc822", "text/plain"]
    assert plain.raw[plain.parts[1].start :] == inner
    coded = Message(
        HEAD + b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + base64.b64encode(inner)
    )  # fmt: skip
    assert (coded.parts[1].content(), coded.parts[1].start) == (b"text", -1)
    assert not coded.parts[1].is_editable
    header = coded.parts[1].first("subject")
    assert header is not None
    assert (header.decoded, header.start) == ("in", -1)


def test_parts_of_a_digest_are_messages() -> None:
    """RFC 2046 section 5.1.5."""
    message = Message(
        HEAD + b"Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\n"
        b"Subject: x\r\n\r\nhi\r\n--b--"
    )
    assert types(message) == ["multipart/digest", "message/rfc822", "text/plain"]
    around = [part.content_type for part in message.ancestors(message.parts[-1])]
    assert around == ["message/rfc822", "multipart/digest"]
    assert not list(message.ancestors(message.parts[0]))


@pytest.mark.parametrize(
    ("encoding", "body", "content"),
    [
        (b"base64", b"aGVs\r\nbG8=", b"hello"),
        (b"BASE64 ", b"aGVsbG8", b"hello"),
        (b'"base64";', b"aG!V-s\0bG8=\r\n\r\nlist footer", b"hello"),
        (b"base64 (note)", b"aGVsbG8=x", b"hello"),
        (b"base64", b"a", b""),
        (b"Quoted-Printable", b"a=3Db=\r\nc =\t \r\nd=ZZ=", b"a=bc d=ZZ"),
        (b"x-uuencode", b"begin 644 a\r\n%:&5L;&\\\r\n`\r\nend\r\n", b"hello"),
        (b"8bit", b"\xff\0", b"\xff\0"),
        (b"martian", b"a=3D", b"a=3D"),
    ],
)
def test_transfer_encodings_are_undone_leniently(
    encoding: bytes, body: bytes, content: bytes
) -> None:
    """Garbage is skipped, padding may miss, names may be sloppy."""
    raw = HEAD + b"Content-Transfer-Encoding: " + encoding + b"\r\n\r\n" + body
    assert Message(raw).parts[0].content() == content


def test_two_from_fields_are_both_seen() -> None:
    """Case hdr-07: which one a mail program shows differs."""
    message = Message(b"From: a@example.com\r\nFrom: b@example.net\r\n\r\n")
    assert [author.address for author in message.from_] == ["a@example.com", "b@example.net"]


def test_signed_and_encrypted_parts_are_protected_with_all_inside() -> None:
    """Their bytes are covered by a signature or cannot be read."""
    signed = Message(
        HEAD + b"Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n\r\nfree\r\n--o\r\n"
        b"Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n--b--\r\n--o--"
    )  # fmt: skip
    assert [part.is_protected for part in signed.parts] == [False, False, True, True]
    armoured = Message(HEAD + b"\r\n-----BEGIN PGP MESSAGE-----\r\nx")
    assert armoured.parts[0].is_protected


HOSTILE = {
    "boundaries": b"--b\r\n\r\nx\r\n" * 100_000,
    "look-alikes": b"--b\r\n\r\n" + b"--bx\r\n" * 500_000,
    "blanks behind a boundary": (b"--b" + b" " * 1000 + b"x\r\n") * 500,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_boundaries_take_linear_time(name: str) -> None:
    """And the number of parts is limited, with a defect."""
    begin = time.process_time()
    message = multipart(HOSTILE[name])
    read_everything(message)
    assert time.process_time() - begin < 2
    assert len(message.parts) <= MAX_PARTS


@pytest.mark.parametrize("kind", ["multipart", "message"])
def test_nesting_is_limited_with_a_defect(kind: str) -> None:
    """Ten thousand levels are neither followed nor able to exhaust the stack."""
    levels = (
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n"
        if kind == "multipart"
        else b"Content-Type: message/rfc822; x=%d%d\r\n\r\n"
    )
    message = Message(HEAD + b"".join(levels % (n, n) for n in range(10_000)) + b"\r\nend")
    begin = time.process_time()
    read_everything(message)
    assert time.process_time() - begin < 2
    assert "too-deep" in message.defects
    assert len(message.parts) == MAX_DEPTH + 1


PIECES = (
    b"Content-Type: multipart/mixed; boundary=b\r\n", b"Content-Type: text/html\r\n", b"\r\n",
    b"\n",
    b"--b\r\n", b"--b--\r\n", b"Content-Type: message/rfc822\r\n", b"<a href=http://example.jp>x</a>",
    b"Content-Transfer-Encoding: base64\r\n", b"Content-Transfer-Encoding: quoted-printable\r\n",
    b"Content-Disposition: attachment; filename=a\r\n", b"TVo=", b"=E3=81=82", b"\0", b"\xff", b" ",
    b"Content-Type: multipart/signed; boundary=c\r\n", b"--c\r\n", b"--", b"\r",
    b"Subject: =?utf-8?",
    b"charset=iso-2022-jp", b"\x1b$B", b"From ", b"http://example.jp/a)", b"<", b"begin 644 a\n",
)  # fmt: skip


@settings(max_examples=200)
@given(st.lists(st.sampled_from(PIECES), max_size=30).map(b"".join))
def test_no_bytes_raise_and_offsets_always_nest(raw: bytes) -> None:
    """Any mixture of the pieces of mail is read; every part lies inside its parent."""
    read_everything(Message(raw))


@settings(max_examples=100)
@given(st.binary(max_size=300))
def test_random_bytes_are_a_message_too(raw: bytes) -> None:
    """The reader takes anything."""
    read_everything(Message(raw))
