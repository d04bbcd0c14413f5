"""What is asked of the hold queue, and how sweeps become figures."""

from __future__ import annotations

from bench import held_queue


def test_the_queries_find_as_many_lines_as_they_say() -> None:
    """The one number that is looked for is written as the subjects write it."""
    wanted = {name: (query, lines) for name, query, lines in held_queue.queries("a=b", "c", 9)}
    assert wanted["search that finds one"] == ("text=000005", 1)
    assert wanted["last page"] == ("after=c", 50)
    assert wanted["next page"] == ("a=b", 50)


def test_a_sweep_is_the_sum_of_its_steps() -> None:
    """Idle, the first with work, and all with work; medians of the rounds."""
    done = [{"a": 10.0, "b": 5.0}, {"a": 4.0, "b": 1.0}]
    slow = [{"a": 100.0, "b": 5.0}, {"a": 4.0, "b": 1.0}]
    spent: held_queue.Spent = {"idle": [{"a": 1.0, "b": 2.0}], "busy": [done, slow, done]}
    found = held_queue.sweeps(spent, 100_000, 1_000)
    assert [each.value for each in found] == [3.0, 15.0, 20.0]
    assert held_queue.shares(spent)[1:] == [
        "  nothing due: a 1, b 2",
        "  the first: a 10, b 5",
        "  all: a 14, b 6",
    ]
