"""What holds for containers of every kind."""

from __future__ import annotations

import functools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsec.gateway.unpack import Budget, Label, Limits, Member, Problem, is_container, unpack
from tests.gateway.archives.containers import FILES, KINDS, zip_of

ALL = sorted(KINDS)
# A TNEF stream and a text with uuencoded files have no end mark: cut between two files, what is
# left is whole. A TAR's padding says nothing more once its end mark was read.
WITHOUT_END = {"tnef": 0.05, "uuencode": 0.05, "tar": 0.8}


@functools.cache
def sample(kind: str) -> bytes:
    return KINDS[kind](FILES)


def opened(content: bytes, limits: Limits | None = None) -> list[Member]:
    return list(unpack(content, Budget(limits or Limits()), Label("x")))


@pytest.mark.parametrize("kind", ALL)
def test_every_file_comes_out_byte_for_byte(kind: str) -> None:
    """Under its own name, without a problem."""
    members = opened(sample(kind))
    assert not [member for member in members if member.problem]
    assert {member.content for member in members} >= set(FILES.values())
    if kind != "onenote":  # names stand elsewhere in there
        assert {member.path.rpartition("/")[2] for member in members} >= set(FILES)


@pytest.mark.parametrize("kind", ALL)
def test_containers_in_containers_are_opened(kind: str) -> None:
    """Every kind inside a ZIP, and a ZIP inside every kind."""
    for outer in (zip_of({"inner.bin": sample(kind)}), KINDS[kind]({"inner.zip": zip_of(FILES)})):
        members = opened(outer)
        assert FILES["run.exe"] in {member.content for member in members}
        assert not [member for member in members if member.problem]


@pytest.mark.parametrize("kind", ALL)
def test_a_cut_container_is_never_clean(kind: str) -> None:
    """Wherever it is cut, as long as it is still taken for a container."""
    whole = sample(kind)
    places = range(1, len(whole), 7 if len(whole) < 2000 else len(whole) // 40)
    cuts = [whole[:place] for place in places if is_container(whole[:place])]
    clean = [cut for cut in cuts if not any(member.problem for member in opened(cut))]
    assert len(clean) <= WITHOUT_END.get(kind, 0) * len(cuts)


@pytest.mark.parametrize("kind", ALL)
def test_the_budget_holds(kind: str) -> None:
    """Files, bytes and depth, with a member of problem over-budget at the end."""
    many = KINDS[kind]({f"{number}.txt": b"%d" % number * 50 for number in range(30)})
    assert Problem.OVER_BUDGET in {m.problem for m in opened(many, Limits(files=10))}
    few = opened(many, Limits(content_bytes=1000))
    assert Problem.OVER_BUDGET in {member.problem for member in few}
    assert Problem.OVER_BUDGET in {
        m.problem for m in opened(zip_of({"inner": sample(kind)}), Limits(depth=1))
    }


@pytest.mark.parametrize("kind", ALL)
def test_the_time_is_part_of_the_budget(kind: str) -> None:
    """Told by the clock that was handed over."""
    ticks = iter(range(0, 1_000_000, 7))
    budget = Budget(Limits(seconds=5), clock=lambda: float(next(ticks)))
    assert list(unpack(sample(kind), budget))[-1].problem is Problem.OVER_BUDGET


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(ALL), st.integers(0, 2**32), st.integers(1, 12))
def test_damage_never_raises_and_stays_within_the_budget(kind: str, seed: int, hits: int) -> None:
    """Bytes changed, cut out, doubled: an answer, bounded, without an exception."""
    chance = random.Random(seed)
    content = bytearray(sample(kind))
    for _ in range(hits):
        at = chance.randrange(len(content))
        what = chance.randrange(4)
        if what == 0:
            del content[at : at + chance.randrange(40)]
        elif what == 1:
            content[at:at] = content[at : at + chance.randrange(40)]
        else:
            content[at] = chance.choice((0, 0xFF, chance.randrange(256)))
        content = content or bytearray(1)
    limits = Limits(content_bytes=2_000_000, files=100)
    members = opened(bytes(content), limits)
    assert len(members) <= 4 * limits.files
    assert sum(len(member.content) for member in members) <= 4 * limits.content_bytes


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(ALL), st.binary(max_size=600))
def test_any_bytes_behind_a_beginning_give_an_answer(kind: str, noise: bytes) -> None:
    """Noise that looks like a container is not clean, and nothing raises."""
    for keep in (8, 32):
        content = sample(kind)[:keep] + noise
        for member in opened(content):
            assert isinstance(member.path, str)


def test_what_is_no_container_yields_nothing() -> None:
    """Neither texts, nor programs, nor half a signature."""
    for content in (
        b"",
        b"MZ\0",
        b"begin 644",
        b"hello" * 900,
        b"\0" * 4096,
        b"Rar!",
        b"begin 1 a",
    ):
        assert not is_container(content)
        assert opened(content) == []
