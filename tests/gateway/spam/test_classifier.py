"""The classifier behind the port."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsec.gateway.message import Message
from mailsec.gateway.spam.classifier import CODES, BaseClassifier
from mailsec.gateway.spam.made.compose import mails as made_mails
from mailsec.gateway.spam.tenant import TenantModel
from tests.gateway.spam.mails import ENVELOPE, mail, small_model

MADE = tuple(made_mails(1, 99))


@pytest.mark.parametrize("classifier", [BaseClassifier(), BaseClassifier(small_model())])
def test_spam_is_above_ham(classifier: BaseClassifier) -> None:
    """Unseen variants of what was learnt fall on the right side, nearly all of them."""
    scores = [(one.spam, classifier.score(Message(one.raw), ENVELOPE).score) for one in MADE]
    spam = [score for is_spam, score in scores if is_spam]
    ham = [score for is_spam, score in scores if not is_spam]
    assert sorted(spam)[len(spam) // 10] > sorted(ham)[len(ham) * 9 // 10]


def test_reasons_name_what_they_mean() -> None:
    """The strongest reason comes first, and what can be shown of the mail is in its detail."""
    text = "Dear beneficiary, you have won the lottery. Claim the bitcoin prize now."
    message = mail("You won", text + " http://odd.example.net/login.php", author="a@b.example.org")
    found = BaseClassifier().score(message, ENVELOPE)
    weights = [abs(reason.weight) for reason in found.reasons]
    assert weights == sorted(weights, reverse=True)
    details = {reason.code: reason.detail["examples"] for reason in found.reasons}
    assert details["links"] == "odd.example.net"
    assert "a@b.example.org" in details["sender"]
    assert details["words-body"] != "-"


def test_a_tenants_training_is_a_reason() -> None:
    """What the tenant taught is told apart from the base model."""
    message = mail("offer", "garden furniture catalogue " * 10)
    tenant, _ = TenantModel.empty().learned(message, True)
    found = BaseClassifier(tenant=tenant).score(message, ENVELOPE)
    assert "learned" in {reason.code for reason in found.reasons}


@given(st.binary(max_size=2_000))
@settings(max_examples=200, deadline=None)
def test_any_bytes_have_a_score(raw: bytes) -> None:
    """No bytes raise; the score is within its bounds, the same each time, and adds up."""
    _check(raw)


@given(st.sampled_from(MADE), st.integers(0, 2**32))
@settings(max_examples=100, deadline=None)
def test_damaged_mails_have_a_score(made: object, seed: int) -> None:
    """Bytes exchanged, doubled and cut out of real shapes of mail do no harm."""
    chance = random.Random(seed)
    raw = bytearray(made.raw)  # type: ignore[attr-defined]
    for _ in range(chance.randrange(1, 40)):
        at = chance.randrange(len(raw))
        if chance.random() < 0.5:
            raw[at] = chance.randrange(256)
        else:
            raw[at : at + chance.randrange(20)] = raw[: chance.randrange(20)]
    _check(bytes(raw))


def _check(raw: bytes) -> None:
    classifier = BaseClassifier()
    first = classifier.score(Message(raw), ENVELOPE)
    assert 0 <= first.score <= 100
    assert classifier.score(Message(raw), ENVELOPE) == first
    assert {reason.code for reason in first.reasons} <= set(CODES)
    found = classifier.explain(Message(raw))
    total = found.bias + sum(reason.weight for reason in first.reasons)
    assert found.logit == pytest.approx(total, abs=1e-9)


def test_every_case_of_the_repository_has_a_score() -> None:
    """The malformed samples of the reader's tests are scored too."""
    paths = sorted((Path(__file__).parents[1] / "eml").rglob("*.eml"))
    assert paths
    for path in paths:
        _check(path.read_bytes())
