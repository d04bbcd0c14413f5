"""The whole service as processes of its own, for journeys, faults, the browser and the benchmarks.

It has servers, a database and ports of its own. Tests in the process drive it from outside alone:
over SMTP, HTTP and the operator's shell.
"""

from __future__ import annotations

import base64
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from demo.place import CHECKOUT, exclusive, find
from demo.plan import certificate
from demo.processes import Program, Supervisor, answers
from demo.provision import Manage
from demo.servers import Servers, running
from tests.servers.mx import MailServer, Received
from tests.servers.smtp_client import SmtpClient

TENANTS = ("alpha", "beta")
PASSWORD = "a-password-for-tests"
WAIT_SECONDS = 60.0


class Service:
    """Two tenants (alpha on menu 4, beta on menu 6), a mail server each, and a world outside."""

    def __init__(
        self, folder: Path, servers: Servers, mail_servers: Mapping[str, MailServer]
    ) -> None:
        self.folder = folder
        self.servers = servers
        self.mail_servers = mail_servers
        self.inbound, self.outbound, self.web = _free_ports(3)
        self.children, self.threads = 2, 4  # of each worker, and of the web
        self.environment = self._environment()
        self.manage = Manage(self.environment)
        self.passwords: dict[str, str] = {}
        self._supervisors: dict[str, Supervisor] = {}

    # --- life -------------------------------------------------------------------------------

    def provision(self) -> None:
        """Migrate and make the tenants, by the commands that an operator types."""
        self.commands(["migrate_schemas", "--shared", "--verbosity", "0"])
        for slug, menu in zip(TENANTS, ("4", "6"), strict=True):
            domain = f"{slug}.example.jp"
            hop = f"127.0.0.1:{self.mail_servers[slug].port}"
            outside = f"127.0.0.1:{self.mail_servers['outside'].port}"
            *_, answer = self.commands(
                [
                    *("tenant", "create", slug, "--name", f"Company {slug}", "--menu", menu),
                    *("--admin", f"admin@{domain}", "--password", PASSWORD),
                    *("--contact", "help desk"),
                ],
                # A test of one thing must not hang on how much its few words are like spam.
                ["tenant", "policy", slug, "set", "spam_check=false"],
                ["tenant", "domain", "add", slug, domain],
                ["tenant", "nexthop", "add", slug, hop, "--domain", domain],
                ["tenant", "nexthop", "add", slug, outside, "--outbound"],
                [
                    *("tenant", "connector", "add", slug, "office", "--network", "127.0.0.1/32"),
                    *("--proof", "auth", "--json"),
                ],
            )
            self.passwords[slug] = json.loads(answer)["secret"]
        self.commands(
            ["operator", "create", "op@ops.example.jp", "--role", "admin", "--password", PASSWORD]
        )

    def commands(self, *lines: Sequence[str]) -> list[str]:
        """Run shell commands in one process, which is much quicker than one each."""
        done = subprocess.run(
            [sys.executable, "-m", "tests.commands"],
            input=json.dumps(lines),
            cwd=CHECKOUT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        outputs: list[str] = json.loads(done.stdout)
        return outputs

    def start(self, *names: str) -> None:
        """Start these processes, or all, and wait until they work."""
        wanted = [
            program
            for program in self._programs()
            if program.name in names or (not names and program.name != "web")
        ]

        def start(program: Program) -> None:
            self._supervisors[program.name] = Supervisor(self.folder / "log", self.environment)
            self._supervisors[program.name].start([program], lambda: None)

        with ThreadPoolExecutor(len(wanted)) as threads:
            for started in [threads.submit(start, program) for program in wanted]:
                started.result()

    def kill(self, name: str) -> None:
        """End a process and its children at once, as a power cut does."""
        self._supervisors.pop(name).kill()

    def stop(self, *names: str) -> None:
        """Ask these processes, or all, to end."""
        for name in names or tuple(self._supervisors):
            self._supervisors.pop(name).stop()

    def running(self) -> set[str]:
        return set(self._supervisors)

    def pid(self, name: str) -> int:
        return next(iter(self._supervisors[name].pids().values()))

    # --- use --------------------------------------------------------------------------------

    def send(self, sender: str, recipients: Sequence[str], message: bytes) -> list[int]:
        """Hand a mail to the inbound listener: the codes of MAIL, each RCPT and the end of data."""
        with SmtpClient(self.inbound) as client:
            client.hello()
            return self._transact(client, sender, recipients, message)

    def submit(
        self, slug: str, sender: str, recipients: Sequence[str], message: bytes
    ) -> list[int]:
        """Hand a mail to the outbound listener through the tenant's connector."""
        with SmtpClient(self.outbound) as client:
            client.hello()
            client.start_tls()
            client.hello()
            secret = f"\0{slug}-office\0{self.passwords[slug]}".encode()
            login = client.command(b"AUTH PLAIN " + base64.b64encode(secret))
            assert login.code == 235, login
            return self._transact(client, sender, recipients, message)

    @staticmethod
    def _transact(
        client: SmtpClient, sender: str, recipients: Sequence[str], message: bytes
    ) -> list[int]:
        codes = client.envelope(sender, *recipients)
        if any(code == 250 for code in codes[1:]):
            stuffed = (b"\r\n" + message).replace(b"\r\n.", b"\r\n..")[2:]
            codes.append(client.data(stuffed).code)
        client.command("QUIT")
        return codes

    def mails(self, slug: str, marker: bytes) -> list[Received]:
        """What a mail server has got with this text in it."""
        return [mail for mail in tuple(self.mail_servers[slug].mails) if marker in mail.content]

    def wait_for(self, question: Callable[[], Any], seconds: float = WAIT_SECONDS) -> Any:
        """The first true answer; the last one when the time is over."""
        end = time.monotonic() + seconds
        while not (answer := question()) and time.monotonic() < end:
            time.sleep(0.05)
        return answer

    def trace(self, slug: str, message_id: str = "", limit: int = 50) -> list[dict[str, Any]]:
        """What the operator's shell says of the tenant's messages."""
        arguments = ["message", "trace", slug, "--limit", str(limit)]
        if message_id:
            arguments += ["--message-id", message_id]
        found: list[dict[str, Any]] = self.manage.json(*arguments)
        return found

    def settled(self, slug: str, message_id: str, seconds: float = WAIT_SECONDS) -> dict[str, Any]:
        """The message's trace once it has come to its end."""

        def ended() -> dict[str, Any] | None:
            rows = self.trace(slug, message_id)
            done = rows and all(
                row["state"] in {"closed", "quarantined", "shunted"} for row in rows
            )
            return rows[-1] if done else None

        found: dict[str, Any] | None = self.wait_for(ended, seconds)
        assert found is not None, (self.trace(slug, message_id), self.logs())
        return found

    def logs(self) -> str:
        """The last lines of every process, for the message of a failing test."""
        return "\n".join(
            f"--- {path.name}\n" + "\n".join(path.read_text(errors="replace").splitlines()[-15:])
            for path in sorted((self.folder / "log").glob("*.log"))
        )

    # --- set-up -----------------------------------------------------------------------------

    def _environment(self) -> dict[str, str]:
        public, private = certificate(self.folder)
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith("MAILSEC_")
        }
        return kept | {
            **self.servers.environment,
            "DJANGO_SETTINGS_MODULE": "mailsec.settings.dev",
            "PYTHONUNBUFFERED": "1",
            "PYTHONWARNINGS": "default",
            "MAILSEC_SECRET_KEY": "only-for-tests-" + "0" * 50,
            "MAILSEC_MASTER_KEYS": "test:" + base64.b64encode(bytes(32)).decode(),
            "MAILSEC_MAIL_HOSTNAME": "gateway.example.org",
            "MAILSEC_SENDER_DNS": "off",
            "MAILSEC_CONSOLE_URL": f"http://{{slug}}.localhost:{self.web}",
            "MAILSEC_SMTPD_INBOUND": f"127.0.0.1:{self.inbound}",
            "MAILSEC_SMTPD_OUTBOUND": f"127.0.0.1:{self.outbound}",
            "MAILSEC_SMTPD_TLS_CERTIFICATE": str(public),
            "MAILSEC_SMTPD_TLS_KEY": str(private),
            "MAILSEC_SMTPD_CONNECTIONS_PER_IP": "1000",
            "MAILSEC_SMTPD_CONNECTIONS_PER_MINUTE": "1000000",
            "MAILSEC_BEAT_SCHEDULE": str(self.folder / "beat-schedule"),
            "MAILSEC_RETRY_UNIT_SECONDS": "0.02",
            "MAILSEC_SWEEP_SECONDS": "1",
            "MAILSEC_EXAMINE_LEASE_SECONDS": "4",
            "MAILSEC_DELIVERY_SECONDS": "5",
            "MAILSEC_DELIVERY_LEASE_SECONDS": "8",
        }

    def _programs(self) -> list[Program]:
        python = sys.executable
        web = ("-m", "gunicorn", "mailsec.wsgi", "--bind", f"127.0.0.1:{self.web}")
        threads = ("--worker-class", "gthread", "--threads", str(self.threads))
        beat = ("-m", "celery", "-A", "mailsec.celery", "beat", "--pidfile=")
        return [
            Program("smtpd", (python, "manage.py", "smtpd"), answers(self.inbound)),
            self._worker("examine", "examine,sweep"),
            self._worker("deliver", "deliver"),
            Program("beat", (python, *beat), lambda: True),
            Program("web", (python, *web, *threads, "--no-control-socket"), answers(self.web)),
        ]

    def _worker(self, name: str, queues: str) -> Program:
        log = self.folder / "log" / f"worker-{name}.log"
        arguments = (
            *(sys.executable, "-m", "celery", "-A", "mailsec.celery", "worker", "-Q", queues),
            *("--concurrency", str(self.children), "--hostname", f"{name}@test"),
            *("--loglevel", "INFO", "--without-gossip", "--without-mingle"),
        )
        return Program(
            f"worker-{name}",
            arguments,
            lambda: log.exists() and " ready." in log.read_text(errors="replace"),
        )


def _free_ports(count: int) -> list[int]:
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


@contextmanager
def service(name: str, folder: Path) -> Iterator[Service]:
    """A provisioned service whose processes the caller starts; everything ends with the block.

    Two test runs of one checkout share the servers of this name, so the second waits for the first.
    """
    with ExitStack() as stack:
        stack.enter_context(exclusive(find(name).state / "service.lock"))
        servers = stack.enter_context(running(name, {}))
        mail_servers = {each: stack.enter_context(MailServer()) for each in (*TENANTS, "outside")}
        _empty(servers)
        made = Service(folder, servers, mail_servers)
        made.provision()
        try:
            yield made
        finally:
            made.stop()


def _empty(servers: Servers) -> None:
    """Drop what an earlier run left: every schema, and every task."""
    import psycopg
    import redis

    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        rows = connection.execute(
            "SELECT nspname FROM pg_namespace WHERE nspname = 'public' OR nspname LIKE 't\\_%'"
        ).fetchall()
        for (schema,) in rows:
            connection.execute(f'DROP SCHEMA "{schema}" CASCADE'.encode())
        connection.execute("CREATE SCHEMA public")
    broker(servers, redis.Redis).flushall()


def broker(servers: Servers, client: type[Any]) -> Any:
    """A client of the service's Valkey."""
    from urllib.parse import unquote, urlsplit

    address = urlsplit(servers.redis_url)
    return client(unix_socket_path=address.path, password=unquote(address.password or ""))


__all__ = ["PASSWORD", "Service", "broker", "service"]
