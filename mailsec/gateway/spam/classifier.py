"""The classifier behind the port: the base model, moved by what a tenant taught."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from mailsec.gateway.envelope import Envelope
from mailsec.gateway.message import Message
from mailsec.gateway.ports import SpamReason, SpamScore
from mailsec.gateway.spam import examples, features, links
from mailsec.gateway.spam.model import Model, load_base_model
from mailsec.gateway.spam.tenant import TenantModel
from mailsec.gateway.spam.text import LONGEST_LINE, normalise

# Nobody asks why a mail is not spam, and looking for the words takes a fifth of the time.
_EXPLAINED_FROM = 20.0
_MOST_SHOWN = 3
_LONGEST_SHOWN = 60
LEARNED = "learned"
CODES = (
    "words-body", "words-subject", "sender", "links", "structure", "attachment", "headers",
    "language", LEARNED,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Explanation:
    """The logit and its summands: ``bias`` and the shares together are exactly ``logit``."""

    logit: float
    bias: float
    shares: Mapping[str, float]


class BaseClassifier:
    """A ``SpamClassifier`` with the shipped model, or another one, for one tenant."""

    name = "mailsec"

    def __init__(self, model: Model | None = None, tenant: TenantModel | None = None) -> None:
        self._model = model or load_base_model()
        self._tenant = tenant or TenantModel.empty()

    def explain(self, message: Message) -> Explanation:
        """How the logit comes about, by family of features."""
        shares: defaultdict[str, float] = defaultdict(float)
        for family in features.of(message):
            shares[family.code] += self._model.share(family)
        learned = self._tenant.shift(message, self._model)
        if learned:
            shares[LEARNED] = learned
        bias = self._model.bias
        return Explanation(bias + math.fsum(shares.values()), bias, MappingProxyType(dict(shares)))

    def score(self, message: Message, envelope: Envelope) -> SpamScore:
        """The score with its reasons; the reasons carry words only from a score of 20 on.

        The envelope plays no part: the model was learnt from mail whose envelopes are lost.
        """
        found = self.explain(message)
        score = self._model.calibration.score(found.logit)
        strongest = sorted(found.shares.items(), key=lambda item: (-abs(item[1]), item[0]))
        if score < _EXPLAINED_FROM:
            return SpamScore(score, tuple(SpamReason(code, weight) for code, weight in strongest))
        reasons = (
            SpamReason(code, weight, self._detail(message, code, weight > 0))
            for code, weight in strongest
        )
        return SpamScore(score, tuple(reasons))

    def _detail(self, message: Message, code: str, spam: bool) -> Mapping[str, str]:
        shown: tuple[str, ...] = ()
        if code == "words-body":
            text = normalise(message.text)
            shown = examples.strongest(text, code, self._model.weights, spam)
        elif code == "words-subject":
            text = normalise(message.subject, LONGEST_LINE)
            shown = examples.strongest(text, code, self._model.weights, spam)
        elif code == "links":
            shown = links.hosts(message)
        elif code == "sender":
            shown = tuple(f"{one.name} <{one.address}>".strip() for one in message.from_)
        elif code == "attachment":
            shown = tuple(part.name for part in message.attachments if part.name)
        listed = ", ".join(one[:_LONGEST_SHOWN] for one in shown[:_MOST_SHOWN])
        return MappingProxyType({"examples": listed or "-"})
