"""What the sender of a sample does: opens the link of the notice, and presses a button there."""

from __future__ import annotations

import http.client
import re
from collections.abc import Sequence
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urlsplit

from demo.inbox import Received
from demo.outcome import Sent

# What a sample's ``decide`` says, as the forms that are sent one after the other.
DECISIONS = {
    "deliver": ({"action": "deliver", "scope": "all"},),
    "discard": ({"action": "discard-now", "scope": "all"},),
    "notify": ({"action": "notify"},),
}
_LINK = re.compile(r"http://\S+/mail/[A-Za-z0-9_-]{43}")
_FIELD = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class Senders:
    """The people who sent samples; each decides once, as soon as a notice has come."""

    def __init__(self) -> None:
        self._done: set[str] = set()

    def act(self, sent: Sent, inbox: Sequence[Received]) -> None:
        """Do what the sample states, if its notice is here and it was not done yet."""
        sample = sent.sample
        if not sample.decide or sample.name in self._done:
            return
        link = _link_to(sent, inbox)
        if link and all(_press(link, form) for form in DECISIONS[sample.decide]):
            self._done.add(sample.name)


def _link_to(sent: Sent, inbox: Sequence[Received]) -> str:
    """The link of the first notice to the sender that is about this sample."""
    for item in inbox:
        if sent.sample.sender in item.recipients and sent.subject in item.message.subject:
            found = _LINK.search(item.message.text)
            if found and sent.message_id.encode() not in item.raw:
                return found[0]
    return ""


def _press(link: str, form: dict[str, str]) -> bool:
    """Open the page as a browser does, and send its form; whether that was taken."""
    address = urlsplit(link)
    connection = http.client.HTTPConnection("127.0.0.1", address.port or 80, timeout=30)
    headers = {"Host": address.netloc, "Accept-Language": "ja"}
    try:
        connection.request("GET", address.path, headers=headers)
        answer = connection.getresponse()
        page = answer.read().decode()
        cookies = SimpleCookie("; ".join(answer.headers.get_all("Set-Cookie") or ()))
        token = _FIELD.search(page)
        if token is None:
            return False
        headers["Cookie"] = "; ".join(f"{name}={part.value}" for name, part in cookies.items())
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        body = urlencode({"csrfmiddlewaretoken": token[1], **form})
        connection.request("POST", address.path, body, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status == http.client.FOUND
    finally:
        connection.close()
