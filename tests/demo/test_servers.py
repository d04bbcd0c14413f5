"""The embedded PostgreSQL and Valkey: started, killed, started again, shared."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from demo import place, servers
from demo.postgres import Postgres

NAME = f"trial-{os.getpid()}"


@pytest.fixture
def name() -> Iterator[str]:
    """A set of servers of its own, removed afterwards."""
    yield NAME
    servers.remove(NAME)


def ask(url: str, question: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(question.encode()).fetchone()
    return row[0] if row else None


@pytest.mark.timeout(120)
def test_servers_survive_kill_and_keep_what_was_committed(name: str) -> None:
    """After SIGKILL of PostgreSQL the next start needs no hand, and committed rows are there."""
    first = servers.start(name)
    with psycopg.connect(first.database_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
    home = place.find(name).home
    pid = int((home / "postgres" / "postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGKILL)
    again = servers.start(name)
    assert again == first
    assert ask(again.database_url, "SELECT one FROM kept") == 1
    assert ask(again.database_url, "SHOW fsync") == "on"


@pytest.mark.timeout(120)
def test_the_last_user_stops_the_servers(name: str) -> None:
    """Two users of one set share it; it stops when both have left."""
    with servers.running(name, {}) as outer:
        with servers.running(name, {}) as inner:
            assert inner == outer
        assert servers.status(name) == {"postgres": True, "valkey": True}
    assert servers.status(name) == {"postgres": False, "valkey": False}


@pytest.mark.timeout(120)
def test_the_service_role_is_no_superuser_and_a_wrong_password_is_refused(name: str) -> None:
    """Whoever reaches the socket still needs the password, and the role's rights are small."""
    with servers.running(name, {}) as held:
        assert ask(held.database_url, "SELECT usesuper FROM pg_user WHERE usename = user") is False
        password = place.find(name).password()
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(held.database_url.replace(password, "wrong")).close()


@pytest.mark.timeout(120)
def test_servers_whose_sockets_were_deleted_are_replaced(name: str) -> None:
    """Someone who cleans temporary folders must not block the next start for ever."""
    first = servers.start(name)
    run = place.find(name).run
    for path in run.iterdir():
        path.unlink()
    assert servers.start(name) == first
    assert servers.status(name) == {"postgres": True, "valkey": True}


def test_servers_named_by_the_environment_are_used_as_they_are() -> None:
    """With both addresses given nothing is started and no folder is made."""
    given = {
        "DATABASE_URL": "postgresql://db.example.net/x",
        "REDIS_URL": "redis://r.example.net/0",
    }
    with servers.running("unused-name", given) as held:
        assert held.environment == given
    assert not (place.CHECKOUT / "var" / "unused-name").exists()


@pytest.mark.parametrize("wrong", ["", "..", "a/b", "a b", "é"])
def test_a_name_that_is_no_plain_folder_name_is_refused(wrong: str) -> None:
    """A name becomes a path: nothing but letters, digits and hyphens may be in it."""
    with pytest.raises(place.ServersError):
        place.find(wrong)


def test_a_process_number_of_another_program_is_not_taken_for_the_server(name: str) -> None:
    """After a restart of the machine the number in a stale file may be anyone's: here, ours."""
    found = place.find(name)
    data = found.folder("postgres")
    (data / "postmaster.pid").write_text(f"{os.getpid()}\n")
    with contextlib.suppress(FileNotFoundError):
        Postgres(found).stop()
    assert Path(f"/proc/{os.getpid()}").exists() or os.getpid()
