"""The public fixtures of DKIM and ARC: what verifies does so, and nothing raises."""

from __future__ import annotations

import json
import tarfile
from collections import Counter
from pathlib import Path
from typing import Any

import dkim as dkimpy
import pytest

from mailsec.gateway.authentication import Result
from mailsec.gateway.checks import arc, dkim
from mailsec.gateway.checks.authenticator import SenderAuthenticator
from mailsec.gateway.checks.lookups import NoRecords
from mailsec.gateway.dkim.canonical import SignedForm
from mailsec.gateway.message import Message
from tests.gateway.checks.making import NOW, Known, envelope, key_record, pem

PACK = Path(__file__).parents[4] / "shared" / "corpora" / "mime-open.tar.xz"
SUITE = "mime/mailauth/test/fixtures/arc/arc-draft-validation-tests.json"

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not PACK.exists(), reason="the mail corpora do not lie beside the checkout"),
]


class Zone(NoRecords):
    """The keys that a suite brings along."""

    def __init__(self, texts: dict[str, str]) -> None:
        self._texts = {name.lower().rstrip("."): text for name, text in texts.items()}

    def texts(self, name: str) -> tuple[bytes, ...]:
        text = self._texts.get(name, "")
        return (text.encode(),) if text else ()


def state(suite: dict[str, Any], case: dict[str, Any]) -> str:
    raw = case["message"].replace("\r\n", "\n").replace("\n", "\r\n").encode()
    zone = Zone(suite.get("txt-records") or {})
    return arc.check(SignedForm(Message(raw)), "", zone, NOW).result.value


def test_the_validation_suite_of_arc() -> None:
    """171 chains: 167 as the suite says. Three that end with ``cv=fail`` have no result there and
    fail here; one signs nothing, not even From, which RFC 6376 section 5.4 does not allow."""
    with tarfile.open(PACK) as pack:
        member = pack.extractfile(SUITE)
        assert member is not None
        suites = json.load(member)
    agreed: Counter[bool] = Counter()
    for suite in suites:
        for case in suite["tests"].values():
            found = state(suite, case)
            agreed[found == (case["cv"] or "").lower()] += 1
            assert found != "pass" or case["cv"] == "Pass", case["description"]
    assert agreed == {True: 167, False: 4}


def test_every_message_signed_by_another_program_verifies() -> None:
    """dkimpy signs what it can; we agree but for messages that it reads as fewer headers.

    Lines without a colon end our header block where it reads on, and it overlooks authors whose
    From has a blank before its colon.
    """
    known, results = Known(), Counter[str]()
    forms = [(a, b) for a in (b"simple", b"relaxed") for b in (b"simple", b"relaxed")]
    authenticator = SenderAuthenticator(known, lambda: NOW, lambda: 0.0)
    with tarfile.open(PACK) as pack:
        for number, member in enumerate(pack):
            opened = pack.extractfile(member) if member.isfile() else None
            raw = opened.read() if opened is not None else b""
            authenticator.check(Message(raw), envelope())
            raw = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
            if b"From:" not in raw or len(raw) > 300_000:
                continue
            try:
                field = dkimpy.sign(
                    raw, b"s1", b"example.jp", pem(), canonicalize=forms[number % 4]
                )
            except (dkimpy.DKIMException, IndexError):
                continue
            form = SignedForm(Message(field + raw))
            found = dkim.check(form, known, NOW, lambda domain: domain == "example.jp")
            results[found[0].result.value if 0 in found else "none"] += 1
    assert results[Result.PASS] > 2_200
    assert sum(results.values()) - results[Result.PASS] < 15


def test_keys_of_the_fixtures() -> None:
    """The example of RFC 8463: one RSA and one Ed25519 signature, both hold."""
    zone = Zone(
        {
            "brisbane._domainkey.football.example.com": "v=DKIM1; k=ed25519; "
            "p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
            "test._domainkey.football.example.com": key_record(),
        }
    )
    with tarfile.open(PACK) as pack:
        member = pack.extractfile("mime/mimekit/UnitTests/TestData/dkim/rfc8463-example.msg")
        assert member is not None
        raw = member.read()
    found = dkim.check(SignedForm(Message(raw)), zone, NOW, bool)
    assert found[0].result is Result.PASS
