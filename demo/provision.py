"""Sets the demo's tenants up, by the same shell commands that an operator types."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from demo.place import CHECKOUT, write_private
from demo.plan import FOLDER, OPERATOR, TENANTS, DemoTenant, Ports, Secrets
from demo.processes import DemoError
from demo.sending import Credentials


class Manage:
    """Runs ``manage.py`` in the service's environment."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = dict(environment)

    def __call__(self, *arguments: str, password: str = "") -> str:
        """The command's standard output; raises DemoError with its words where it fails."""
        done = self.attempt(*arguments, password=password)
        if done.returncode != 0:
            words = "\n".join((done.stdout + done.stderr).splitlines()[-20:])
            raise DemoError(f"manage.py {' '.join(arguments)} failed:\n{words}")
        return done.stdout

    def attempt(self, *arguments: str, password: str = "") -> subprocess.CompletedProcess[str]:
        """Run the command; its result, whatever it is.

        A password goes in on standard input: no process list shows it, and one that begins with
        a hyphen is not taken for an option.
        """
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=CHECKOUT,
            env=self._environment,
            input=password,
            capture_output=True,
            text=True,
            check=False,
        )

    def json(self, *arguments: str) -> Any:
        """The command's answer, read as JSON."""
        return json.loads(self(*arguments, "--json"))


class Provisioning:
    """Brings the database to the demo's state; what was done before is not done again."""

    def __init__(self, manage: Manage, keys: Secrets, database_url: str) -> None:
        self._manage = manage
        self._keys = keys
        self._database = database_url
        self._path: Path = FOLDER / "provisioned.json"
        self._done = self._read()

    def run(self, ports: Ports, say: Callable[[str], None]) -> None:
        """Migrate, then create whatever is missing."""
        say("Migrating the database")
        self._manage("migrate_schemas", "--shared")
        if self._done:
            self._manage("migrate_schemas", "--tenant")
        for tenant in TENANTS:
            say(f"Setting up {tenant.slug} ({tenant.name}, menu {tenant.menu})")
            self._create(tenant)
            self._set_up(tenant)
            self._route(tenant, ports)
        password = self._keys.get("operator")
        self._once("operator", "operator", "create", OPERATOR, "--role", "admin", password=password)

    def credentials(self) -> dict[str, Credentials]:
        """The connectors' sign-ins by mail domain."""
        return {
            tenant.domain: Credentials(
                _username(tenant), self._keys.find(f"connector-{tenant.slug}") or ""
            )
            for tenant in TENANTS
        }

    def _create(self, tenant: DemoTenant) -> None:
        self._once(
            f"create {tenant.slug}",
            *("tenant", "create", tenant.slug, "--name", tenant.name, "--menu", str(tenant.menu)),
            *("--language", tenant.language, "--contact", tenant.admin),
            *("--admin", tenant.admin),
            password=self._keys.get(f"admin-{tenant.slug}"),
        )

    def _set_up(self, tenant: DemoTenant) -> None:
        slug = tenant.slug
        self._once(f"domain {slug}", "tenant", "domain", "add", slug, tenant.domain)
        addresses = FOLDER / f"addresses-{slug}.csv"
        lines = [_address(address, tenant.domain) for address in tenant.addresses]
        addresses.write_text("\n".join(["address,name", *lines]) + "\n", encoding="utf-8")
        self._once(f"addresses {slug}", "tenant", "address", "import", slug, str(addresses))
        settings = ("check_recipients=true", *tenant.policy)
        self._once(f"policy {slug}", "tenant", "policy", slug, "set", *settings)
        for entry in tenant.blocked:
            self._once(f"block {entry}", "tenant", "sender", "add", slug, "block", entry)
        for rule in tenant.rules:
            self._once(f"rule {rule[0]}", "tenant", "hold-rule", "add", slug, *rule)
        if self._is_done(f"connector {slug}"):
            return
        made = self._manage.json(
            *("tenant", "connector", "add", slug, "mail-server", "--network", "127.0.0.1/32"),
            *("--proof", "auth", "--username", _username(tenant)),
        )
        self._keys.keep(f"connector-{slug}", made["secret"])
        self._note(f"connector {slug}", "")

    def _route(self, tenant: DemoTenant, ports: Ports) -> None:
        """Point the next hops at this run's ports; earlier ones, on other ports, are removed."""
        inbound, outbound = f"127.0.0.1:{ports.customer}", f"127.0.0.1:{ports.outside}"
        wanted = {
            f"nexthop {tenant.slug}": (inbound, ("--domain", tenant.domain)),
            f"smarthost {tenant.slug}": (outbound, ("--outbound",)),
        }
        for step, (target, side) in wanted.items():
            before = self._done.get(step)
            if before == target:
                continue
            hop = ("tenant", "nexthop", "add", tenant.slug, target, *side)
            self._manage(*hop, "--tls", "none", "--priority", "10")
            if before is not None:
                self._manage("tenant", "nexthop", "remove", tenant.slug, before, *side)
            self._note(step, target)

    def _once(self, step: str, *arguments: str, password: str = "") -> None:
        if not self._is_done(step):
            self._manage(*arguments, password=password)
            self._note(step, "")

    def _is_done(self, step: str) -> bool:
        return step in self._done

    def _note(self, step: str, value: str) -> None:
        self._done[step] = value
        kept = {"database": self._database, "steps": self._done}
        write_private(self._path, json.dumps(kept, indent=1))

    def _read(self) -> dict[str, str]:
        if not self._path.exists():
            return {}
        kept = json.loads(self._path.read_text(encoding="utf-8"))
        # Another database knows nothing of what was done in this one.
        return dict(kept["steps"]) if kept["database"] == self._database else {}


def _address(address: str, domain: str) -> str:
    local, _, name = address.partition(",")
    return f"{local}@{domain},{name}"


def _username(tenant: DemoTenant) -> str:
    return f"{tenant.slug}-mail-server"
