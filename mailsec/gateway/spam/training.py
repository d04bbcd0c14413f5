"""How the base model is learnt: logistic regression by AdaGrad, checked in folds of groups.

The same mails in the same order give the same weights on the same build of numpy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mailsec.gateway.message import Message
from mailsec.gateway.spam import features
from mailsec.gateway.spam.model import RATE_BITS, Calibration
from mailsec.gateway.spam.tenant import buckets_of

_EPOCHS = 8
_RATE = 0.5
_BIAS_RATE = 0.15
_START = 1e-3
# To lose a wanted mail is worse than to let one of spam through.
_HAM_WEIGHT = 3.0
# Made ham sounds much like phishing; with a greater weight it would hide it.
_MADE_HAM_WEIGHT = 1.0
_FOLDS = 5
_TAGGED_HAM = 0.0015
_QUARANTINED_HAM = 0.001
_LEAST_STEP = 0.5


@dataclass(frozen=True, slots=True)
class Example:
    """One mail to learn from; those of a ``group`` are near duplicates and share a fold."""

    buckets: NDArray[np.int32]
    values: NDArray[np.float32]
    words: NDArray[np.int32]
    spam: bool
    group: str
    made: bool = False


def example(raw: bytes, spam: bool, group: str, made: bool = False) -> Example:
    """What learning needs of a mail; the mail itself is not kept."""
    message = Message(raw)
    families = features.of(message)
    return Example(
        buckets=np.concatenate([family.buckets for family in families]),
        values=np.concatenate([family.values for family in families]),
        words=buckets_of(message),
        spam=spam,
        group=group,
        made=made,
    )


def fit(mails: Sequence[Example], seed: int) -> tuple[NDArray[np.float32], float]:
    """Weights and bias."""
    weights = np.zeros(features.SIZE, np.float32)
    squares = np.full(features.SIZE, _START, np.float32)
    bias, bias_squares = 0.0, _START
    chance = np.random.default_rng(seed)
    for _ in range(_EPOCHS):
        for place in chance.permutation(len(mails)).tolist():
            mail = mails[place]
            here = weights[mail.buckets]
            error = _sigmoid(float(here @ mail.values) + bias) - mail.spam
            error *= _weight(mail)
            gradient = np.float32(error) * mail.values
            grown = squares[mail.buckets] + gradient * gradient
            squares[mail.buckets] = grown
            weights[mail.buckets] = here - np.float32(_RATE) * gradient / np.sqrt(grown)
            bias_squares += error * error
            bias -= _BIAS_RATE * error / math.sqrt(bias_squares)
    return weights, bias


def _weight(mail: Example) -> float:
    if mail.spam:
        return 1.0
    return _MADE_HAM_WEIGHT if mail.made else _HAM_WEIGHT


def _sigmoid(logit: float) -> float:
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, logit))))


def cross_validated(mails: Sequence[Example], seed: int) -> NDArray[np.float64]:
    """The logit of each mail by a model that saw nothing of its group."""
    groups = {name: place for place, name in enumerate(sorted({mail.group for mail in mails}))}
    order = np.random.default_rng(seed).permutation(len(groups))
    folds = np.array([order[groups[mail.group]] % _FOLDS for mail in mails])
    logits = np.zeros(len(mails))
    for number in range(_FOLDS):
        seen = [mail for mail, place in zip(mails, folds, strict=True) if place != number]
        weights, bias = fit(seen, seed)
        for place in np.flatnonzero(folds == number).tolist():
            mail = mails[place]
            logits[place] = float(weights[mail.buckets] @ mail.values) + bias
    return logits


def calibrate(mails: Sequence[Example], logits: NDArray[np.float64]) -> Calibration:
    """60 where 0.15 % of the ham lies above, 90 where 0.1 % does.

    Made ham counts too: it stands for the business mail that public ham has next to none of.
    """
    wanted = np.array([not mail.spam for mail in mails])
    ham = logits[wanted] if wanted.any() else logits
    tag = float(np.quantile(ham, 1.0 - _TAGGED_HAM))
    quarantine = float(np.quantile(ham, 1.0 - _QUARANTINED_HAM))
    return Calibration(tag, max(quarantine, tag + _LEAST_STEP))


def rates(mails: Sequence[Example]) -> NDArray[np.float32]:
    """The share of mails that each bucket of words occurs in, never quite nothing."""
    counts = np.zeros(1 << RATE_BITS)
    for mail in mails:
        counts[mail.words] += 1
    return ((counts + 0.5) / (len(mails) + 1.0)).astype(np.float32)


def figures(
    mails: Sequence[Example], logits: NDArray[np.float64], calibration: Calibration
) -> dict[str, float]:
    """Shares (%) at the two thresholds in cross-validation, public and made mail apart."""
    found: dict[str, float] = {}
    for name, cut in (("60", calibration.tag), ("90", calibration.quarantine)):
        for made in (False, True):
            for spam in (False, True):
                chosen = np.array([mail.made is made and mail.spam is spam for mail in mails])
                if chosen.any():
                    kind = f"{'made' if made else 'public'} {'spam' if spam else 'ham'}"
                    share = float((logits[chosen] >= cut).mean()) * 100
                    found[f"{kind} at {name} or above, %"] = round(share, 2)
    return found
