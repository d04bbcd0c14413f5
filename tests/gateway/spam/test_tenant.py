"""What a tenant teaches, and how it is taken back."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsec.gateway.message import Message
from mailsec.gateway.spam.classifier import BaseClassifier
from mailsec.gateway.spam.made.compose import mails as made_mails
from mailsec.gateway.spam.model import load_base_model
from mailsec.gateway.spam.tenant import MOST_SHIFT, TenantModel, UnreadableTenantModel
from tests.gateway.spam.mails import ENVELOPE, mail

OFFER = (
    "Our spring catalogue of garden furniture is out. Reserve a set of chairs and a table before "
    "the end of {month} and the delivery to your terrace in {city} is free. Ask for order form {n}."
)
COPIES = [
    mail("Garden furniture for your terrace", OFFER.format(month=month, city=city, n=number))
    for number, (month, city) in enumerate([("May", "Leeds"), ("June", "Lyon"), ("July", "Cork")])
]
OTHER = mail("Minutes", "The board met on Tuesday, approved the budget and elected a treasurer.")


def _score(message: Message, tenant: TenantModel) -> float:
    return BaseClassifier(load_base_model(), tenant).score(message, ENVELOPE).score


@pytest.mark.parametrize("is_spam", [True, False])
def test_one_training_moves_its_own_kind(is_spam: bool) -> None:
    """One "spam" or "not spam" moves near duplicates far, and another mail next to nothing."""
    model, empty = load_base_model(), TenantModel.empty()
    taught, _ = empty.learned(COPIES[0], is_spam)
    sign = 1 if is_spam else -1
    for copy in COPIES:
        assert sign * taught.shift(copy, model) > 3
    assert abs(taught.shift(OTHER, model)) < 0.5


def test_a_mail_that_is_tagged_wrongly_is_let_through_once_taught() -> None:
    """ "Not spam" brings a borderline mail and its near duplicates below the tag threshold."""
    model = load_base_model()
    borderline = [one for one in _mails(True) if 60 <= _score(one, TenantModel.empty()) < 97]
    assert borderline
    for message in borderline[:5]:
        taught, _ = TenantModel.empty().learned(message, False)
        assert _score(message, taught) < 60
        assert taught.shift(message, model) < 0


def test_a_handful_of_trainings_does_not_spoil_the_rest() -> None:
    """Ten trainings of one kind, even wrong ones, leave mail of other kinds where it was."""
    model = load_base_model()
    spam, ham = _mails(True), _mails(False)
    taught = TenantModel.empty()
    for message in spam[:10]:
        taught, _ = taught.learned(message, False)
    shifts = sorted(abs(taught.shift(message, model)) for message in ham[20:])
    assert shifts[len(shifts) // 2] < 0.5
    assert shifts[-1] <= MOST_SHIFT


def test_learning_is_undone_without_a_trace() -> None:
    """After undo the bytes are those from before, whatever else was learnt in between."""
    first, one = TenantModel.empty().learned(COPIES[0], True)
    second, two = first.learned(OTHER, False)
    assert second.unlearned(two).to_bytes() == first.to_bytes()
    only_other, _ = TenantModel.empty().learned(OTHER, False)
    assert second.unlearned(one).to_bytes() == only_other.to_bytes()
    assert second.unlearned(one).unlearned(two).to_bytes() == TenantModel.empty().to_bytes()


@given(st.permutations(range(6)), st.lists(st.booleans(), min_size=6, max_size=6))
@settings(max_examples=15, deadline=None)
def test_the_order_of_learning_does_not_matter(order: list[int], labels: list[bool]) -> None:
    """The same trainings in any order give the same bytes, and undoing all gives an empty model."""
    mails = [*COPIES, OTHER, *_mails(False)[:2]]

    def taught(places: list[int]) -> tuple[TenantModel, list[bytes]]:
        model, steps = TenantModel.empty(), []
        for place in places:
            model, step = model.learned(mails[place], labels[place])
            steps.append(step)
        return model, steps

    model, steps = taught(order)
    assert model.to_bytes() == taught(list(range(6)))[0].to_bytes()
    for step in random.Random(1).sample(steps, len(steps)):
        model = model.unlearned(step)
    assert model.to_bytes() == TenantModel.empty().to_bytes()


def test_the_bytes_keep_everything() -> None:
    """A model comes back from its bytes, and no bytes are an empty model."""
    taught, _ = TenantModel.empty().learned(COPIES[0], True)
    assert TenantModel.from_bytes(taught.to_bytes()).to_bytes() == taught.to_bytes()
    assert TenantModel.from_bytes(b"").to_bytes() == TenantModel.empty().to_bytes()
    assert len(taught.to_bytes()) < 20_000


def test_a_step_of_another_model_is_refused() -> None:
    """Counts never fall below nothing."""
    _, step = TenantModel.empty().learned(COPIES[0], True)
    with pytest.raises(UnreadableTenantModel):
        TenantModel.empty().unlearned(step)
    with pytest.raises(UnreadableTenantModel):
        TenantModel.empty().unlearned(b"\x05ab")


@given(st.binary(max_size=60))
def test_other_bytes_are_refused_or_read(content: bytes) -> None:
    """Damaged bytes from a database raise this one error."""
    try:
        TenantModel.from_bytes(content)
    except UnreadableTenantModel:
        assert content
    try:
        TenantModel.empty().unlearned(content)
    except UnreadableTenantModel:
        assert content


@given(st.binary(max_size=300), st.booleans())
@settings(max_examples=50, deadline=None)
def test_any_bytes_can_be_learnt_and_unlearnt(raw: bytes, is_spam: bool) -> None:
    """Also a mail without a word is a step that can be taken back."""
    taught, step = TenantModel.empty().learned(Message(raw), is_spam)
    assert abs(taught.shift(Message(raw), load_base_model())) <= MOST_SHIFT
    assert taught.unlearned(step).to_bytes() == TenantModel.empty().to_bytes()


def _mails(spam: bool) -> list[Message]:
    """Mails of other variants than the model was trained with."""
    return [Message(one.raw) for one in made_mails(1, 99) if one.spam is spam]
