"""The jail opens as ``unpack`` does, and whatever happens in it leaves the worker whole."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailsec.gateway.errors import ScannerUnavailable
from mailsec.gateway.jail.opener import Jail
from mailsec.gateway.unpack import Budget, Label, Limits, Member, Problem, unpack
from tests.gateway.archives.containers import FILES, KINDS, zip_of

linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
ARCHIVE = zip_of(FILES)
# A helper whose processes do what they should not: %s is the body of ``serve``.
FAULTY = """
import os, signal, socket, sys, time
from mailsec.gateway.jail import child, zygote
def serve(channel, used):
    {}
child.serve = serve
zygote.main(sys.argv[1:])
"""


@pytest.fixture
def jail() -> Iterator[Jail]:
    made = Jail()
    yield made
    made.close()


def faulty(body: str) -> Jail:
    return Jail(zygote=(sys.executable, "-c", FAULTY.format(body)))


def helper_of(jail: Jail) -> int:
    assert jail._helper is not None
    return jail._helper.process.pid


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_it_gives_what_unpack_gives(jail: Jail, kind: str) -> None:
    """The same members, and the same is spent of the budget."""
    content = KINDS[kind](FILES)
    inside, outside = Budget(), Budget()
    members = list(jail(content, inside, Label("見積書.zip", "cp932")))
    assert members == list(unpack(content, outside, Label("見積書.zip", "cp932")))
    assert (inside.files, inside.content_bytes) == (outside.files, outside.content_bytes)


def test_what_is_no_container_starts_nothing(jail: Jail) -> None:
    """Most mail has none, and pays nothing."""
    assert list(jail(b"hello", Budget())) == []
    assert jail._helper is None


def test_the_budget_is_shared_by_the_containers_of_a_message(jail: Jail) -> None:
    """Each process is told what the others have spent."""
    budget = Budget(Limits(files=3))
    assert not any(member.problem for member in jail(ARCHIVE, budget))
    assert list(jail(ARCHIVE, budget))[-1].problem is Problem.OVER_BUDGET
    assert list(jail(ARCHIVE, budget)) == [Member("", b"", Problem.OVER_BUDGET)]


@pytest.mark.parametrize(
    "body",
    [
        "os.kill(os.getpid(), signal.SIGSEGV)",
        "os._exit(0)",
        "raise MemoryError",
        "channel.sendall(b'nonsense' * 99)",
        "channel.sendall(bytes((1, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255)))",
        "channel.sendall(bytes((1, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)))",
        "channel.sendall(bytes((3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3)) + b'abc')",
    ],
)
def test_a_process_that_fails_leaves_a_damaged_container(body: str) -> None:
    """A crash, a false end or nonsense is never clean; nor is it the end of the helper."""
    jail = faulty(body)
    try:
        for _ in range(2):
            assert list(jail(ARCHIVE, Budget())) == [Member("", b"", Problem.DAMAGED)]
    finally:
        jail.close()


def test_a_process_that_answers_without_end_is_given_up() -> None:
    """Attack: whoever takes it over would keep the worker busy with members that hold nothing."""
    jail = faulty("channel.sendall(bytes((2, *bytes(13))) * 5_000); os._exit(0)")
    try:
        found = list(jail(ARCHIVE, Budget(Limits(files=10))))
        assert found[-1].problem is Problem.DAMAGED
        assert len(found) < 200
    finally:
        jail.close()


def test_a_process_gives_nothing_back_to_the_budget() -> None:
    """Attack: one that was taken over says that the message has spent nothing yet."""
    jail = faulty("channel.sendall(bytes((3, *bytes(12), 12)) + bytes(12)); os._exit(0)")
    try:
        budget = Budget(files=7, content_bytes=9)
        assert list(jail(ARCHIVE, budget)) == []
        assert (budget.files, budget.content_bytes) == (7, 9)
    finally:
        jail.close()


def test_a_process_that_does_not_end_is_killed_at_the_deadline() -> None:
    """Its container is over the budget, and so is all that follows in this message."""
    jail = faulty("time.sleep(600)")
    try:
        budget = Budget(Limits(seconds=0.2))
        assert list(jail(ARCHIVE, budget)) == [Member("", b"", Problem.OVER_BUDGET)]
        assert list(jail(ARCHIVE, budget)) == [Member("", b"", Problem.OVER_BUDGET)]
    finally:
        jail.close()


def test_a_helper_that_died_is_replaced(jail: Jail) -> None:
    """The next container is opened by a new one."""
    list(jail(ARCHIVE, Budget()))
    first = helper_of(jail)
    os.kill(first, 9)
    assert not any(member.problem for member in jail(ARCHIVE, Budget()))
    assert helper_of(jail) != first


def test_a_helper_that_cannot_start_is_no_clean_mail(tmp_path: Path) -> None:
    """The message waits, as for a scanner that gives no answer."""
    with pytest.raises(ScannerUnavailable):
        list(Jail(zygote=(str(tmp_path / "missing"),))(ARCHIVE, Budget()))


def test_an_answer_that_nobody_reads_on_is_given_up(jail: Jail) -> None:
    """The process is ended, and the next container is opened."""
    members = jail(zip_of({"a": os.urandom(4_000_000), "b": b"b"}), Budget())
    assert next(members).path == "a"
    members.close()  # type: ignore[attr-defined]
    assert len(list(jail(ARCHIVE, Budget()))) == 2


@linux
def test_the_helper_holds_nothing_of_the_worker(
    jail: Jail, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No environment, no open file, no network, a session of its own."""
    monkeypatch.setenv("DATABASE_URL", "postgres://secret")
    with Path("/dev/null").open() as held:
        list(jail(ARCHIVE, Budget()))
        helper = Path(f"/proc/{helper_of(jail)}")
        if not os.access(helper / "environ", os.R_OK):
            # It cannot be looked into by its own user either; root may, and does below.
            pytest.skip("only root may look into a process that gave up being dumped")
        assert b"DATABASE_URL" not in (helper / "environ").read_bytes()
        opened = [os.readlink(link) for link in (helper / "fd").iterdir()]
        assert held.fileno() > 2
    assert [name for name in opened if not name.startswith(("socket:", "/dev/null"))] == []
    assert os.getsid(helper_of(jail)) == helper_of(jail)
    interfaces = (helper / "net" / "dev").read_text().splitlines()[2:]
    if os.readlink(helper / "ns" / "net") != os.readlink("/proc/self/ns/net"):
        assert [line.split(":")[0].strip() for line in interfaces] == ["lo"]


CONFINED = """
    from mailsec.gateway.jail import kernel
    import resource
    os.dup2(channel.detach(), 3)
    child._confine(used, 0)
    done = []
    for act in (
        lambda: open("/etc/passwd"),
        lambda: open("/dev/shm/written", "w"),
        lambda: socket.socket(),
        lambda: bytearray(2 << 30),
    ):
        try:
            act()
            done.append("done")
        except (OSError, MemoryError):
            done.append("refused")
    from mailsec.gateway.jail import frames
    from mailsec.gateway.unpack import Budget, Member
    os.write(3, frames.encode_member(Member(" ".join(done), b""), False))
    os.write(3, frames.encode_end(Budget()))
"""


@linux
def test_a_process_can_open_write_connect_and_hoard_nothing() -> None:
    """Whatever takes it over is alone with one container."""
    jail = faulty(CONFINED)
    try:
        (said,) = jail(ARCHIVE, Budget())
        assert said.path == "refused refused refused refused"
    finally:
        jail.close()


@linux
def test_no_process_is_left_behind() -> None:
    """Neither a running one nor a zombie."""
    jail = Jail()
    list(jail(ARCHIVE, Budget()))
    helper = helper_of(jail)
    children = Path(f"/proc/{helper}/task/{helper}/children")
    list(jail(ARCHIVE, Budget()))
    for _ in range(200):
        if not children.read_text().split():
            break
        os.sched_yield()
    jail.close()
    assert not Path(f"/proc/{helper}").exists()


@linux
def test_a_forked_worker_starts_a_helper_of_its_own(jail: Jail) -> None:
    """And ends it with itself; the parent's goes on."""
    list(jail(ARCHIVE, Budget()))
    before = helper_of(jail)
    ours, theirs = os.pipe()
    process = os.fork()
    if not process:
        fine = jail._helper is None and len(list(jail(ARCHIVE, Budget()))) == 2
        os.write(theirs, b"%d" % (helper_of(jail) if fine else 0))
        os._exit(0)  # as abruptly as a worker may end
    os.close(theirs)
    other = int(os.read(ours, 20))
    os.close(ours)
    os.waitpid(process, 0)
    assert other not in (0, before)
    assert len(list(jail(ARCHIVE, Budget()))) == 2
    assert helper_of(jail) == before
