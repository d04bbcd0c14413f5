"""The inbound listener's judgement as the settings describe it."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest

from mailsec.gateway.reputation.points import Thresholds
from workers.reputation import rules


@pytest.mark.parametrize(
    ("ip", "exempt"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("192.168.1.1", True),
        ("192.0.2.1", True),  # a load balancer
        ("198.51.100.1", True),  # named in the settings
        ("203.0.113.1", False),
        ("2001:db8::1", False),
    ],
)
def test_our_own_networks_are_not_asked_about(settings: Any, ip: str, exempt: bool) -> None:
    """Nobody else knows anything of them."""
    settings.SMTPD_PROXY_NETWORKS = [ipaddress.ip_network("192.0.2.0/28")]
    settings.REPUTATION_EXEMPT = [ipaddress.ip_network("198.51.100.0/24")]
    address = ipaddress.ip_address(ip)
    assert any(address in network for network in rules(1).exempt) is exempt


def test_each_process_has_its_share_of_the_rates(settings: Any) -> None:
    """The settings are for the whole host; 0 stays without limit."""
    settings.SMTPD_MAILS_PER_MINUTE, settings.SMTPD_RECIPIENTS_PER_MINUTE = 100, 0
    assert (rules(3).mails_per_minute, rules(3).recipients_per_minute) == (34, 0)


def test_thresholds_and_our_names_come_from_the_settings(settings: Any) -> None:
    """In lower case, as greetings are compared."""
    settings.REPUTATION_GREYLIST, settings.REPUTATION_REFUSE = 3, 8
    settings.MAIL_HOSTNAME = "MX.Example.org"
    assert rules(1).thresholds == Thresholds(3, 8)
    assert "mx.example.org" in rules(1).our_names
