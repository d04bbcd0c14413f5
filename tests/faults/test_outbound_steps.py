"""A worker that is killed between any two steps of outbound mail, at each of them surely.

The tables of ``outbound_steps`` name every step. A process stands still at the point
(``standstill``), is killed there, and starts again; then the mail must come to the same end as all
others: one archive, one password, one release, one notice of each kind, nothing open.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults import office as words
from tests.faults.office import COLLEAGUE, Mail, Office, files_in, is_open, password_in
from tests.faults.outbound_steps import STAGES
from tests.faults.stages import Ground, Plays, Stage, Step
from tests.gateway.zipping.shapes import PDF
from tests.service import service

pytestmark = pytest.mark.stack

_MEMORY = 5 << 30
_CHILDREN, _THREADS = 28, 12  # more than mails that stand at once


def _available_memory() -> int:
    """In bytes, as the kernel says."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith("MemAvailable:"))
    return int(line.split()[1]) * 1024


@pytest.fixture(scope="module")
def plays(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plays]:
    """A service of its own, with as many processes as mails stand at once."""
    if _available_memory() < _MEMORY:
        pytest.skip(f"its processes want {_MEMORY >> 30} GiB of memory")
    with service("standstill", tmp_path_factory.mktemp("service")) as made:
        made.children, made.threads = _CHILDREN, _THREADS
        # A courier that stands must not give up before it is killed.
        made.environment |= {
            "MAILSEC_DELIVERY_SECONDS": "20",
            "MAILSEC_DELIVERY_LEASE_SECONDS": "21",
        }
        made.commands(
            ["tenant", "hold-rule", "add", "alpha", "faults", "--keyword", "faulty"],
            ["tenant", "policy", "alpha", "set", "bcc_recipients=2"],
        )
        made.start()
        made.start("web")
        with closing(Ground(made)) as prepared:
            yield Plays(prepared)


@pytest.mark.parametrize(
    ("stage", "step"),
    [(stage, step) for stage in STAGES.values() for step in stage.steps],
    ids=[f"{name}: {step.name}" for name, stage in STAGES.items() for step in stage.steps],
)
def test_a_kill_at_any_step_changes_nothing_of_what_people_get(
    plays: Plays, stage: Stage, step: Step
) -> None:
    """One archive and one password, everything told once, nothing lost, nothing open."""
    ground, case = plays.ground, plays.case(stage, step)
    office, mail = ground.office, case.mail
    assert case.stood, "no process was seen to stand there"
    counts = {kind: len(office.notices(mail, kind)) for kind in words.KINDS}
    assert counts == expected(step), ground.service.logs()
    assert office.states(mail) == {"closed"}
    given_up = step.ending == "discard"
    ended = {copy["recipient"]: copy["state"] for copy in case.trace["deliveries"]}
    assert ended == dict.fromkeys(mail.recipients, "discarded" if given_up else "delivered")
    decided = [each["kind"] for each in case.trace["events"] if each["kind"] in words.DECIDED]
    assert decided == ([words.DECIDED[given_up]] if step.held else [])
    if given_up:
        assert not ground.service.mails("outside", mail.mark.encode())
        assert office.bytes_kept(mail) == 0
    else:
        assert len(office.copies(mail, COLLEAGUE)) == step.to_colleague
        assert office.wishes(mail) == 1
        check_what_customers_have(office, mail, step.copies)


def check_what_customers_have(office: Office, mail: Mail, times: int) -> None:
    """The same bytes, so many times; each was told the one password that opens them."""
    copies = [office.copies(mail, customer) for customer in mail.customers]
    assert [len(each) for each in copies] == [times, times]
    (content,) = {content for each in copies for content in each}
    told = office.notices(mail, words.PASSWORD)
    (password,) = {password_in(notice) for notice in told}
    assert {person.address for notice in told for person in notice.to} == set(mail.customers)
    assert files_in(content, password) == {"plan.pdf": PDF}
    there = office.service.mails("outside", mail.mark.encode())
    assert not [each for each in there if is_open(each.content)]


def expected(step: Step) -> dict[str, int]:
    """How many notices of each kind there are about a mail."""
    return {
        words.HELD: step.held,
        words.REMINDED: step.reminded,
        words.DISCARDED: step.ending == "discard",
        words.DELIVERED: step.ending == "deliver",
        words.PROCESSED: step.ending != "discard",
        words.PASSWORD: 0 if step.ending == "discard" else 2,
    }
