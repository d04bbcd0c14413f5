"""Facts in words: nothing that a message can have is without a sentence, in either language."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.utils import translation

from mailsec.gateway.edits import suspicions
from mailsec.gateway.filters import structure
from mailsec.gateway.unpack import Problem
from mailsec.gateway.verdict import Severity
from quarantine import explain, finding_words, trace
from quarantine.choices import (
    DeliveryState,
    DirectionChoice,
    EventKind,
    MessageState,
    VerdictChoice,
)
from quarantine.listing import Copies
from quarantine.models import Event, FindingRow, StoredMessage

WHEN = datetime(2026, 4, 1, tzinfo=UTC)
CODES = {
    *(problem.value for problem in Problem if problem),
    *structure._UNREAD,
    *suspicions.CODES,
    "several-authors",
    "several-subjects",
    "virus",
    "file-type",
    "protected",
}


@pytest.fixture(params=["ja", "en"])
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    """Both languages of the product."""
    with translation.override(request.param):
        yield request.param


def is_in(language: str, text: str) -> bool:
    """Japanese sentences hold kana, English ones none."""
    kana = any("\u3040" <= char <= "\u30ff" for char in text)
    return bool(text) and kana == (language == "ja")


def message(**values: object) -> StoredMessage:
    defaults = {
        "direction": DirectionChoice.INBOUND,
        "state": MessageState.READY,
        "verdict": VerdictChoice.CLEAN,
    }
    return StoredMessage(**{**defaults, "client_ip": "192.0.2.1", **values})


@pytest.mark.parametrize("kind", list(EventKind))
@pytest.mark.parametrize(
    "data",
    [
        {},
        {
            "reason": "scanner",
            "recipient": "a@example.jp",
            "to": "b@example.net",
            "removed": 2,
            "attempt": 3,
        },
        {"reasons": [{"code": "encrypted", "severity": "unexamined", "detail": {}}]},
    ],
)
def test_every_step_has_words(language: str, kind: EventKind, data: dict[str, object]) -> None:
    """Also when the event holds nothing else."""
    step = trace.step(message(), Event(at=WHEN, kind=kind, data=data))
    assert step.title
    assert is_in(language, step.text)


def test_an_attempts_results_become_words() -> None:
    """Who, what the server said, and when it is tried again."""
    result = {
        "recipient": "a@example.jp",
        "state": "deferred",
        "host": "mx.example.jp:25",
        "code": 451,
        "reply": "451 later",
        "attempt": 2,
        "retry_at": WHEN.isoformat(),
    }
    step = trace.step(
        message(), Event(at=WHEN, kind=EventKind.ATTEMPTED, data={"results": [result]})
    )
    (attempt,) = step.attempts
    assert (attempt.recipient, attempt.reply, attempt.number) == ("a@example.jp", "451 later", 2)
    assert attempt.retry_at == WHEN
    assert attempt.state.tone == "warn"


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_of_the_filters_has_its_own_sentence(language: str, code: str) -> None:
    """The general one is for codes that are not known yet."""
    assert code in finding_words.KNOWN_CODES
    words = finding_words.finding_words(code, {"name": "A.zip", "virus": "V", "type": "exe"}, 1)
    assert is_in(language, words)


def test_an_unknown_code_gets_a_general_sentence(language: str) -> None:
    """A record that a newer version wrote must not break the page."""
    words = finding_words.finding_words("new-check", {}, None)
    assert is_in(language, words)
    assert "new-check" in words


def test_percent_signs_in_file_names_are_only_text(language: str) -> None:
    """The sentences are made by % themselves."""
    words = finding_words.finding_words("virus", {"name": "100%s.zip", "virus": "%(x)d"}, 1)
    assert "100%s.zip" in words
    assert "%(x)d" in words


@pytest.mark.parametrize("state", list(MessageState))
@pytest.mark.parametrize("direction", list(DirectionChoice))
def test_every_state_has_a_standing_a_verdict_and_a_summary(
    language: str, state: MessageState, direction: DirectionChoice
) -> None:
    """Whatever the direction."""
    row = message(state=state, direction=direction)
    assert explain.standing(state, Copies()).text
    assert explain.verdict(row, ()).text
    assert is_in(language, explain.summary(row, 0))


@pytest.mark.parametrize("state", list(DeliveryState))
def test_every_copys_state_has_a_word(state: DeliveryState) -> None:
    """And a tone."""
    assert explain.copy_badge(state).tone in {"good", "info", "warn", "bad", "quiet"}


@pytest.mark.parametrize("severity", list(Severity))
def test_every_severity_has_a_word(severity: Severity) -> None:
    """And none is taken for harmless but a note."""
    assert (explain.severity_badge(severity).tone == "quiet") == (severity == Severity.NOTE)


@pytest.mark.parametrize(
    ("copies", "tone"),
    [
        (Copies(2, delivered=2), "good"),
        (Copies(2, bounced=2), "bad"),
        (Copies(2, delivered=1, bounced=1), "warn"),
        (Copies(2), "quiet"),
    ],
)
def test_a_closed_message_stands_as_its_copies_ended(copies: Copies, tone: str) -> None:
    """Closed alone would not say whether anybody got it."""
    assert explain.standing(MessageState.CLOSED, copies).tone == tone


@pytest.mark.parametrize(
    ("verdict", "severities", "words"),
    [
        ("malicious", ["unexamined", "malicious"], "Virus"),
        ("spam", ["unwanted", "suspicious"], "Spam"),
        ("suspicious", ["suspicious"], "Suspicious"),
        ("clean", [], "Nothing found"),
        ("clean", ["note"], "Nothing found"),
        ("clean", ["note", "unwanted"], "Allowed"),
        ("pending", [], "Not yet examined"),
    ],
)
def test_the_verdict_is_what_decided(verdict: str, severities: list[str], words: str) -> None:
    """As the filters, the figures and the quarantine call it; what a list allowed is not clean."""
    row = message(verdict=verdict)
    with translation.override("en"):
        assert explain.verdict(row, severities).text == words
        own = message(verdict=verdict, direction="notice")
        assert explain.verdict(own, severities).text == "Own notice"


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"verdict": "spam"}, "A tag was put before the subject of this mail."),
        ({"verdict": "forged"}, "A tag was put before the subject of this mail."),
        ({"verdict": "suspicious"}, "A warning was put at the head of this mail."),
        ({"verdict": "unexamined"}, "A warning was put at the head of this mail."),
        ({"verdict": "clean"}, "Only header fields or line ends of this mail were corrected."),
        (
            {"verdict": "spam", "released_at": WHEN},
            "Only header fields or line ends of this mail were corrected.",
        ),
    ],
)
def test_the_summary_says_what_was_changed(facts: dict[str, object], words: str) -> None:
    """A tag is no warning, and a forged header field that was taken away is neither."""
    with translation.override("en"):
        assert explain.summary(message(changed=True, state="closed", **facts), 0) == words


def test_the_same_reason_stands_once_the_worst_first() -> None:
    """A bomb of a thousand equal files is one line."""
    rows = [
        FindingRow(code="encrypted", severity="unexamined", part=1, detail={"name": "a.zip"}),
        FindingRow(code="encrypted", severity="unexamined", part=1, detail={"name": "a.zip"}),
        FindingRow(code="virus", severity="malicious", part=2, detail={"name": "b.exe"}),
    ]
    found = explain.reasons(rows)
    assert [reason.severity.tone for reason in found] == ["bad", "warn"]


def test_attachments_were_removed_only_from_a_changed_message() -> None:
    """A quarantined one is kept whole; the same part counts once."""
    rows = [
        FindingRow(code="virus", severity="malicious", part=2, detail={"name": "b.zip"}),
        FindingRow(code="file-type", severity="forbidden", part=2, detail={"name": "b.zip"}),
        FindingRow(code="encrypted", severity="unexamined", part=3, detail={"name": "c.zip"}),
    ]
    assert explain.removed_files(message(changed=True), rows) == ["b.zip"]
    assert explain.removed_files(message(changed=False), rows) == []


@pytest.mark.parametrize(
    ("severities", "words"),
    [
        ([], "Nothing was found."),
        (["unexamined"], "Not everything could be examined. The mail is delivered all the same."),
        (["suspicious", "unexamined"], "It looks suspicious and is delivered."),
        (["unwanted", "suspicious"], "It is delivered with a tag before its subject."),
    ],
)
def test_the_step_of_examining_says_what_was_done(severities: list[str], words: str) -> None:
    """In the trace of a mail that is delivered."""
    data = {"removed": 0, "reasons": [{"severity": severity} for severity in severities]}
    with translation.override("en"):
        assert (
            trace.step(message(), Event(at=WHEN, kind=EventKind.EXAMINED, data=data)).text == words
        )


@pytest.mark.parametrize("kind", [EventKind.QUARANTINED, EventKind.REFUSED])
def test_the_step_that_keeps_a_mail_names_what_nobody_may_let_go(kind: EventKind) -> None:
    """Once each; scores and signs of fraud stand among the findings."""
    virus = {"code": "virus", "severity": "malicious", "detail": {"name": "a.exe", "virus": "V"}}
    score = {"code": "spam", "severity": "unwanted", "detail": {"score": "99"}}
    event = Event(at=WHEN, kind=kind, data={"reasons": [virus, virus, score]})
    with translation.override("en"):
        text = trace.step(message(), event).text
    assert text.count("A virus (V) was found in “a.exe”.") == 1
    assert "99" not in text
