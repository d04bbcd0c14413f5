"""Workers that die while mail is being released: all of it arrives, and once."""

from __future__ import annotations

import pytest

from tests.journeys.mails import SENDER, USER, marker
from tests.journeys.pages import Browser, unreadable
from tests.service import Service

pytestmark = pytest.mark.stack


def test_a_release_outlives_the_workers_and_its_tasks(running_service: Service) -> None:
    """Killed before the second look and during it; the broker's tasks are lost besides."""
    marks = [marker("released") for _ in range(6)]
    ids = []
    for mark in marks:
        assert running_service.send(SENDER, [USER], unreadable(mark))[-1] == 250
        record = running_service.settled("alpha", mark)
        assert record["state"] == "quarantined", record
        ids.append(str(record["queue_id"]))
    running_service.start("web")
    try:
        browser = Browser(running_service)
        browser.sign_in()
        running_service.kill("worker-examine")
        for queue_id in ids * 2:
            page = f"/quarantine/{queue_id}/"
            assert browser.send(page, f"{page}release/", recipient=USER) == 302
    finally:
        running_service.stop("web")
    assert not any(running_service.mails("alpha", mark.encode()) for mark in marks)
    running_service.start("worker-examine")
    running_service.kill("worker-examine")
    running_service.start("worker-examine")
    for mark in marks:
        assert running_service.settled("alpha", mark)["state"] == "closed"
        assert len(running_service.mails("alpha", mark.encode())) == 1
