"""The service's pages as a person's browser asks for them: cookies kept, each form with its token.

It speaks as the proxy in front of the console does, which ends TLS and says so in a header.
"""

from __future__ import annotations

import http.client
import re
from collections.abc import Sequence
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from bench.stack import ADMIN, HOST, Stack

_FIELD = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
_PATIENCE = 120.0


class PageMissing(Exception):
    """A page did not come, or a form was not taken; the text says which, and the code."""


class Console:
    """One person at the tenant's host; signs in where asked to."""

    def __init__(self, port: int) -> None:
        self._port = port
        # The account's own language would win over the browser's.
        self._cookies = {"django_language": "en"}
        self._token = ""

    def page(self, path: str) -> str:
        """The page's text; PageMissing for any answer but 200."""
        code, text = self._request("GET", path)
        if code != 200:
            raise PageMissing(f"{path}: {code}")
        if found := _FIELD.search(text):
            self._token = found[1]
        return text

    def send(self, path: str, fields: Sequence[tuple[str, str]]) -> None:
        """Send a form with the token of the page before; PageMissing where it was not taken."""
        code, text = self._request("POST", path, [("csrfmiddlewaretoken", self._token), *fields])
        if code not in (200, 302):
            raise PageMissing(f"form to {path}: {code} {text[:200]}")

    def _request(
        self, method: str, path: str, form: Sequence[tuple[str, str]] = ()
    ) -> tuple[int, str]:
        headers = {
            "Host": HOST,
            "X-Forwarded-Proto": "https",
            "Origin": f"https://{HOST}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items()),
        }
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_PATIENCE)
        try:
            connection.request(method, path, urlencode(form) if form else None, headers)
            answer = connection.getresponse()
            for line in answer.headers.get_all("Set-Cookie") or ():
                self._cookies |= {name: each.value for name, each in SimpleCookie(line).items()}
            return answer.status, answer.read().decode()
        finally:
            connection.close()


def signed_in(stack: Stack) -> Console:
    """The tenant's administrator, signed in at the running console."""
    console = Console(stack.web)
    console.page("/sign-in/")
    console.send("/sign-in/", [("username", ADMIN), ("password", stack.password)])
    console.page("/")
    return console
