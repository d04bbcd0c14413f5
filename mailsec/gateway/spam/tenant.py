"""What a tenant's "spam" and "not spam" add to the base model, each step of it undoable.

For every bucket it is counted in how many of the tenant's trained mails it occurs. Counting only
adds and subtracts whole numbers, so steps may come in any order and each can be taken back without
a trace. What the counts mean is worked out when a mail is scored: a bucket speaks for a class only
as far as it occurs there more often than in mail at large, so common words never gain weight, and
a mail that shares only a little with the trained ones is left alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mailsec.gateway.errors import GatewayError
from mailsec.gateway.message import Message
from mailsec.gateway.spam import features, ngrams
from mailsec.gateway.spam.model import RATE_BITS, Model
from mailsec.gateway.spam.text import LONGEST_LINE, normalise

_MAGIC = b"msT1"
_SIZE = 1 << RATE_BITS
_MOST = 65_535
# A step is 6 + 2 * buckets bytes, and no mail has more than this many.
_MOST_BUCKETS = 20_000
# How many mails of ordinary traffic each class is taken to hold from the start.
_PRIOR = 1.0
# A mail with less in common than this on average is another kind of mail. Measured on public mail
# after 1 to 100 trainings: mails of other kinds stay below 0.45, those trained above 0.85.
_FLOOR = 0.5
_SLOPE = 10.0
MOST_SHIFT = 8.0


class UnreadableTenantModel(GatewayError):
    """The bytes are no tenant's model or step, or the step does not belong to this model."""


@dataclass(frozen=True, slots=True)
class TenantModel:
    """Counts of buckets in a tenant's trained mails, with the number of mails of each class."""

    mails: tuple[int, int] = (0, 0)  # not spam, spam
    counts: NDArray[np.uint16] = field(default_factory=lambda: np.zeros((2, _SIZE), np.uint16))

    @classmethod
    def empty(cls) -> TenantModel:
        """A tenant that taught nothing yet."""
        return cls()

    @classmethod
    def from_bytes(cls, content: bytes) -> TenantModel:
        """What ``to_bytes`` wrote; nothing at all means an empty model."""
        if not content:
            return cls()
        if content[:4] != _MAGIC or len(content) < 12:
            raise UnreadableTenantModel("not a tenant's spam model")
        ham, spam = (int(value) for value in np.frombuffer(content, "<u4", 2, 4))
        counts = np.zeros((2, _SIZE), np.uint16)
        rows = np.frombuffer(content, dtype=np.uint8, offset=12)
        if rows.size % 6:
            raise UnreadableTenantModel("a tenant's spam model cut short")
        entries = rows.view("<u2").reshape(-1, 3)
        counts[:, entries[:, 0]] = entries[:, 1:].T
        return cls((ham, spam), counts)

    def to_bytes(self) -> bytes:
        """The same bytes for the same counts: 6 for each bucket in use, at most 384 KiB."""
        used = np.flatnonzero(self.counts.any(axis=0))
        entries = np.empty((used.size, 3), "<u2")
        entries[:, 0] = used
        entries[:, 1:] = self.counts[:, used].T
        return _MAGIC + np.array(self.mails, "<u4").tobytes() + entries.tobytes()

    def learned(self, message: Message, is_spam: bool) -> tuple[TenantModel, bytes]:
        """The model with this mail, and the step that ``unlearned`` takes back.

        A full class (65,535 mails) learns no more; its step is empty.
        """
        if self.mails[is_spam] >= _MOST:
            return self, b""
        buckets = buckets_of(message).astype("<u2")
        step = bytes((is_spam,)) + buckets.tobytes()
        return self._moved(is_spam, buckets, 1), step

    def unlearned(self, step: bytes) -> TenantModel:
        """The model as if that step had never been; steps may be taken back in any order."""
        if not step:
            return self
        if len(step) % 2 != 1 or step[0] > 1:
            raise UnreadableTenantModel("not a step of learning")
        is_spam, buckets = bool(step[0]), np.frombuffer(step, "<u2", offset=1)
        if not self.mails[is_spam] or (buckets.size and not self.counts[step[0], buckets].all()):
            raise UnreadableTenantModel("a step of another model")
        return self._moved(is_spam, buckets, -1)

    def _moved(self, is_spam: bool, buckets: NDArray[np.uint16], by: int) -> TenantModel:
        counts = self.counts.copy()
        counts[int(is_spam), buckets] += np.uint16(by % (1 << 16))
        mails = (self.mails[0] + (0 if is_spam else by), self.mails[1] + (by if is_spam else 0))
        return TenantModel(mails, counts)

    def shift(self, message: Message, model: Model) -> float:
        """What the tenant's training adds to the logit, within ``MOST_SHIFT`` to both sides."""
        if not any(self.mails):
            return 0.0
        buckets = buckets_of(message)
        if not buckets.size:
            return 0.0
        rates = model.rates[buckets].astype(np.float64)
        evidence = self._evidence(True, buckets, rates) - self._evidence(False, buckets, rates)
        rarity = np.log(rates) ** 2
        mean = float(evidence @ rarity / max(rarity.sum(), 1e-9))
        beyond = math.copysign(max(abs(mean) - _FLOOR, 0.0), mean)
        return MOST_SHIFT * math.tanh(_SLOPE * beyond / MOST_SHIFT)

    def _evidence(
        self, is_spam: bool, buckets: NDArray[np.int32], rates: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """How much more often than in mail at large each bucket occurs: a logarithm, at least 0."""
        counted = self.counts[int(is_spam), buckets].astype(np.float64)
        expected = (self.mails[is_spam] + _PRIOR) * rates
        evidence: NDArray[np.float64] = np.log((counted + _PRIOR * rates) / expected)
        return evidence.clip(0.0)


def buckets_of(message: Message) -> NDArray[np.int32]:
    """The n-grams of subject and body in the tenant's table, each once, in rising order.

    Only the longest ones are used: short ones occur in all mail and tell no kind from another.
    """
    seen = np.zeros(_SIZE, np.bool_)
    for code, text in (
        ("words-body", normalise(message.text)),
        ("words-subject", normalise(message.subject, LONGEST_LINE)),
    ):
        hashes = ngrams.hashes(text, features.SALTS[code], features.TEXT_BITS)
        seen[hashes[max(ngrams.SIZES)] & np.uint32(_SIZE - 1)] = True
    return np.flatnonzero(seen).astype(np.int32)[:_MOST_BUCKETS]
