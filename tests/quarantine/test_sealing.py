"""Encryption at rest."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarantine.errors import ContentUnreadable
from quarantine.sealing import seal, unseal

KEY = bytes(range(32))
PLACE = UUID(int=7)


@given(st.binary(max_size=500))
def test_what_was_sealed_opens_again_in_its_place(data: bytes) -> None:
    """Any bytes, unchanged; the ciphertext does not hold them."""
    sealed = seal(KEY, "t_a", PLACE, data)
    assert unseal(KEY, "t_a", PLACE, sealed) == data
    assert len(data) < 8 or data not in sealed


@given(st.binary(min_size=1, max_size=100), st.data())
def test_a_flipped_bit_does_not_open(data: bytes, draw: st.DataObject) -> None:
    """Every byte of the stored form is authenticated."""
    sealed = bytearray(seal(KEY, "t_a", PLACE, data))
    position = draw.draw(st.integers(0, len(sealed) - 1))
    sealed[position] ^= 1 << draw.draw(st.integers(0, 7))
    with pytest.raises(ContentUnreadable):
        unseal(KEY, "t_a", PLACE, bytes(sealed))


@pytest.mark.parametrize(
    ("key", "schema", "place"),
    [(bytes(32), "t_a", PLACE), (KEY, "t_b", PLACE), (KEY, "t_a", UUID(int=8))],
)
def test_another_key_tenant_or_row_does_not_open(key: bytes, schema: str, place: UUID) -> None:
    """A row that was copied elsewhere is unreadable there."""
    with pytest.raises(ContentUnreadable):
        unseal(key, schema, place, seal(KEY, "t_a", PLACE, b"secret"))


def test_the_same_bytes_never_look_the_same_twice() -> None:
    """A salt of its own for each content."""
    assert seal(KEY, "t_a", PLACE, b"x") != seal(KEY, "t_a", PLACE, b"x")
