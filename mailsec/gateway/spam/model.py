"""The base model: one file of weights with a header that says what they were learnt from."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from mailsec.gateway.errors import GatewayError
from mailsec.gateway.spam import features
from mailsec.gateway.spam.features import Family

MAGIC = b"mailsec-spam-model\n"
VERSION = 1
RATE_BITS = 16
_RATE_STEP = 0.05
_LONGEST_HEADER = 1 << 20


class UnreadableModel(GatewayError):
    """The file is no spam model, or one of another version."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """A rising map from the logit to the score: ``tag`` becomes 60, ``quarantine`` becomes 90."""

    tag: float
    quarantine: float

    def score(self, logit: float) -> float:
        """Between 0 and 100; it goes on rising where a logistic curve would have ended."""
        # s / sqrt(1 + s * s) is 0.2 and 0.8 at these places, which is 60 and 90 of 100.
        low, high = 0.2 / math.sqrt(0.96), 0.8 / 0.6
        at = low + (logit - self.tag) * (high - low) / (self.quarantine - self.tag)
        return 50.0 + 50.0 * at / math.sqrt(1.0 + at * at)


@dataclass(frozen=True, slots=True)
class Model:
    """Weights for every bucket. ``rates`` says how common a bucket of a body is in all mail."""

    weights: NDArray[np.float32]
    bias: float
    calibration: Calibration
    rates: NDArray[np.float32]
    data: Mapping[str, object]

    def logit(self, families: tuple[Family, ...]) -> float:
        """The sum of all that speaks for spam, less what speaks against it."""
        return self.bias + math.fsum(self.share(family) for family in families)

    def share(self, family: Family) -> float:
        """What one family adds to the logit."""
        return float(self.weights[family.buckets] @ family.values)

    def to_bytes(self) -> bytes:
        """Header as JSON, weights as float16, rates as steps of their logarithm in one byte."""
        head = {
            "version": VERSION,
            "text_bits": features.TEXT_BITS,
            "fact_bits": features.FACT_BITS,
            "bias": self.bias,
            "calibration": [self.calibration.tag, self.calibration.quarantine],
            "data": dict(self.data),
        }
        header = json.dumps(head, sort_keys=True, ensure_ascii=False).encode()
        steps = np.rint(-np.log(np.maximum(self.rates, 1e-5)) / _RATE_STEP).clip(0, 255)
        return b"".join((
            MAGIC,
            len(header).to_bytes(4, "little"),
            header,
            self.weights.astype("<f2").tobytes(),
            steps.astype(np.uint8).tobytes(),
        ))  # fmt: skip


def from_bytes(content: bytes) -> Model:
    """The model in a file; ``UnreadableModel`` where it is none of this version."""
    start = len(MAGIC) + 4
    length = int.from_bytes(content[len(MAGIC) : start], "little")
    if not content.startswith(MAGIC) or length > _LONGEST_HEADER:
        raise UnreadableModel("not a spam model")
    head = json.loads(content[start : start + length])
    shape = (head["version"], head["text_bits"], head["fact_bits"])
    rest = content[start + length :]
    if shape != (VERSION, features.TEXT_BITS, features.FACT_BITS):
        raise UnreadableModel("a spam model of another version")
    if len(rest) != features.SIZE * 2 + (1 << RATE_BITS):
        raise UnreadableModel("a spam model cut short")
    steps = np.frombuffer(rest, dtype=np.uint8, offset=features.SIZE * 2).astype(np.float32)
    return Model(
        weights=np.frombuffer(rest, dtype="<f2", count=features.SIZE).astype(np.float32),
        bias=float(head["bias"]),
        calibration=Calibration(*head["calibration"]),
        rates=np.exp(-steps * np.float32(_RATE_STEP)),
        data=head["data"],
    )


@cache
def load_base_model() -> Model:
    """The model that is shipped, read once per process."""
    return from_bytes(files(__package__).joinpath("base.model").read_bytes())
