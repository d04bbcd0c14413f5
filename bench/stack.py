"""The service as it runs in production, with one tenant, for the benchmarks."""

from __future__ import annotations

import base64
import os
import secrets
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg
import redis

from bench import cpu
from demo.processes import Program, Supervisor, answers
from demo.provision import Manage
from demo.servers import Servers, running

TENANT = "bench"
SCHEMA = f"t_{TENANT}"
DOMAIN = "bench.example.jp"
RECIPIENT = f"recipient@{DOMAIN}"
ADMIN = f"admin@{DOMAIN}"
HOST = f"{TENANT}.mailsec.example.net"
PROOF = "X-Bench-Proof"
_SCHEMAS = "SELECT nspname FROM pg_namespace WHERE nspname = 'public' OR nspname LIKE 't\\_%'"
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = %s AND tablename LIKE 'quarantine%%'"


class Stack:
    """Servers, settings and processes of one measurement."""

    def __init__(self, folder: Path, servers: Servers) -> None:
        self.folder = folder
        self.servers = servers
        self.web, self._outbound = free_ports(2)
        self.password = secrets.token_hex(16)
        self.environment = self._environment()
        self.manage = Manage(self.environment)
        self._supervisors: dict[str, Supervisor] = {}

    def provision(self, hop: int) -> None:
        """Migrate and make the tenant; its mail goes to this port on loopback."""
        empty(self.servers)
        self.manage("migrate_schemas", "--shared")
        self.manage(
            *("tenant", "create", TENANT, "--name", "Bench", "--menu", "4"),
            *("--admin", ADMIN, "--password", self.password),
            *("--contact", "help desk"),
        )
        self.manage("tenant", "domain", "add", TENANT, DOMAIN)
        hop_options = ("--domain", DOMAIN, "--tls", "none")
        self.manage("tenant", "nexthop", "add", TENANT, f"127.0.0.1:{hop}", *hop_options)

    def set_policy(self, *changes: str) -> None:
        """Change the tenant's settings, each NAME=VALUE."""
        self.manage("tenant", "policy", TENANT, "set", *changes)

    def open_outbound(self, hop: int) -> str:
        """Let the tenant's mail leave to this port on loopback, once.

        Returns what its mail servers prove themselves by: the value of the header field ``PROOF``.
        """
        way = ("--outbound", "--tls", "none")
        self.manage("tenant", "nexthop", "add", TENANT, f"127.0.0.1:{hop}", *way)
        made = self.manage.json(
            *("tenant", "connector", "add", TENANT, "office", "--network", "127.0.0.1/32"),
            *("--proof", "header", "--header", PROOF),
        )
        return str(made["secret"])

    def start_smtpd(self, processes: int) -> int:
        """Start listeners in so many processes, and return the inbound port."""
        return self._listen(f"smtpd-{processes}", processes)[0]

    def start_submission(self) -> int:
        """Start listeners in one process, and return the outbound port."""
        return self._listen("submission", 1)[1]

    def start_workers(self, examiners: int, deliverers: int) -> None:
        """Start the workers of both stages with so many processes, and the clock."""
        self.start(self._worker("examine", "examine,sweep", examiners))
        self.start(self._worker("deliver", "deliver", deliverers))
        beat = (sys.executable, "-m", "celery", "-A", "mailsec.celery", "beat", "--pidfile=")
        self.start(Program("beat", beat, lambda: True))

    def start_web(self) -> None:
        """Start the console as docs/operating.md says."""
        self.manage("collectstatic", "--no-input")
        command = (sys.executable, "-m", "gunicorn", "mailsec.wsgi", "--no-control-socket")
        options = ("--bind", f"127.0.0.1:{self.web}", "--worker-class", "gthread")
        self.start(Program("web", (*command, *options, "--threads", "4"), answers(self.web)))

    def start(self, program: Program) -> None:
        """Start a process and wait until it works."""
        supervisor = Supervisor(self.folder / "log", self.environment)
        self._supervisors[program.name] = supervisor
        supervisor.start([program], lambda: None)

    def stop(self, *names: str) -> None:
        """End these processes, or all."""
        for name in names or tuple(self._supervisors):
            self._supervisors.pop(name).stop()

    def pids(self) -> dict[str, int]:
        """The main process of everything that runs."""
        return {name: each.pids()[name] for name, each in self._supervisors.items()}

    def server_pids(self) -> dict[str, int]:
        """The main processes of PostgreSQL and Valkey."""
        with psycopg.connect(self.servers.database_url) as connection:
            row = connection.execute("SELECT pg_backend_pid()").fetchone()
            assert row is not None
            postmaster = cpu.parent(row[0])
        information = broker(self.servers).info("server")
        return {"PostgreSQL": postmaster, "Valkey": int(information["process_id"])}

    def forget_mail(self) -> None:
        """Remove every message and task, so that runs neither fill the disk nor meet."""
        with psycopg.connect(self.servers.database_url, autocommit=True) as connection:
            rows = connection.execute(_TABLES, (SCHEMA,)).fetchall()
            names = [f'"{SCHEMA}"."{name}"' for (name,) in rows]
            # What other apps keep of a mail hangs on its row.
            connection.execute(f"TRUNCATE {', '.join(names)} CASCADE".encode())
        broker(self.servers).flushall()

    def _listen(self, name: str, processes: int) -> tuple[int, int]:
        inbound, outbound = free_ports(2)
        command = (sys.executable, "manage.py", "smtpd", "--processes", str(processes))
        ports = {
            "MAILSEC_SMTPD_INBOUND": f"127.0.0.1:{inbound}",
            "MAILSEC_SMTPD_OUTBOUND": f"127.0.0.1:{outbound}",
        }
        self.start(Program(name, command, answers(inbound), ports))
        return inbound, outbound

    def _worker(self, name: str, queues: str, concurrency: int) -> Program:
        log = self.folder / "log" / f"{name}.log"
        command = (sys.executable, "-m", "celery", "-A", "mailsec.celery", "worker", "-Q", queues)
        options = ("--concurrency", str(concurrency), "--hostname", f"{name}@bench")
        quiet = ("--without-gossip", "--without-mingle", "--loglevel", "INFO")
        return Program(
            name,
            (*command, *options, *quiet),
            lambda: log.exists() and " ready." in log.read_text(errors="replace"),
        )

    def _environment(self) -> dict[str, str]:
        names = {name: value for name, value in os.environ.items() if "MAILSEC_" not in name}
        key = base64.b64encode(secrets.token_bytes(32)).decode()
        return names | {
            **self.servers.environment,
            "DJANGO_SETTINGS_MODULE": "mailsec.settings.production",
            "MAILSEC_SECRET_KEY": secrets.token_urlsafe(64),
            "MAILSEC_MASTER_KEYS": f"bench:{key}",
            "MAILSEC_BASE_DOMAIN": "mailsec.example.net",
            # No name server answers here; on neither side is the network a part of the measure.
            "MAILSEC_SENDER_DNS": "off",
            "MAILSEC_MAIL_HOSTNAME": "mx.mailsec.example.net",
            "MAILSEC_SMTPD_OUTBOUND": f"127.0.0.1:{self._outbound}",
            # All load comes from one address here.
            "MAILSEC_SMTPD_CONNECTIONS_PER_IP": "1000",
            "MAILSEC_SMTPD_CONNECTIONS_PER_MINUTE": "1000000",
            "MAILSEC_BEAT_SCHEDULE": str(self.folder / "beat-schedule"),
            "MAILSEC_STATIC_ROOT": str(self.folder / "static"),
        }


@contextmanager
def stack(folder: Path, hop: int) -> Iterator[Stack]:
    """A provisioned service whose processes the caller starts; everything ends with the block."""
    with running("bench", {}) as servers:
        made = Stack(folder, servers)
        made.provision(hop)
        try:
            yield made
        finally:
            made.stop()


def free_ports(count: int) -> list[int]:
    """Ports on loopback that nobody listens on."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def empty(servers: Servers) -> None:
    """Drop what an earlier run left: every schema, and every task."""
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        for (schema,) in connection.execute(_SCHEMAS.encode()).fetchall():
            connection.execute(f'DROP SCHEMA "{schema}" CASCADE'.encode())
        connection.execute("CREATE SCHEMA public")
    broker(servers).flushall()


def broker(servers: Servers) -> redis.Redis:
    """A client of the stack's Valkey."""
    address = urlsplit(servers.redis_url)
    return redis.Redis(unix_socket_path=address.path, password=unquote(address.password or ""))
