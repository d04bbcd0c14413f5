"""A tenant with very much held mail: the pages of its hold queue, and what the sweep costs.

The pages are asked for over HTTP by an administrator who is signed in; the sweep's work runs in a
process of its own. Beside the first page stands the whole list as ``postqueue -p`` prints it, which
is the only one that Postfix has.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import TypedDict
from urllib.parse import urlencode

from bench.console import Console, PageMissing
from bench.load import Shape, send
from bench.postfix import Postfix
from bench.report import Figure

_ROUNDS = 15
_LINES = 50  # of a full page
_NEXT = re.compile(r'rel="next" href="\?([^"]+)"')
_LINE = re.compile(r'name="id" value="[0-9a-f]{32}"')
_SMALL, _CONNECTIONS = 2_000, 50

Steps = dict[str, float]


class Spent(TypedDict):
    """The milliseconds of each step: of idle sweeps, and of each round's sweeps with work."""

    idle: list[Steps]
    busy: list[list[Steps]]


def queries(following: str, last: str, held: int) -> list[tuple[str, str, int]]:
    """What is asked for: its name, the address's query, and how many lines the page has."""
    one = f"{held // 2 + 1:06}"
    searches = [
        ("search that finds many", {"text": "見積書"}, _LINES),
        ("search that finds one", {"text": one}, 1),
        ("search that finds none", {"text": "nowhere"}, 0),
        ("search for two words", {"text": "cold quotation"}, _LINES),
        ("filter by sender", {"sender": "sato8"}, _LINES),
        ("filter by recipient", {"recipient": "customer77"}, _LINES),
        ("filter by rule", {"rule": "見積書の確認"}, _LINES),
    ]
    return [
        ("next page", following, _LINES),
        ("last page", urlencode({"after": last}), _LINES),
        *((name, urlencode(fields), lines) for name, fields, lines in searches),
    ]


def pages(
    console: Console, last: str, held: int, peer: Sequence[float], peers: int
) -> list[Figure]:
    """The list from its beginning to its end, then searches; ``last`` is whom its end follows.

    ``peer`` are the seconds of listing so many mails.
    """
    times, text = _asked(console, "", _LINES)
    following = _NEXT.search(text)
    if following is None:
        raise PageMissing("the hold queue has no second page")
    found = [_first(times, held, peer, peers)]
    for name, query, lines in queries(following[1].replace("&amp;", "&"), last, held):
        times, _ = _asked(console, query, lines)
        found.append(Figure(f"{_name(held)}, {name}", _milliseconds(times), "ms"))
    return found


def _asked(console: Console, query: str, lines: int) -> tuple[list[float], str]:
    """The seconds of each time, and the page; PageMissing where it shows other lines."""
    times, text = [], ""
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        text = console.page(f"/held/?{query}")
        times.append(time.perf_counter() - start)
    if (found := len(_LINE.findall(text))) != lines:
        raise PageMissing(f"/held/?{query} shows {found} lines instead of {lines}")
    return times, text


def _first(times: Sequence[float], held: int, peer: Sequence[float], peers: int) -> Figure:
    name, value = f"{_name(held)}, first page", _milliseconds(times)
    if not peer:
        return Figure(name, value, "ms")
    theirs = _milliseconds(peer)
    return Figure(
        f"{name}; postqueue -p of {peers:,}", value, "ms", theirs, round(theirs / value, 2)
    )


def peer_times(peer: Postfix | None, count: int, say: Callable[[str], None]) -> list[float]:
    """The seconds of each listing of so many held mails, which are removed again."""
    if peer is None:
        return []
    say(f"held mail: {count:,} in Postfix's queue")
    send(peer.accept, Shape(_SMALL, _CONNECTIONS, count))
    times = []
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        listed = peer.list_queue()
        times.append(time.perf_counter() - start)
        assert listed.rstrip().endswith(b"in %d Requests." % count)
    peer.forget_mail()
    return times


def sweeps(spent: Spent, held: int, due: int) -> list[Figure]:
    """The sweep with nothing due, the first of those that do what is due, and all of these."""
    name, busy = f"sweep of {held:,}", spent["busy"]
    most = max(len(done) for done in busy)
    return [
        _sum(f"{name}, nothing due", spent["idle"]),
        _sum(f"{name}, {due:,} due, the first", [done[0] for done in busy]),
        _sum(f"{name}, {due:,} due, all {most}", [_together(done) for done in busy]),
    ]


def shares(spent: Spent) -> list[str]:
    """What each step took, in milliseconds; medians of the rounds."""
    named = {
        "nothing due": spent["idle"],
        "the first": [done[0] for done in spent["busy"]],
        "all": [_together(done) for done in spent["busy"]],
    }
    lines = ["Steps of the sweep, in milliseconds:"]
    for name, rounds in named.items():
        steps = {step: median(each[step] for each in rounds) for step in rounds[0]}
        lines.append(f"  {name}: {', '.join(f'{step} {ms:.0f}' for step, ms in steps.items())}")
    return lines


def _together(done: Sequence[Steps]) -> Steps:
    return {step: sum(each[step] for each in done) for step in done[0]}


def _sum(name: str, rounds: Sequence[Steps]) -> Figure:
    return Figure(name, round(median(sum(steps.values()) for steps in rounds), 1), "ms")


def _name(held: int) -> str:
    return f"hold queue of {held:,}"


def _milliseconds(times: Sequence[float]) -> float:
    return round(median(times) * 1000, 1)
