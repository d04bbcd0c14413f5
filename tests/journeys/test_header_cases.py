"""The header cases: what nobody edits keeps its bytes, and decoded text never becomes a header."""

from __future__ import annotations

from email import message_from_bytes
from email.message import Message as StandardMessage

import pytest

from mailsec.gateway.message import Message
from tests.journeys.mails import (
    NOTICE,
    PROGRAM,
    SENDER,
    USER,
    arrived,
    below_trace,
    case,
    deliver,
    marker,
    plain,
    text_part,
    with_file,
)
from tests.service import Service

pytestmark = pytest.mark.stack

CLEAN = ["hdr-02", "hdr-04", "mime-01", "smtp-06"]


@pytest.mark.parametrize("name", CLEAN)
def test_a_clean_case_leaves_byte_for_byte(running_service: Service, name: str) -> None:
    """hdr-02, hdr-04, mime-01: trace headers and input, at most one CRLF more at the end."""
    mark = marker(name)
    message = case(name, mark)
    wire = message if message.endswith(b"\r\n") else message + b"\r\n"
    assert running_service.send(SENDER, [USER], wire)[-1] == 250
    assert below_trace(arrived(running_service, "alpha", mark).content) == wire


STRANGE_FIELDS = {
    "raw UTF-8": "Subject: 要確認： お支払い".encode(),
    "raw CP932": b"Subject: " + "髙橋 ①お支払い".encode("cp932"),
    "raw EUC-JP": b"Subject: " + "お支払い期限".encode("euc_jp"),
    "raw ISO-2022-JP": b"Subject: " + "お支払い".encode("iso2022_jp"),
    "broken UTF-8": b"Subject: \xe3\x81 \xff\xfe",
    "a word in no charset": b"Subject: =?x-nowhere?B?4pyT?=",
    "broken base64": b"Subject: =?utf-8?B?44GK5pSv5omV44GE5pyf6Z?=",
    "blanks and folds": b"X-Blanks:  two  blanks \r\n\t and a fold\r\n \tand one more ",
    "an empty field": b"X-Empty:",
    "a blank before the colon": b"X-Space : value",
    "8 bits in a file name": b'Content-Type: text/plain; name="\x90\xbf\x8b\x81\x8f\x91.txt"',
    "control characters": b"Subject: a\x01\x08\x1bb",
}


@pytest.mark.parametrize("kind", STRANGE_FIELDS)
def test_strange_fields_pass_as_they_came(running_service: Service, kind: str) -> None:
    """hdr-02: no 8-bit, broken or oddly spaced field is lost, repaired or an error."""
    mark = marker("hdr-02-kind")
    message = plain(mark, fields=STRANGE_FIELDS[kind] + b"\r\n")
    if STRANGE_FIELDS[kind].startswith(b"Subject:"):  # two of them would be tagged (hdr-07)
        message = message.replace(f"Subject: {mark}\r\n".encode(), b"")
    assert running_service.send(SENDER, [USER], message)[-1] == 250
    assert below_trace(arrived(running_service, "alpha", mark).content) == message


LONG_ID = (
    "AS8PR04MB0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ@example.com"
)


@pytest.mark.parametrize(
    "fields",
    [
        f"In-Reply-To: <{LONG_ID}>\r\nReferences: <root.1@example.jp>\r\n <{LONG_ID}>\r\n"
        "Thread-Index: AdpExampleExampleExampleExample==\r\n",
        f"References: <{LONG_ID}> <{LONG_ID}> <{LONG_ID}> <{LONG_ID}>\r\n",
        f"References:\r\n <{LONG_ID}>\r\n\t<{LONG_ID}>\r\n",
        "References: <日本@example.jp>\r\n",
    ],
)
def test_fields_keep_their_bytes_where_the_body_was_edited(
    running_service: Service, fields: str
) -> None:
    """hdr-04: long reference fields stay as they are, never as encoded words."""
    mark = marker("hdr-04-edited")
    message = with_file(mark, "setup.exe", PROGRAM, fields=fields.encode())
    got = deliver(running_service, message, mark)
    assert NOTICE.encode() in text_part(got).content()
    head = below_trace(got.raw).partition(b"\r\n\r\n")[0]
    assert head == message.partition(b"\r\n\r\n")[0]
    assert fields.encode() in got.raw
    assert b"=3C" not in got.raw


INJECTIONS = {
    "the case": None,
    "encoded CRLF in the subject": b"Subject: =?utf-8?Q?a=0D=0ABcc:_leak=40example.net?=\r\n",
    "base64 CRLF": b"Subject: =?utf-8?B?YQ0KQmNjOiBsZWFrQGV4YW1wbGUubmV0?=\r\n",
    "a bare CR": b"Subject: =?utf-8?Q?a=0DX-Injected:_1?=\r\n",
    "a bare LF": b"Subject: =?utf-8?Q?a=0AX-Injected:_1?=\r\n",
    "the end of the header": b"Subject: =?utf-8?Q?a=0D=0A=0D=0Abody?=\r\n",
    "Unicode line ends": b"Subject: =?utf-8?Q?a=E2=80=A8X-Injected:_1=C2=85Bcc:_x?=\r\n",
    "ISO-2022-JP that hides CRLF": b"Subject: =?iso-2022-jp?B?GyRCJCINCkJjYzogeBsoQg==?=\r\n",
}


@pytest.mark.parametrize("kind", INJECTIONS)
def test_a_bounce_holds_no_field_out_of_decoded_text(running_service: Service, kind: str) -> None:
    """hdr-03: the report has no Bcc, no X-Injected and no Reply-To but those of its own."""
    mark = marker("hdr-03")
    fields = INJECTIONS[kind]
    message = case("hdr-03", mark) if fields is None else plain(mark, fields=fields)
    if fields is not None:
        message = message.replace(f"Subject: {mark}\r\n".encode(), b"", 1)
    recipient = f"{mark}@alpha.example.jp"
    refuse(running_service, "alpha", recipient)
    assert running_service.send("sender@example.jp", [recipient], message)[-1] == 250
    report = message_from_bytes(arrived(running_service, "outside", mark).content)
    names = [name.lower() for name in report.keys()]  # noqa: SIM118  # doubled names count
    assert not {"bcc", "x-injected", "reply-to", "set-cookie"} & set(names)
    assert len(names) == len(set(names))
    assert names_in_status(report) <= {
        "reporting-mta",
        "arrival-date",
        "final-recipient",
        "original-recipient",
        "action",
        "status",
        "remote-mta",
        "diagnostic-code",
        "last-attempt-date",
        "will-retry-until",
    }


def names_in_status(report: StandardMessage) -> set[str]:
    """The fields of the part for programs."""
    (status,) = [
        part for part in report.walk() if part.get_content_type() == "message/delivery-status"
    ]
    groups = status.get_payload()
    assert isinstance(groups, list)
    return {name.lower() for group in groups for name in group.keys()}  # noqa: SIM118


@pytest.mark.parametrize(
    "name",
    ["list%0D%0ASet-Cookie%3A%20a%3D1.exe", "a%0Ab.exe", "a%0D.exe", "a%E2%80%A8b%C2%85c.exe"],
)
def test_a_file_name_with_line_ends_stays_one_line_in_the_notice(
    running_service: Service, name: str
) -> None:
    """hdr-03: in the text at the head of the body and in every log."""
    mark = marker("hdr-03-name")
    message = (
        with_file(mark, "NAME", PROGRAM)
        .replace(b'filename="NAME"', b"filename*=utf-8''" + name.encode())
        .replace(b'; name="NAME"', b"")
    )
    got = deliver(running_service, message, mark)
    lines = text_part(got).text().splitlines()
    assert any(line.startswith("File: ") and line.endswith(".exe") for line in lines)
    assert not any(line.startswith(("Set-Cookie", "b.exe", "c.exe", ".exe")) for line in lines)
    assert PROGRAM not in got.raw
    for path in (running_service.folder / "log").glob("*.log"):
        for line in path.read_text(errors="replace").splitlines():
            assert not line.startswith(("Set-Cookie", "Bcc:", "X-Injected"))


def test_the_record_of_a_mail_shows_decoded_text_in_one_line(running_service: Service) -> None:
    """hdr-03: the operator's shell and the console read subject and author from the record."""
    mark = marker("hdr-03-record")
    deliver(running_service, case("hdr-03", mark), mark)
    record = running_service.settled("alpha", mark)
    assert "注文確認" in record["subject"]
    assert record["subject"].splitlines() == [record["subject"]]
    assert Message(case("hdr-03", mark)).subject == record["subject"]


def refuse(service: Service, server: str, recipient: str) -> None:
    """Let a mail server refuse this recipient for good, whenever it is named."""
    recipients = dict(service.mail_servers[server].script.recipients)
    recipients[recipient] = ["550 5.1.1 no such user"] * 9
    service.mail_servers[server].script.recipients = recipients
