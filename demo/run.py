"""The demo from start to end: servers, tenants, processes, samples, a table, addresses to open."""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import secrets
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from demo import leftovers, plan, samples
from demo.deciding import Senders
from demo.inbox import Inbox
from demo.notices import signatures
from demo.outcome import Outcome, Sent, judge
from demo.place import ServersError, write_private
from demo.plan import FOLDER, Ports, Secrets
from demo.processes import DemoError, Supervisor, require_free
from demo.provision import Manage, Provisioning
from demo.sending import Client
from demo.servers import running
from demo.summary import endpoints, farewell, results

OUTCOME_SECONDS = 60.0
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main(arguments: list[str]) -> int:
    """Run the demo; 0 if every sample had its stated outcome, or if it was stopped by hand."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--once", action="store_true", help="end after the samples")
    once: bool = parser.parse_args(arguments).once
    for number in ENDING:
        signal.signal(number, signal.default_int_handler)
    try:
        with only_one():
            return Demo(once).run()
    except (DemoError, ServersError, samples.SampleError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        with contextlib.suppress(OSError):
            print("\nStopped.")
        return 130 if once else 0


@contextlib.contextmanager
def only_one() -> Iterator[None]:
    """Refuse to run beside another demo of this checkout."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "demo.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DemoError(
                "The demo of this checkout runs already. Its addresses are in "
                "var/demo/endpoints.json; stop it with Ctrl-C in its terminal."
            ) from None
        yield


def say(text: str) -> None:
    """A line of progress."""
    print(f"• {text}", flush=True)


class Demo:
    """One run."""

    def __init__(self, once: bool) -> None:
        self._once = once
        self._ports = Ports.from_environment()
        self._inbox = Inbox(FOLDER / "inbox")
        self._started_at = datetime.now(UTC)

    def run(self) -> int:
        """Start everything, send the samples, show what became of them, and stay unless once."""
        leftovers.end(FOLDER)
        require_free(self._ports.named(), plan.PORT_ADVICE)
        began = time.monotonic()
        say("Starting PostgreSQL and Valkey")
        with running("demo") as servers:
            keys = Secrets()
            certificate, signing_key = plan.certificate(), plan.signing_key()
            environment = plan.service_environment(
                self._ports, keys, servers.environment, certificate, signing_key
            )
            manage = Manage(environment)
            provisioning = Provisioning(manage, keys, servers.database_url)
            provisioning.run(self._ports, say)
            write_private(
                FOLDER / "endpoints.json",
                json.dumps(endpoints(self._ports, keys), indent=2, ensure_ascii=False) + "\n",
            )
            supervisor = Supervisor(FOLDER / "log", environment)
            try:
                self._start(supervisor)
                client = Client(
                    {"inbound": self._ports.inbound, "outbound": self._ports.outbound},
                    certificate[0],
                    provisioning.credentials(),
                )
                outcomes = self._samples(client, manage, supervisor)
                arrived = self._inbox.since(self._started_at)
                print(f"\n{results(outcomes)}\n{signatures(arrived, signing_key)}")
                print(f"\n{time.monotonic() - began:.0f} s in all.")
                if self._once:
                    return 1 if any(outcome.problems for outcome in outcomes) else 0
                print(farewell(self._ports, keys), flush=True)
                return self._stay(supervisor)
            finally:
                self._stop(supervisor)

    def _start(self, supervisor: Supervisor) -> None:
        programs = [plan.sink(self._ports), *plan.service(self._ports)]
        say(f"Starting {', '.join(program.name for program in programs)}")
        supervisor.start(programs, lambda: leftovers.note(FOLDER, supervisor.pids()))

    def _stop(self, supervisor: Supervisor) -> None:
        # A second Ctrl-C may not interrupt the stopping and leave processes behind.
        for number in ENDING:
            signal.signal(number, signal.SIG_IGN)
        with contextlib.suppress(OSError):  # the terminal may be gone
            say("Stopping all processes")
        supervisor.stop()
        leftovers.forget(FOLDER)

    def _stay(self, supervisor: Supervisor) -> int:
        while True:
            supervisor.check()
            time.sleep(0.5)

    def _samples(self, client: Client, manage: Manage, supervisor: Supervisor) -> list[Outcome]:
        run = secrets.token_hex(4)
        found = samples.load()
        say(f"Sending {len(found)} sample mails")
        sent = []
        for sample in found:
            wire = sample.build(run, datetime.now(UTC))
            sent.append(Sent(sample, sample.message_id(run), wire, client.send(sample, wire)))
        return self._await(sent, manage, supervisor)

    def _await(self, sent: list[Sent], manage: Manage, supervisor: Supervisor) -> list[Outcome]:
        """Look until every sample has its outcome, or the time is over."""
        say("Waiting for the outcome of each")
        open_, settled, senders = list(sent), dict[str, Outcome](), Senders()
        deadline = time.monotonic() + OUTCOME_SECONDS
        while open_:
            supervisor.check()
            # An older run's notice has the same subject, and a link that was used.
            inbox = self._inbox.since(self._started_at)
            records = Records(manage)
            for item in list(open_):
                senders.act(item, inbox)
                outcome = judge(item, inbox, records)
                settled[item.sample.name] = outcome
                if not outcome.problems:
                    open_.remove(item)
            if time.monotonic() > deadline:
                break
            time.sleep(0.3)
        return [settled[item.sample.name] for item in sent]


class Records:
    """What the service's records say at one moment; each tenant is asked once."""

    def __init__(self, manage: Manage) -> None:
        self._manage = manage
        self._known: dict[str, list[Mapping[str, Any]]] = {}

    def __call__(self, slug: str, message_id: str) -> list[Mapping[str, Any]]:
        """The tenant's records of the message."""
        if slug not in self._known:
            self._known[slug] = self._manage.json("message", "trace", slug, "--limit", "200")
        return [row for row in self._known[slug] if row["message_id"].strip("<>") == message_id]
