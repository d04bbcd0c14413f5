"""Embedded PostgreSQL and Valkey for the demo and the tests: ``python -m demo.servers``.

``running(name)`` starts what is not running and hands out addresses. Several processes may use
one set at once: each holds a shared lock, and the last one that leaves stops the servers. A set
that was started by ``python -m demo.servers start`` stays until ``stop``.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from demo import place as places
from demo.place import Place, ServersError, exclusive
from demo.postgres import Postgres
from demo.valkey import Valkey


@dataclass(frozen=True, slots=True)
class Servers:
    """The addresses to use."""

    database_url: str
    redis_url: str

    @property
    def environment(self) -> dict[str, str]:
        """The two variables that the settings read."""
        return {"DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url}


@contextmanager
def running(name: str, environment: Mapping[str, str] = os.environ) -> Iterator[Servers]:
    """Servers that run for the length of the block; those named by the environment come first."""
    given_database = environment.get("DATABASE_URL", "")
    given_redis = environment.get("REDIS_URL", "")
    if given_database and given_redis:
        yield Servers(given_database, given_redis)
        return
    place = places.find(name)
    postgres = None if given_database else Postgres(place)
    valkey = None if given_redis else Valkey(place)
    with (place.state / "users.lock").open("a") as users:
        with exclusive(place.state / "servers.lock"):
            fcntl.flock(users, fcntl.LOCK_SH)
            _start(postgres, valkey)
        try:
            yield Servers(
                postgres.url if postgres else given_database,
                valkey.url if valkey else given_redis,
            )
        finally:
            _leave(place, users.fileno(), postgres, valkey)


def _start(postgres: Postgres | None, valkey: Valkey | None) -> None:
    if postgres is not None:
        postgres.start()
    if valkey is not None:
        valkey.start()


def _leave(place: Place, users: int, postgres: Postgres | None, valkey: Valkey | None) -> None:
    """Stop the servers if nobody else uses them and nobody asked to keep them."""
    with exclusive(place.state / "servers.lock"):
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        if (place.state / "keep").exists():
            return
        # Both are asked even if this process found one of them running.
        (valkey or Valkey(place)).stop()
        (postgres or Postgres(place)).stop()


def start(name: str) -> Servers:
    """Start the servers and leave them running until ``stop``."""
    place = places.find(name)
    postgres, valkey = Postgres(place), Valkey(place)
    with exclusive(place.state / "servers.lock"):
        (place.state / "keep").touch()
        _start(postgres, valkey)
    return Servers(postgres.url, valkey.url)


def stop(name: str) -> None:
    """Stop the servers, whoever uses them."""
    place = places.find(name)
    with exclusive(place.state / "servers.lock"):
        (place.state / "keep").unlink(missing_ok=True)
        Valkey(place).stop()
        Postgres(place).stop()


def status(name: str) -> dict[str, bool]:
    """Which of the two servers run."""
    place = places.find(name)
    return {"postgres": Postgres(place).is_running(), "valkey": Valkey(place).is_running()}


def remove(name: str) -> None:
    """Stop the servers and delete all they kept."""
    stop(name)
    place = places.find(name)
    for folder in {place.run, place.home, place.state}:
        shutil.rmtree(folder, ignore_errors=True)


def main(arguments: list[str] | None = None) -> int:
    """The shell's face: ``start``, ``stop``, ``status`` or ``remove`` one set of servers."""
    parser = argparse.ArgumentParser(prog="python -m demo.servers", description=__doc__)
    parser.add_argument("action", choices=("start", "stop", "status", "remove"))
    parser.add_argument("--name", default="demo", help="which set, a folder under var/")
    options = parser.parse_args(arguments)
    try:
        return _act(options.action, options.name)
    except ServersError as error:
        print(error, file=sys.stderr)
        return 1


def _act(action: str, name: str) -> int:
    if action == "start":
        for key, value in start(name).environment.items():
            print(f"export {key}={shlex.quote(value)}")
        return 0
    if action == "stop":
        stop(name)
        return 0
    if action == "remove":
        remove(name)
        return 0
    found = status(name)
    for server, runs in found.items():
        print(f"{server}: {'running' if runs else 'stopped'}")
    return 0 if all(found.values()) else 3


if __name__ == "__main__":
    sys.exit(main())
