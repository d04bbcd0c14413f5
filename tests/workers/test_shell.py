"""The operator's shell: what it answers, and that errors change nothing."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

import threats.services
from accounts.models import User
from mailsec.gateway.clients.dnsbl import ZoneState
from policies import selectors as policies
from policies.settings_keys import KEYS
from quarantine.choices import RefusalReason
from quarantine.services import TurnedAway, record_refusals
from tenants.models import Tenant
from tenants.scope import public_scope
from tenants.selectors import tenant_named


def run(*arguments: str) -> Any:
    out = io.StringIO()
    call_command(*arguments, "--json", stdout=out)
    return json.loads(out.getvalue())


def test_a_tenant_is_shown_with_what_belongs_to_it_and_no_secret(tenant: Tenant) -> None:
    """As JSON for scripts; a connector's secret is shown once, when it is made."""
    made = run(
        *("tenant", "connector", "add", "alpha", "office"),
        *("--network", "192.0.2.0/24", "--proof", "auth"),
    )
    shown = run("tenant", "show", "alpha")
    assert (shown["menu"], shown["domains"]) == (4, ["alpha.example.jp"])
    assert shown["connectors"][0]["name"] == "office"
    assert made["secret"] not in json.dumps(shown)


def test_a_password_comes_by_standard_input_whatever_it_begins_with(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of 64 made at random begins with a hyphen; in a list of arguments that is an option."""
    made = ("operator", "create", "op@ops.example.jp", "--role", "admin")
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    with pytest.raises(CommandError, match="standard input"):
        run(*made)
    monkeypatch.setattr("sys.stdin", io.StringIO("-Kq4_uhX9w7vTz2s\n"))
    assert run(*made)["role"] == "operator-admin"
    with public_scope():
        assert User.objects.get(email="op@ops.example.jp").check_password("-Kq4_uhX9w7vTz2s")


def test_a_policy_is_changed_wholly_or_not_at_all(tenant: Tenant) -> None:
    """One bad value, and none of them holds."""
    with pytest.raises(CommandError, match="quarantine_days"):
        run("tenant", "policy", "alpha", "set", "contact=new", "quarantine_days=0")
    assert policies.current_policy(tenant).contact == ""
    run("tenant", "policy", "alpha", "set", "contact=new", "check_recipients=true")
    assert run("tenant", "policy", "alpha", "get", "contact") == {"contact": "new"}
    assert tenant_named("alpha").check_recipients


@pytest.mark.parametrize(
    "menu, setting, taken",
    [
        (4, "zip=false", True),
        (6, "zip=false", False),
        (6, "bcc=false", True),
        (2, "hold=no", False),
    ],
)
def test_settings_of_another_menu_are_refused(
    tenant: Tenant, menu: int, setting: str, taken: bool
) -> None:
    """ZIP and secure mail exclude each other: what would have no effect is not stored."""
    with public_scope():
        Tenant.objects.filter(pk=tenant.pk).update(menu_number=menu)
    if taken:
        run("tenant", "policy", "alpha", "set", setting)
        return
    with pytest.raises(CommandError, match=f"Menu {menu} has nothing to set with"):
        run("tenant", "policy", "alpha", "set", "contact=new", setting)
    assert policies.current_policy(tenant).contact == ""


def test_an_address_file_of_a_japanese_spreadsheet_is_read(tenant: Tenant, tmp_path: Path) -> None:
    """CP932, as spreadsheets in Japan save CSV."""
    path = tmp_path / "addresses.csv"
    path.write_bytes("address,name\r\nuser@alpha.example.jp,営業部\r\n".encode("cp932"))
    assert run("tenant", "address", "import", "alpha", str(path)) == {"added": 1}


def test_a_tenants_senders_are_listed_from_the_shell(tenant: Tenant) -> None:
    """Put on, shown, taken off; one user's own too."""
    run("tenant", "sender", "add", "alpha", "block", "Example.COM", "--note", "spam")
    own = ("--recipient", "user@alpha.example.jp")
    later = ("--expires", "2099-01-01T00:00+09:00")
    run("tenant", "sender", "add", "alpha", "allow", "192.0.2.0/24", *own, *later)
    shown = run("tenant", "sender", "list", "alpha")
    assert [(row["kind"], row["entry"], row["recipient"]) for row in shown] == [
        ("allow", "192.0.2.0/24", "user@alpha.example.jp"),
        ("block", "example.com", ""),
    ]
    run("tenant", "sender", "remove", "alpha", "allow", "192.0.2.0/24", *own)
    assert len(run("tenant", "sender", "list", "alpha")) == 1


def test_the_operators_senders_and_block_lists_are_shown(tenant: Tenant) -> None:
    """They hold for every tenant."""
    run("threat", "sender", "add", "block", "203.0.113.0/24")
    assert [row["entry"] for row in run("threat", "sender", "list")] == ["203.0.113.0/24"]
    run("threat", "sender", "remove", "block", "203.0.113.0/24")
    assert run("threat", "sender", "list") == []
    threats.services.note_blocklists([ZoneState("dnsbl.example.net")], timezone.now())
    (row,) = run("threat", "blocklists")
    assert (row["zone"], row["working"], row["problem"]) == (
        "dnsbl.example.net",
        False,
        "not yet tested",
    )


def test_refused_mail_is_found_by_its_reference(tenant: Tenant) -> None:
    """As the sender reads it in the bounce of his own server."""
    at = timezone.now()
    for reference in ("aaaaaaaaaa", "bbbbbbbbbb"):
        one = TurnedAway(at, 554, RefusalReason.TENANT, "192.0.2.1", reference=reference)
        record_refusals(tenant, [one])
    (row,) = run("message", "refused", "alpha", "--text", "bbbbbbbbbb")
    assert (row["code"], row["reason"], row["client_ip"]) == (554, "tenant", "192.0.2.1")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("tenant", "show", "nobody"), "no tenant"),
        (("tenant", "domain", "add", "alpha", "no domain"), "domain"),
        (("tenant", "nexthop", "add", "alpha", "192.0.2.1"), "--domain"),
        (("tenant", "nexthop", "add", "alpha", "192.0.2.1:0", "--outbound"), "port"),
        (("tenant", "address", "import", "alpha", "missing.csv"), "missing.csv"),
        (("message", "resubmit", "alpha", "not-an-id"), "queue id"),
        (("threat", "block", "123", "name"), "SHA-256"),
        (("threat", "sender", "add", "block", "no entry"), "takes an address"),
        (("tenant", "sender", "add", "alpha", "block", "com"), "takes an address"),
        (("tenant", "sender", "add", "alpha", "block", "a.jp", "--expires", "soon"), "no time"),
        (("tenant", "sender", "remove", "alpha", "block", "example.com"), "not on the list"),
    ],
)
def test_a_wrong_command_says_why(tenant: Tenant, arguments: tuple[str, ...], words: str) -> None:
    """In words, not by a stack trace."""
    with pytest.raises(CommandError, match=words):
        run(*arguments)


def test_every_setting_can_be_read_and_set_from_the_shell(tenant: Tenant) -> None:
    """Its default is taken as it is shown, and stays what it was."""
    defaults = run("tenant", "policy", "alpha", "get")
    assert defaults.keys() == KEYS.keys()
    given = [
        f"{key}={','.join(value) if isinstance(value, list) else value}"
        for key, value in defaults.items()
    ]
    run("tenant", "policy", "alpha", "set", *given)
    assert run("tenant", "policy", "alpha", "get") == defaults


def test_the_help_names_every_setting_with_its_default_and_limits(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Nobody has to read the source to find one."""
    with pytest.raises(SystemExit):
        call_command("tenant", "policy", "alpha", "set", "--help")
    shown = capsys.readouterr().out
    for key in KEYS:
        assert f"\n  {key}=" in shown
    assert "tag_score=60  (1 to 100)" in shown
    assert "spf_fail=tag  (deliver, tag, quarantine, reject)" in shown
