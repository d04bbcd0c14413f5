"""The web as a person without a script uses it, and mail that is held for them."""

from __future__ import annotations

import http.client
import re
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from tests.journeys.mails import plain
from tests.service import PASSWORD, Service

_FIELD = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class Browser:
    """Just enough of one: keeps cookies, and sends forms with the token of the page."""

    def __init__(self, service: Service, slug: str = "alpha") -> None:
        self._service = service
        self._host = f"{slug}.localhost:{service.web}"
        # The account's own language would win over the browser's.
        self._cookies = {"django_language": "en"}

    def request(
        self, method: str, path: str, form: dict[str, str] | None = None
    ) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self._service.web, timeout=30)
        headers = {"Host": self._host, "Accept-Language": "en"}
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, urlencode(form or {}) if form else None, headers)
        answer = connection.getresponse()
        for line in answer.headers.get_all("Set-Cookie") or ():
            for name, morsel in SimpleCookie(line).items():
                self._cookies[name] = morsel.value
        text = answer.read().decode()
        connection.close()
        return answer.status, text

    def page(self, path: str) -> str:
        status, text = self.request("GET", path)
        assert status == 200, (path, status)
        return text

    def send(self, page: str, path: str, **form: str) -> int:
        """Fill in the form of this page and send it; the answer's code."""
        found = _FIELD.search(self.page(page))
        assert found is not None
        return self.request("POST", path, {"csrfmiddlewaretoken": found[1], **form})[0]

    def sign_in(self) -> None:
        form = {"username": "admin@alpha.example.jp", "password": PASSWORD}
        assert self.send("/sign-in/", "/sign-in/", **form) == 302


def unreadable(mark: str, first: bytes = b"the letter\r\n") -> bytes:
    """A mail nested too deeply to be examined, which is held by default."""
    fields = b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="n0"\r\n'
    body = b"--n0\r\nContent-Type: text/plain\r\n\r\n" + first
    for depth in range(1, 60):
        outer, inner = b"n%d" % (depth - 1), b"n%d" % depth
        body += b'\r\n--%s\r\nContent-Type: multipart/mixed; boundary="%s"\r\n\r\n' % (outer, inner)
    return plain(mark, body + b"--n59\r\n\r\nend\r\n--n59--\r\n", fields=fields)
