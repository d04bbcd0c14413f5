"""Compares what became of a sample with what its file states."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from demo.inbox import Received
from demo.samples import Copy, Record, Sample, Told
from mailsec.gateway.message import Message

# What the service's records say about one message: (tenant slug, Message-ID) -> list of records.
Trace = Callable[[str, str], list[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Sent:
    """A sample on its way."""

    sample: Sample
    message_id: str
    wire: bytes
    reply: str

    @property
    def subject(self) -> str:
        """The subject as people read it."""
        return Message(self.wire).subject


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a sample; ``problems`` is empty where all is as stated."""

    sample: Sample
    reply: str
    fate: str
    problems: tuple[str, ...]


def judge(sent: Sent, inbox: Sequence[Received], trace: Trace) -> Outcome:
    """The outcome as it stands now; mail may still be on its way."""
    sample = sent.sample
    problems = []
    if not sent.reply.startswith(sample.reply):
        problems.append(f"reply {sent.reply!r} instead of {sample.reply}")
    arrived = [item for item in inbox if sent.message_id.encode() in item.raw]
    for copy in sample.copies:
        problems += _copy_problems(copy, sent, arrived)
    wanted = {(copy.server, copy.recipient) for copy in sample.copies}
    for item in arrived:
        for recipient in item.recipients:
            if (item.server, recipient) not in wanted:
                problems.append(f"a copy for {recipient} that nobody asked for")
    for told in sample.notices:
        problems += _told_problems(told, sent, inbox)
    if problems:  # the records are asked last: a question is a process of its own
        return Outcome(sample, sent.reply, _fate(sent, arrived), tuple(problems))
    for record in sample.records:
        problems += _record_problems(record, trace(record.tenant, sent.message_id))
    withheld = bool(sample.records) and all(
        state == "withheld" for record in sample.records for state in record.deliveries.values()
    )
    fate = "kept in quarantine" if withheld and not problems else _fate(sent, arrived)
    return Outcome(sample, sent.reply, fate, tuple(problems))


def _told_problems(told: Told, sent: Sent, inbox: Sequence[Received]) -> list[str]:
    """A notice bears the sample's subject and a Message-ID of its own."""
    texts = [
        item.message.text
        for item in inbox
        if (item.server, told.recipient) == (told.server, *item.recipients[:1])
        and sent.message_id.encode() not in item.raw
        and sent.subject in item.message.subject
    ]
    if any(all(wanted in text for wanted in told.contains) for text in texts):
        return []
    return [f"no notice to {told.recipient} with {', '.join(told.contains)}"]


def _copy_problems(copy: Copy, sent: Sent, arrived: Sequence[Received]) -> list[str]:
    matching = [
        item for item in arrived if item.server == copy.server and copy.recipient in item.recipients
    ]
    if len(matching) != 1:
        return [f"{len(matching)} copies for {copy.recipient} instead of 1"]
    found = matching[0]
    problems = []
    if copy.unchanged and not _only_trace_added(sent.wire, found.raw):
        problems.append(f"bytes changed on the way to {copy.recipient}")
    if copy.subject is not None and found.message.subject != copy.subject:
        problems.append(f"subject {found.message.subject!r} instead of {copy.subject!r}")
    to = tuple(each.address for each in found.message.to)
    if copy.to is not None and to != copy.to:
        problems.append(f"To shows {', '.join(to)}")
    longest = max(map(len, found.raw.split(b"\r\n")))
    if copy.longest_line is not None and longest > copy.longest_line:
        problems.append(f"a line of {longest} octets")
    text = found.message.text
    problems += [f"{wanted!r} is not in the text" for wanted in copy.contains if wanted not in text]
    return problems + _file_problems(copy, found)


def _file_problems(copy: Copy, found: Received) -> list[str]:
    names = [part.name for part in found.message.attachments]
    problems = [f"{name} was not removed" for name in copy.lacks_files if name in names]
    if copy.files is not None and sorted(names) != sorted(copy.files):
        problems.append(f"files {names} instead of {list(copy.files)}")
    if copy.notice_in_html:
        pages = [part.text() for part in found.message.parts if part.content_type == "text/html"]
        problems += ["no notice in the HTML text" for page in pages if copy.contains[0] not in page]
    return problems


def _only_trace_added(wire: bytes, raw: bytes) -> bool:
    """True if ``raw`` is ``wire`` with header fields above it."""
    if not raw.endswith(wire):
        return False
    added = raw[: len(raw) - len(wire)]
    return b"\r\n\r\n" not in added and (not added or added.endswith(b"\r\n"))


def _record_problems(record: Record, found: list[Mapping[str, Any]]) -> list[str]:
    if len(found) != 1:
        return [f"{len(found)} records in {record.tenant} instead of 1"]
    codes = {item["code"] for item in found[0]["findings"]}
    problems = [f"no finding {code} recorded" for code in record.findings if code not in codes]
    if not record.findings and any(item["severity"] != "note" for item in found[0]["findings"]):
        problems.append(f"findings {sorted(codes)} on a clean mail")
    states = {item["recipient"]: item["state"].lower() for item in found[0]["deliveries"]}
    for recipient, state in record.deliveries.items():
        if states.get(recipient) != state:
            problems.append(f"{recipient} is {states.get(recipient, 'missing')}, not {state}")
    return problems


def _fate(sent: Sent, arrived: Sequence[Received]) -> str:
    if not sent.reply.startswith("2"):
        return "refused"
    if not arrived:
        return "on its way"
    reached = sorted({recipient for item in arrived for recipient in item.recipients})
    changed = not any(item.raw.endswith(sent.wire) for item in arrived)
    return f"{'changed' if changed else 'delivered'}: {', '.join(reached)}"
