"""A real clamd behind the whole service: it crashes, mail waits, it comes back, nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.journeys.mails import deliver, marker, plain, with_file
from tests.servers import clamav
from tests.service import Service, service

pytestmark = [
    pytest.mark.stack,
    pytest.mark.skipif(bool(clamav.missing()), reason=clamav.missing()),
]
SENDER, USER = "list@example.net", "user@alpha.example.jp"


@pytest.fixture(scope="module")
def scanned_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, Path]]:
    """The service with clamd as its scanner; the folder is where clamd's socket will be."""
    folder = tmp_path_factory.mktemp("clamd")
    with service("scanner", tmp_path_factory.mktemp("service")) as made:
        made.environment["MAILSEC_SCANNER"] = f"clamd:{folder / 'clamd.sock'}"
        made.start()
        yield made, folder


def test_mail_waits_for_a_dead_scanner_and_is_judged_when_it_is_back(
    scanned_service: tuple[Service, Path],
) -> None:
    """Clean mail is delivered, infected mail loses its file; meanwhile nothing passes."""
    running, folder = scanned_service
    clean, infected = marker("clean"), marker("infected")
    with ExitStack() as first:
        started = first.enter_context(clamav.running_in(folder))
        before = marker("before")
        deliver(running, plain(before), before)
        started.kill()
    assert running.send(SENDER, [USER], plain(clean))[-1] == 250
    file = with_file(infected, "list.csv", clamav.MARKER)
    assert running.send(SENDER, [USER], file)[-1] == 250
    for mark in (clean, infected):
        waiting = running.wait_for(
            lambda mark=mark: [
                row for row in running.trace("alpha", mark) if row["state"] == "waiting"
            ]
        )
        assert waiting, running.logs()
        assert not running.mails("alpha", mark.encode())
    with clamav.running_in(folder):
        assert running.settled("alpha", clean)["state"] == "closed"
        record = running.settled("alpha", infected)
    assert [f["code"] for f in record["findings"] if f["severity"] == "malicious"] == ["virus"]
    (arrived,) = running.mails("alpha", infected.encode())
    assert clamav.MARKER not in arrived.content
