"""Which parts of a mail are files to be locked up, and what goes into the archive for each.

Left where they are: the letter and the pictures that its HTML shows, calendar parts, what is signed
or encrypted, archives with a password of their own, and the parts of a delivery report.
"""

from __future__ import annotations

import html
import mimetypes
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from mailsec.gateway.archives import tnef, zip_members
from mailsec.gateway.archives.budget import Budget, Limits
from mailsec.gateway.archives.members import Label, Member, Problem, Reader
from mailsec.gateway.errors import BudgetExceeded
from mailsec.gateway.file_types import identify
from mailsec.gateway.message import Message, Part
from mailsec.gateway.zipping.writer import File

CALENDAR = frozenset(("text/calendar", "application/ics"))
_REPORT = "multipart/report"
_CONTENT_ID = re.compile(r"(?i)\bcid:([^\s\"'<>()]{1,1000})")
# Outlook's meetings travel as TNEF too ([MS-OXCICAL]); without it they could not be answered.
_MEETINGS = (b"IPM.Schedule.Meeting", b"IPM.Microsoft Schedule", b"IPM.Appointment")


@dataclass(frozen=True, slots=True)
class Selection:
    """``parts`` leave the letter, ``files`` go into the archive for them."""

    parts: tuple[int, ...] = ()
    files: tuple[File, ...] = ()


def select(
    message: Message, locked: Collection[int] = (), limits: Limits | None = None
) -> Selection:
    """All files of the mail; ``locked`` are parts that are known to be encrypted archives.

    A plain ZIP is packed anew with its files in a folder of its name, since some providers refuse
    one archive in another; one that does not open whole goes in as it is. The files of a
    ``winmail.dat`` take its place, and an attached message goes in as it came.
    """
    budget = Budget(limits or Limits())
    shown = shown_in_html(message)
    parts: list[int] = []
    files: list[File] = []
    for part in message.parts:
        if part.index in locked or not _is_file(message, part, shown):
            continue
        found = _files_of(part, budget)
        if found:
            parts.append(part.index)
            files += found
    return Selection(tuple(parts), tuple(files))


def _is_file(message: Message, part: Part, shown: Collection[str]) -> bool:
    if part.is_protected or part.content_type in CALENDAR:
        return False
    if content_id(part) in shown:
        return False
    around = list(message.ancestors(part))
    if any(not other.is_multipart or other.content_type == _REPORT for other in around):
        return False
    return part.is_attachment or part.content_type.startswith("message/")


def shown_in_html(message: Message) -> frozenset[str]:
    """The Content-IDs that HTML letters refer to (RFC 2392), in lower case."""
    return frozenset(
        unquote(html.unescape(found)).lower()
        for part in message.parts
        if part.content_type == "text/html" and part.disposition != "attachment"
        for found in _CONTENT_ID.findall(part.text())
    )


def content_id(part: Part) -> str:
    """A part's Content-ID as ``shown_in_html`` names them."""
    return part.content_id.strip().strip("<>").strip().lower()


def _files_of(part: Part, budget: Budget) -> list[File]:
    """What goes into the archive for this part; nothing where the part stays."""
    content = part.content()
    if part.content_type.startswith("message/"):
        return [File((_mail_name(part, content),), content)]
    kind = identify(content).kind
    if kind == "tnef":
        return _unpacked_tnef(content, budget)
    whole = [File((_name(part, kind),), content)]
    if kind != "zip":
        return whole
    members = _members(zip_members.read, content, budget)
    if members and all(member.problem is Problem.ENCRYPTED for member in members):
        return []
    if not members or any(member.problem for member in members):
        return whole
    folder = whole[0].path[0].removesuffix(".zip")
    return [File((folder, *_steps(member.path)), member.content) for member in members]


def _unpacked_tnef(content: bytes, budget: Budget) -> list[File]:
    """The attached files, each once under its first name; without any it is only formatting."""
    if any(meeting in content for meeting in _MEETINGS):
        return []
    members = _members(tnef.read, content, budget)
    if members is None or any(member.problem for member in members):
        return [File(("winmail.dat",), content)]
    return [
        File((_steps(member.path)[-1],), member.content)
        for member, before in zip(members, [None, *members], strict=False)
        if before is None or before.content is not member.content
    ]


def _members(reader: Reader, content: bytes, budget: Budget) -> list[Member] | None:
    """All members, None where the budget does not reach."""
    try:
        return list(reader(content, Label(), budget))
    except BudgetExceeded:
        return None


def _steps(path: str) -> Sequence[str]:
    return [step for step in re.split(r"[/\\]", path) if step not in ("", ".", "..")] or [""]


def _name(part: Part, kind: str) -> str:
    if part.name:
        return part.name
    extension = f".{kind}" if kind else mimetypes.guess_extension(part.content_type) or ""
    return f"attachment{extension}"


def _mail_name(part: Part, content: bytes) -> str:
    name = part.name or Message(content).subject or "message"
    return name if name.lower().endswith(".eml") else f"{name}.eml"
