"""The Celery application and ``enqueue``."""

from __future__ import annotations

import importlib
from typing import Any
from uuid import uuid4

import pytest

from mailsec import celery as module
from mailsec.celery import PERIODIC, STAGES, app, enqueue


def test_every_stage_and_clock_entry_is_a_registered_task() -> None:
    """Tasks are sent by name, so a name that nothing answers to would lose work silently."""
    for name in app.conf.include:
        importlib.import_module(name)
    wanted = {*STAGES.values(), *PERIODIC}
    wanted |= {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert wanted <= set(app.tasks)


def test_every_task_of_the_way_is_acknowledged_late() -> None:
    """A worker that dies gives its task back."""
    assert app.conf.task_acks_late
    assert app.conf.task_reject_on_worker_lost


def test_a_dead_broker_costs_a_moment_once_and_raises_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is left alone for a while and not asked; the sweep finds the work."""
    calls: list[Any] = []

    def refuse(*arguments: Any, **options: Any) -> None:
        calls.append(arguments)
        raise ConnectionRefusedError

    monkeypatch.setattr(module, "_silent_until", 0.0)
    monkeypatch.setattr(app, "send_task", refuse)
    assert not enqueue("examine", "alpha", [uuid4()])
    assert not enqueue("examine", "alpha", [uuid4()])
    assert len(calls) == 1
    monkeypatch.setattr(module, "_silent_until", 0.0)
