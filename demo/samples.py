"""The sample mails: each NAME.toml states what is sent and its outcome, NAME.eml is the mail.

The .eml files hold LF line ends and markers that are filled in here: ``@@id@@`` (a Message-ID of
this run), ``@@date@@``, ``@@run@@`` (a word that each run has for itself), and lines
``@@file NAME@@`` and ``@@uu NAME@@`` (a file as base64 or uuencode, made by ``FILES``). The EICAR
test string and programs are made at run time, so that no scanner objects to the checkout.
"""

from __future__ import annotations

import base64
import binascii
import io
import tarfile
import tomllib
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("samples")


class SampleError(Exception):
    """A sample file is wrong; the text names the file and the key."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A message that must reach a mail server of the demo."""

    server: str
    recipient: str
    unchanged: bool
    subject: str | None
    contains: tuple[str, ...]
    files: tuple[str, ...] | None
    lacks_files: tuple[str, ...]
    notice_in_html: bool
    longest_line: int | None
    to: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Told:
    """A notice about the sample that must reach a mail server of the demo."""

    server: str
    recipient: str
    contains: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """What the service's own records must say in one tenant."""

    tenant: str
    findings: tuple[str, ...]
    deliveries: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sample:
    """One mail and its stated outcome; ``decide`` is what its sender does by the notice's link."""

    name: str
    title: str
    listener: str
    auth: bool
    sender: str
    recipients: tuple[str, ...]
    bare_line_feed: bool
    reply: str
    decide: str
    copies: tuple[Copy, ...]
    notices: tuple[Told, ...]
    records: tuple[Record, ...]
    source: bytes

    def message_id(self, run: str) -> str:
        """The Message-ID of this sample in this run, without angle brackets."""
        return f"{self.name}.{run}@samples.example.net"

    def build(self, run: str, when: datetime) -> bytes:
        """The mail as it goes over the wire."""
        text = self.source.replace(b"@@id@@", f"<{self.message_id(run)}>".encode())
        text = text.replace(b"@@run@@", run.encode())
        text = text.replace(b"@@date@@", format_datetime(when).encode())
        lines = [_fill(line) for line in text.split(b"\n")]
        wire = b"\r\n".join(lines)
        if self.bare_line_feed:
            # The last line end of the body loses its CR: what SMTP smuggling is made of.
            head, _, rest = wire.rstrip(b"\r\n").rpartition(b"\r\n")
            wire = head + b"\n" + rest + b"\r\n"
        return wire


def load(folder: Path = FOLDER) -> list[Sample]:
    """All samples, in the order of their file names."""
    return [_read(path) for path in sorted(folder.glob("*.toml"))]


def _read(path: Path) -> Sample:
    try:
        stated = tomllib.loads(path.read_text(encoding="utf-8"))
        return Sample(
            name=path.stem,
            title=stated.pop("title"),
            listener=stated.pop("listener"),
            auth=stated.pop("auth", False),
            sender=stated.pop("sender"),
            recipients=tuple(stated.pop("recipients")),
            bare_line_feed=stated.pop("bare_line_feed", False),
            reply=stated.pop("reply"),
            decide=_one_of(stated.pop("decide", ""), ("", "deliver", "discard", "notify")),
            copies=tuple(_copy(item) for item in stated.pop("copy", [])),
            notices=tuple(_told(item) for item in stated.pop("notice", [])),
            records=tuple(_record(item) for item in stated.pop("record", [])),
            source=_only_known(path, stated),
        )
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise SampleError(f"{path.name}: {error}") from error


def _one_of(value: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise TypeError(f"{value!r} is none of {', '.join(filter(None, known))}")
    return value


def _only_known(path: Path, left: Mapping[str, Any]) -> bytes:
    if left:
        raise SampleError(f"{path.name}: unknown key {', '.join(left)}")
    return path.with_suffix(".eml").read_bytes()


def _copy(stated: dict[str, Any]) -> Copy:
    files = stated.get("files")
    return Copy(
        server=stated["server"],
        recipient=stated["recipient"],
        unchanged=stated.get("unchanged", False),
        subject=stated.get("subject"),
        contains=tuple(stated.get("contains", ())),
        files=None if files is None else tuple(files),
        lacks_files=tuple(stated.get("lacks_files", ())),
        notice_in_html=stated.get("notice_in_html", False),
        longest_line=stated.get("longest_line"),
        to=tuple(stated["to"]) if "to" in stated else None,
    )


def _told(stated: dict[str, Any]) -> Told:
    return Told(stated["server"], stated["recipient"], tuple(stated.get("contains", ())))


def _record(stated: dict[str, Any]) -> Record:
    return Record(
        stated["tenant"], tuple(stated.get("findings", ())), dict(stated.get("deliveries", {}))
    )


def _fill(line: bytes) -> bytes:
    if line.startswith(b"@@uu "):
        content = FILES[line.removeprefix(b"@@uu ").removesuffix(b"@@").decode()]()
        rows = (content[at : at + 45] for at in range(0, len(content), 45))
        return b"\r\n".join(binascii.b2a_uu(row, backtick=True).rstrip(b"\n") for row in rows)
    if not line.startswith(b"@@file "):
        return line
    name = line.removeprefix(b"@@file ").removesuffix(b"@@").decode()
    return base64.encodebytes(FILES[name]()).strip().replace(b"\n", b"\r\n")


def _eicar() -> bytes:
    # In two halves: neither this file nor the checkout is a finding for a scanner.
    return rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STAN" + rb"DARD-ANTIVIRUS-TEST-FILE!$H+H*"


def _program() -> bytes:
    """The head of a Windows program; it does nothing."""
    stub = bytearray(1024)
    stub[0:2] = b"MZ"
    stub[0x3C:0x40] = (0x80).to_bytes(4, "little")
    stub[0x80:0x84] = b"PE\0\0"
    stub[0x84:0x98] = bytes.fromhex("4c01010000000000000000000000000000e00002")[:20].ljust(
        20, b"\0"
    )
    return bytes(stub)


def _zip(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name, (2026, 1, 5, 9, 0, 0)), content)
    return buffer.getvalue()


def _tar_gz(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def _encrypted_zip() -> bytes:
    """A ZIP whose records say that its file is encrypted; nobody has to open it."""
    archive = bytearray(_zip("mitsumori.txt", b"text " * 50))
    archive[6] |= 1
    archive[archive.index(b"PK\x01\x02") + 8] |= 1
    return bytes(archive)


def _pdf() -> bytes:
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
    )
    body, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return body + (
        b"xref\n0 4\n0000000000 65535 f \n"
        + table
        + b"trailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(body)
    )


FILES: dict[str, Callable[[], bytes]] = {
    "eicar": _eicar,
    "program": _program,
    "program-in-zip-in-zip": lambda: _zip("documents.zip", _zip("invoice.exe", _program())),
    "program-in-tar-gz": lambda: _tar_gz("tools/setup.exe", _program()),
    "encrypted-zip": _encrypted_zip,
    "pdf": _pdf,
}
