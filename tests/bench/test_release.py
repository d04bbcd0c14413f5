"""How the times of releases become figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench import release
from bench.stack import PROOF


class Scripted:
    """A side whose releases take what the script says, many at once a second each."""

    def __init__(self, name: str, times: Sequence[float]) -> None:
        self.name = name
        self._times = iter(times)
        self._held = 0
        self.turns: list[int] = []

    def hold(self, count: int) -> None:
        assert self._held == 0
        self._held = count
        self.turns.append(count)

    def release_one(self) -> float:
        self._held -= 1
        return next(self._times)

    def release_all(self) -> float:
        count, self._held = self._held, 0
        return float(count)


def test_each_round_has_both_sides_and_the_ratio_says_how_many_times_as_fast() -> None:
    """Medians of the rounds' medians; what is slower than the peer is below one."""
    ours = Scripted(release.OURS, [0.1, 0.2, 0.3, 0.2, 0.4, 0.6])
    theirs = Scripted(release.PEER, [0.05, 0.1, 0.15, 0.1, 0.2, 0.3])
    middle, tail, many = release.measure([ours, theirs], 2, 3, 7, lambda text: None)
    assert (middle.value, middle.peer, middle.ratio, middle.unit) == (300, 150, 0.5, "ms")
    assert tail.value == 450
    assert (many.value, many.peer, many.ratio, many.unit) == (7, 7, 1, "s")
    assert ours.turns == theirs.turns == [3, 7, 3, 7]


def test_without_a_peer_there_is_no_ratio() -> None:
    """As everywhere in the benchmarks."""
    found = release.measure([Scripted(release.OURS, [0.1])], 1, 1, 1, lambda text: None)
    assert [(each.peer, each.ratio) for each in found] == [(None, None)] * 3


def test_the_95th_percentile_leaves_out_one_of_twenty() -> None:
    """Of few it is the greatest."""
    assert release.high([float(number) for number in range(20)]) == 18
    assert release.high([3.0, 1.0]) == 3


def test_the_mail_proves_its_server_and_meets_the_rule(tmp_path: Path) -> None:
    """The load adds the end mark itself."""
    release.write_mail(tmp_path, "secret")
    raw = (tmp_path / "mail.eml").read_bytes()
    assert raw.startswith(f"{PROOF}: secret\r\nFrom: ".encode())
    assert release.RULE[-1].encode() in raw
    assert raw.endswith(b"\r\n") and not raw.endswith(b".\r\n.\r\n")
