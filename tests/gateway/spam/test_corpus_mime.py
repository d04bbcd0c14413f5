"""Every file of the public MIME corpus has a score that adds up, also damaged further."""

from __future__ import annotations

import random
import tarfile
from pathlib import Path

import pytest

from mailsec.gateway.message import Message
from mailsec.gateway.spam.classifier import BaseClassifier
from tests.gateway.spam.mails import ENVELOPE

PACK = Path(__file__).parents[4] / "shared" / "corpora" / "mime-open.tar.xz"
pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not PACK.exists(), reason="the mail corpora do not lie beside the checkout"),
]
_LARGEST = 500_000


def test_every_file_is_scored() -> None:
    """Torture sets, bounces, mobile carriers, signed mail: no exception, and within bounds."""
    classifier = BaseClassifier()
    chance = random.Random(3)
    count = 0
    with tarfile.open(PACK) as pack:
        for member in pack:
            file = pack.extractfile(member) if member.isfile() else None
            raw = file.read(_LARGEST) if file else b""
            damaged = bytearray(raw)
            for _ in range(min(20, len(damaged))):
                damaged[chance.randrange(len(damaged))] = chance.randrange(256)
            for content in (raw, bytes(damaged)):
                found = classifier.score(Message(content), ENVELOPE)
                assert 0 <= found.score <= 100, member.name
                logit = classifier.explain(Message(content)).logit
                shares = sum(reason.weight for reason in found.reasons)
                bias = classifier.explain(Message(b"")).bias
                assert logit == pytest.approx(bias + shares, abs=1e-9), member.name
                count += 1
    assert count > 4_000
