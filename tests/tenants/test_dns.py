"""Whom the setting names."""

from __future__ import annotations

from typing import Any

import pytest

from mailsec.gateway.checks.lookups import NoRecords
from mailsec.gateway.clients.dns import DnsResolver
from mailsec.gateway.errors import TemporaryResolverError
from tenants import dns
from tests.servers.dns import NameServer, txt


def test_nobody_is_asked_where_it_is_off() -> None:
    """Every question stays unanswered, which is no answer of "no"."""
    assert isinstance(dns.records("off"), NoRecords)
    with pytest.raises(TemporaryResolverError):
        dns.records("off").texts("example.jp")


def test_one_server_or_those_of_the_system(settings: Any) -> None:
    """By host and port; without any, whom the machine asks."""
    with NameServer({"example.jp": {"TXT": [txt("v=spf1 -all")]}}) as server:
        assert dns.records(f"127.0.0.1:{server.port}").texts("example.jp") == (b"v=spf1 -all",)
    settings.NAMESERVERS = ["192.0.2.53"]
    assert isinstance(dns.records("system"), DnsResolver)
    assert dns.name_servers("system").addresses == ("192.0.2.53",)
