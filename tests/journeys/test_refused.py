"""A sender that is blocked: what he hears, and how the tenant finds it in the console."""

from __future__ import annotations

import http.client
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookies import SimpleCookie
from urllib.parse import urlencode

import pytest

from tests.journeys.mails import arrived, marker, plain
from tests.servers.smtp_client import SmtpClient
from tests.service import PASSWORD, Service

pytestmark = pytest.mark.stack

BLOCKED = "salesman@nuisance.example.net"
PEST = "salesman@pest.example.net"
USER = "user@alpha.example.jp"


@pytest.fixture
def with_web(running_service: Service) -> Iterator[Service]:
    """The service with its console."""
    running_service.start("web")
    yield running_service
    running_service.stop("web")


class Console:
    """One person's browser, as far as reading pages goes."""

    def __init__(self, service: Service, slug: str) -> None:
        self._port, self._host = service.web, f"{slug}.localhost"
        self._cookies = SimpleCookie()
        page = self.get("/sign-in/")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token is not None
        form = {
            "csrfmiddlewaretoken": token[1],
            "username": f"admin@{slug}.example.jp",
            "password": PASSWORD,
        }
        self._ask("POST", "/sign-in/", urlencode(form))

    def get(self, path: str) -> str:
        return self._ask("GET", path)

    def _ask(self, method: str, path: str, body: str | None = None) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        cookie = "; ".join(f"{name}={one.value}" for name, one in self._cookies.items())
        headers = {"Host": self._host, "Cookie": cookie, "Accept-Language": "ja"}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        for value in answer.headers.get_all("Set-Cookie") or ():
            self._cookies.load(value)
        page = answer.read().decode()
        connection.close()
        assert answer.status in {200, 302}, (answer.status, path)
        return page


@contextmanager
def blocked(service: Service, *command: str) -> Iterator[None]:
    """A block entry for the length of a block of code."""
    service.manage(*command[:2], "add", *command[2:])
    try:
        yield
    finally:
        service.manage(*command[:2], "remove", *command[2:])


def answer_to(service: Service, to: str, sender: str = BLOCKED) -> tuple[int, str]:
    """What RCPT hears."""
    with SmtpClient(service.inbound) as client:
        client.hello()
        assert client.command(f"MAIL FROM:<{sender}>").code == 250
        reply = client.command(f"RCPT TO:<{to}>")
        return reply.code, reply.text


def test_a_blocked_sender_hears_554_and_the_tenant_finds_it(with_web: Service) -> None:
    """By the reference that the sender was told; no other tenant sees it, and none is blocked."""
    with blocked(with_web, "tenant", "sender", "alpha", "block", "nuisance.example.net"):
        assert with_web.wait_for(lambda: answer_to(with_web, USER)[0] == 554, 15)
        code, text = answer_to(with_web, USER)
        assert code == 554 and text.startswith("5.7.1 ")
        assert "nuisance" not in text
        assert answer_to(with_web, "user@beta.example.jp")[0] == 250
        found = re.search(r"reference ([0-9a-f]+)", text)
        assert found is not None
        alpha, beta = Console(with_web, "alpha"), Console(with_web, "beta")
        path = f"/messages/refused/?text={found[1]}"
        assert with_web.wait_for(lambda: BLOCKED in alpha.get(path), 15), with_web.logs()
        page = alpha.get(path)
        assert found[1] in page
        assert "nuisance.example.net" in page
        assert USER in page
        assert BLOCKED not in beta.get("/messages/refused/")
    assert with_web.wait_for(lambda: answer_to(with_web, USER)[0] == 250, 15)
    mark = marker("unblocked")
    assert with_web.send(BLOCKED, [USER], plain(mark))[-1] == 250
    arrived(with_web, "alpha", mark)


def test_the_operators_block_holds_for_every_tenant(running_service: Service) -> None:
    """And ends when it is taken off; who is not on it is not touched."""
    with blocked(running_service, "threat", "sender", "block", "pest.example.net"):
        for slug in ("alpha", "beta"):
            to = f"user@{slug}.example.jp"
            assert running_service.wait_for(
                lambda to=to: answer_to(running_service, to, PEST)[0] == 554, 15
            )
        assert answer_to(running_service, USER, "sender@example.net")[0] == 250
    assert running_service.wait_for(lambda: answer_to(running_service, USER, PEST)[0] == 250, 15)
