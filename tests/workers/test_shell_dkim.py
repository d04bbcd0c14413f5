"""Keys that sign mail, from the operator's shell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management.base import CommandError

from encryption import selectors
from tenants.models import Tenant
from tests.servers.dns import NameServer, txt
from tests.workers.test_shell import run

DOMAIN = "alpha.example.jp"


@pytest.fixture(autouse=True)
def names(settings: Any) -> Iterator[NameServer]:
    """A name server of the test's own, asked by the setting."""
    with NameServer({}) as server:
        settings.SENDER_DNS = f"127.0.0.1:{server.port}"
        yield server


def dkim(*arguments: str) -> Any:
    verb, *others = arguments
    return run("tenant", "dkim", "alpha", verb, DOMAIN, *others)


def test_a_key_is_made_checked_and_put_to_use(tenant: Tenant, names: NameServer) -> None:
    """The record that is shown is the one to publish."""
    made = dkim("generate")
    assert (made["type"], made["state"]) == ("TXT", "new")
    assert "".join(made["strings"]) == made["value"]
    assert dkim("check")["found"] == "not-found"
    names.zone = {made["name"]: {"TXT": [txt(made["value"])]}}
    assert dkim("check")["found"] == "found"
    assert dkim("activate") == {"domain": DOMAIN, "selector": made["selector"]}
    signer = selectors.signing_key(tenant, DOMAIN)
    assert signer is not None
    assert signer.selector == made["selector"]
    assert [row["state"] for row in dkim("show")] == ["active"]


def test_a_key_that_is_not_published_stays_unused(tenant: Tenant) -> None:
    """The command ends with an error that says what was found."""
    dkim("generate")
    with pytest.raises(CommandError, match="not-found"):
        dkim("activate")
    assert [row["state"] for row in dkim("show")] == ["new"]


def test_the_newest_key_is_meant_unless_another_is_named(tenant: Tenant) -> None:
    """By its selector."""
    first, second = dkim("generate"), dkim("generate")
    assert dkim("check")["name"] == second["name"]
    assert dkim("check", "--selector", first["selector"])["name"] == first["name"]
    with pytest.raises(CommandError, match="no key"):
        dkim("check", "--selector", "s1")


def test_what_cannot_be_is_said(tenant: Tenant) -> None:
    """Another company's domain, a domain without a key."""
    with pytest.raises(CommandError, match="no mail domain"):
        run("tenant", "dkim", "alpha", "generate", "beta.example.jp")
    with pytest.raises(CommandError, match="no mail domain"):
        run("tenant", "dkim", "alpha", "show", "beta.example.jp")
    with pytest.raises(CommandError, match="generate one"):
        dkim("check")
