"""The features of one mail, by family: where each counts in the model, and how much."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mailsec.gateway.message import Message
from mailsec.gateway.spam import links, ngrams, script, sender, structure
from mailsec.gateway.spam.text import LONGEST_LINE, normalise

TEXT_BITS = 18
FACT_BITS = 13
SIZE = (1 << TEXT_BITS) + (1 << FACT_BITS)
SALTS = {"words-body": 0x11, "words-subject": 0x2222, "sender": 0x333333}
_FACT_VALUE = 0.35
_FEW = {"words-body": 400, "words-subject": 20, "sender": 0}
_SCALES = {"words-body": 1.0, "words-subject": 0.7, "sender": 0.3}


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of evidence: the buckets that a mail has, and what each of them counts."""

    code: str
    buckets: NDArray[np.int32]
    values: NDArray[np.float32]


def of(message: Message) -> tuple[Family, ...]:
    """All families of a mail, empty ones left out. Never raises."""
    text, subject = message.text, message.subject
    name = message.from_[0].name if message.from_ else ""
    families = (
        _words("words-body", normalise(text)),
        _words("words-subject", normalise(subject, LONGEST_LINE)),
        _words("sender", normalise(name, LONGEST_LINE)),
        _facts("sender", sender.facts(message)),
        _facts("links", links.facts(message)),
        _facts("structure", structure.facts(message)),
        _facts("attachment", structure.attachment_facts(message)),
        _facts("headers", structure.header_facts(message)),
        _facts("language", script.facts(text, subject)),
    )
    return tuple(family for family in families if family.buckets.size)


def _words(code: str, text: str) -> Family:
    """Each n-gram once, all together of one length, so that long mails weigh no more than short.

    A few words are less evidence than many: ``_FEW`` n-grams weigh half as much, squared.
    """
    buckets = ngrams.present(text, SALTS[code], TEXT_BITS)
    if not buckets.size:
        return Family(code, buckets, np.empty(0, np.float32))
    value = _SCALES[code] / (buckets.size + _FEW[code]) ** 0.5
    return Family(code, buckets, np.full(buckets.size, value, dtype=np.float32))


def _facts(code: str, facts: Iterable[str]) -> Family:
    places = {fact_bucket(code, fact) for fact in facts}
    buckets = np.array(sorted(places), dtype=np.int32)
    return Family(code, buckets, np.full(buckets.size, _FACT_VALUE, dtype=np.float32))


def fact_bucket(code: str, fact: str) -> int:
    """Where a fact counts: behind the n-grams, by its CRC-32."""
    digest = zlib.crc32(f"{code}:{fact}".encode("utf-8", "replace"))
    return (1 << TEXT_BITS) + (digest * 2_654_435_761 % (1 << 32) >> (32 - FACT_BITS))
