"""Hashed character n-grams."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mailsec.gateway.spam import ngrams


def test_the_hash_never_changes() -> None:
    """A shipped model depends on these very numbers."""
    expected = [19607, 47636, 137912, 177520, 177671, 247065]
    assert ngrams.present("ab", 1, 18).tolist() == expected


@given(st.text(max_size=200), st.integers(8, 18))
def test_every_text_has_buckets_within_the_table(text: str, bits: int) -> None:
    """Buckets are in range, each once, in order; an empty text has none."""
    found = ngrams.present(text, 7, bits)
    assert (np.diff(found) > 0).all()
    assert found.size == 0 if not text else 0 <= found[0] <= found[-1] < 1 << bits


def test_n_grams_of_a_piece_are_found_in_the_whole() -> None:
    """Texts that share a passage share its buckets, whatever stands around it."""
    piece = set(ngrams.hashes("請求書を送付", 7, 18)[3][1:-1].tolist())
    whole = set(ngrams.hashes("本日、請求書を送付しました", 7, 18)[3].tolist())
    assert piece <= whole


def test_the_salt_keeps_fields_apart() -> None:
    """The same word in a subject is another feature than in a body."""
    assert not set(ngrams.present("invoice", 1, 18)) & set(ngrams.present("invoice", 2, 18))


@given(st.text(alphabet="ab請求 ", min_size=1, max_size=40), st.integers(1, 60))
def test_short_and_long_texts_are_counted_alike(piece: str, times: int) -> None:
    """Whether the buckets are sorted or marked in a table, the same ones are found."""
    text = piece * times
    expected = {int(one) for found in ngrams.hashes(text, 7, 18).values() for one in found}
    assert ngrams.present(text, 7, 18).tolist() == sorted(expected)
