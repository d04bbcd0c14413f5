"""What the demo prints and writes at the end: results, addresses, sign-ins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from demo.outcome import Outcome
from demo.plan import OPERATOR, TENANTS, DemoTenant, Ports, Secrets
from demo.table import render


def endpoints(ports: Ports, keys: Secrets) -> dict[str, Any]:
    """The content of ``var/demo/endpoints.json``."""
    return {
        "smtp_inbound": f"127.0.0.1:{ports.inbound}",
        "smtp_outbound": f"127.0.0.1:{ports.outbound}",
        "sink": f"127.0.0.1:{ports.customer}",
        "sink_outside": f"127.0.0.1:{ports.outside}",
        "inbox_url": f"http://localhost:{ports.inbox}/",
        "ops_url": f"http://ops.localhost:{ports.web}/",
        "operator": {"user": OPERATOR, "password": keys.get("operator")},
        "tenants": [_tenant(tenant, ports, keys) for tenant in TENANTS],
    }


def _tenant(tenant: DemoTenant, ports: Ports, keys: Secrets) -> dict[str, Any]:
    return {
        "slug": tenant.slug,
        "mail_domain": tenant.domain,
        "console_url": f"http://{tenant.slug}.localhost:{ports.web}/",
        "admin": tenant.admin,
        "password": keys.get(f"admin-{tenant.slug}"),
        "outbound_username": f"{tenant.slug}-mail-server",
        "outbound_password": keys.find(f"connector-{tenant.slug}") or "",
    }


def results(outcomes: Sequence[Outcome]) -> str:
    """One line a sample, then what differs from the stated outcome."""
    rows = [
        (
            "ok" if not outcome.problems else "WRONG",
            outcome.sample.listener,
            outcome.sample.title,
            outcome.reply,
            outcome.fate,
        )
        for outcome in outcomes
    ]
    head = ("", "Listener", "Sample", "Reply", "What became of it")
    lines = [render(head, rows, limits=(5, 8, 50, 28, 52))]
    for outcome in outcomes:
        lines += [f"{outcome.sample.name}: {problem}" for problem in outcome.problems]
    wrong = sum(bool(outcome.problems) for outcome in outcomes)
    total = len(outcomes)
    lines.append(f"\n{total - wrong} of {total} samples had the outcome that their files state.")
    return "\n".join(lines)


def farewell(ports: Ports, keys: Secrets) -> str:
    """Where to look, and how to sign in."""
    held = endpoints(ports, keys)
    rows = [
        ("Operator console", held["ops_url"], OPERATOR, held["operator"]["password"]),
        *(
            (f"Console of {item['slug']}", item["console_url"], item["admin"], item["password"])
            for item in held["tenants"]
        ),
        ("Inbox", held["inbox_url"], "", ""),
        ("SMTP inbound", held["smtp_inbound"], "", ""),
        *(
            (
                f"SMTP outbound of {item['slug']}",
                held["smtp_outbound"],
                item["outbound_username"],
                item["outbound_password"],
            )
            for item in held["tenants"]
        ),
    ]
    table = render(("Open", "Address", "User", "Password"), rows)
    return f"\n{table}\n\nLogs: var/demo/log/    Ctrl-C stops everything."
