"""Hashed character n-grams: the same for every language, without a tokenizer or a dictionary."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SIZES = (2, 3, 4)
# Below this, to sort the n-grams takes less time than a table of all buckets.
_SORTED_UP_TO = 1_000
_PRIME = np.uint32(0x01000193)
_MIX = np.uint32(0x85EBCA6B)


def codes_of(text: str) -> NDArray[np.uint32]:
    """The code points, with a blank at both ends so that n-grams see where the text ends."""
    padded = f" {text} ".encode("utf-32-le", "surrogatepass")
    return np.frombuffer(padded, dtype="<u4").astype(np.uint32, copy=False)


def hashes(text: str, salt: int, bits: int) -> dict[int, NDArray[np.uint32]]:
    """For each size the bucket of the n-gram at each position, below 2 ** ``bits``."""
    codes = codes_of(text)
    shift = np.uint32(32 - bits)
    state = codes + np.uint32(salt)
    state *= _PRIME
    found: dict[int, NDArray[np.uint32]] = {}
    for size in range(2, max(SIZES) + 1):
        following = codes[size - 1 :]
        # In place where it can be: half of the time goes into taking memory.
        state = state[: following.size] ^ following
        state *= _PRIME
        if size in SIZES:
            mixed = state >> np.uint32(15)
            mixed ^= state
            mixed *= _MIX
            mixed ^= mixed >> np.uint32(13)
            mixed *= _PRIME
            mixed >>= shift
            found[size] = mixed
    return found


def present(text: str, salt: int, bits: int) -> NDArray[np.int32]:
    """The buckets of all n-grams of a text, each once, in rising order."""
    if not text:
        return np.empty(0, dtype=np.int32)
    found = hashes(text, salt, bits).values()
    if len(text) <= _SORTED_UP_TO:
        return _sorted_once(np.concatenate(list(found)))
    seen = np.zeros(1 << bits, dtype=np.bool_)
    for buckets in found:
        seen[buckets.astype(np.intp)] = True
    return np.flatnonzero(seen).astype(np.int32)


def _sorted_once(buckets: NDArray[np.uint32]) -> NDArray[np.int32]:
    buckets.sort()
    first = np.ones(buckets.size, dtype=np.bool_)
    np.not_equal(buckets[1:], buckets[:-1], out=first[1:])
    return buckets[first].astype(np.int32)
