"""For whom mail is taken: registered domains and addresses, states of tenants, their limits."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.journeys.mails import SENDER, arrived, marker, plain
from tests.servers.smtp_client import Reply, SmtpClient
from tests.service import Service

pytestmark = pytest.mark.stack


def recipient_reply(service: Service, address: str) -> Reply:
    """What the inbound listener says to this recipient."""
    with SmtpClient(service.inbound) as client:
        client.hello()
        client.command(f"MAIL FROM:<{SENDER}>")
        return client.command(f"RCPT TO:<{address}>")


def comes_to(service: Service, address: str, code: int) -> Reply:
    """The reply to this recipient once it has this code: within seconds."""
    service.wait_for(lambda: recipient_reply(service, address).code == code, 10)
    answer = recipient_reply(service, address)
    assert answer.code == code, answer
    return answer


@pytest.mark.parametrize(
    "address",
    [
        "user@example.com",
        "user@sub.alpha.example.jp",
        "user@alpha.example.jp.example.com",
        "user%example.com@example.org",
        "user@[127.0.0.1]",
        "user@xalpha.example.jp",
    ],
)
def test_mail_for_domains_that_are_not_registered_is_refused(
    running_service: Service, address: str
) -> None:
    """The inbound listener relays for nobody."""
    assert recipient_reply(running_service, address).code == 550


@pytest.mark.parametrize(
    "address", ["user@ALPHA.example.JP", "USER@alpha.example.jp", "a+b@alpha.example.jp"]
)
def test_registered_domains_take_any_address_at_first(
    running_service: Service, address: str
) -> None:
    """Recipients are checked only where the tenant switched that on."""
    assert recipient_reply(running_service, address).code == 250


def test_unknown_addresses_are_refused_where_the_tenant_checks_them(
    running_service: Service, tmp_path: Path
) -> None:
    """550 5.1.1 within seconds of the switch, without a restart; off again, all are taken."""
    listed = tmp_path / "addresses.csv"
    listed.write_bytes("address,name\r\ntaro@gamma.example.jp,太郎\r\n".encode("cp932"))
    manage = running_service.manage
    manage("tenant", "address", "import", "gamma", str(listed))
    manage("tenant", "policy", "gamma", "set", "check_recipients=true")
    try:
        answer = comes_to(running_service, "nobody@gamma.example.jp", 550)
        assert answer.text.startswith("5.1.1")
        for known in ("taro", "TARO", "taro+list", "postmaster", "Postmaster"):
            assert recipient_reply(running_service, f"{known}@gamma.example.jp").code == 250
        for unknown in ("tar", "taro.x", "jiro+taro", "*", "%"):
            assert recipient_reply(running_service, f"{unknown}@gamma.example.jp").code == 550
        # The other tenants' switch is their own.
        assert recipient_reply(running_service, "nobody@alpha.example.jp").code == 250
    finally:
        manage("tenant", "policy", "gamma", "set", "check_recipients=false")
    comes_to(running_service, "nobody@gamma.example.jp", 250)


def test_one_unknown_recipient_does_not_stop_the_others(running_service: Service) -> None:
    """Unknown domain and known one in a transaction: 550 for the one, the mail for the other."""
    mark = marker("one-unknown")
    to = ["user@example.com", "user@alpha.example.jp"]
    assert running_service.send(SENDER, to, plain(mark)) == [250, 550, 250, 250]
    assert arrived(running_service, "alpha", mark).recipients == ("user@alpha.example.jp",)


def test_a_tenants_size_limit_reaches_the_listeners(running_service: Service) -> None:
    """552 for what is announced or sent beyond it, and only for that tenant."""
    manage = running_service.manage
    manage("tenant", "policy", "gamma", "set", "message_size_bytes=1048576")
    big = plain(marker("big"), (b"x" * 70 + b"\r\n") * 20_000)

    def answer(domain: str) -> list[int]:
        return running_service.send(SENDER, [f"user@{domain}"], big)

    try:
        running_service.wait_for(lambda: answer("gamma.example.jp")[-1] == 552, 15)
        assert answer("gamma.example.jp")[-1] == 552
        assert answer("alpha.example.jp")[-1] == 250
    finally:
        manage("tenant", "policy", "gamma", "set", "message_size_bytes=52428800")
    running_service.wait_for(lambda: answer("gamma.example.jp")[-1] == 250, 15)


def test_a_tenants_life_reaches_the_listeners(running_service: Service) -> None:
    """Made while they run: taken; suspended: 450; resumed: taken; closed: 550 for good."""
    manage, user = running_service.manage, "user@delta.example.jp"
    assert recipient_reply(running_service, user).code == 550
    manage("tenant", "create", "delta", "--name", "Company delta", "--menu", "2")
    manage("tenant", "domain", "add", "delta", "delta.example.jp")
    hop = f"127.0.0.1:{running_service.mail_servers['beta'].port}"
    manage("tenant", "nexthop", "add", "delta", hop, "--domain", "delta.example.jp")
    comes_to(running_service, user, 250)
    mark = marker("delta")
    assert running_service.send(SENDER, [user], plain(mark))[-1] == 250
    arrived(running_service, "beta", mark)
    manage("tenant", "suspend", "delta")
    assert comes_to(running_service, user, 450).text.startswith("4.2.1")
    manage("tenant", "resume", "delta")
    comes_to(running_service, user, 250)
    manage("tenant", "close", "delta")
    comes_to(running_service, user, 550)
    assert manage.attempt("tenant", "resume", "delta").returncode == 1
