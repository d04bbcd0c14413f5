"""The sender's page and the hold queue in a real browser: on a phone, by keyboard, by scanners."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from mailsec.gateway.message import Message
from tests.browser.test_quarantine import unreadable
from tests.browser.visiting import AUDIT, CHROMIUM, Visit, sound, visit
from tests.service import Service, service

pytestmark = [
    pytest.mark.browser,
    pytest.mark.stack,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]
CASE = (Path(__file__).parents[1] / "journeys" / "cases" / "hold-02.eml").read_bytes()
LINK = re.compile(r"/mail/[A-Za-z0-9_-]{43}")
SENDER, COLLEAGUE = "user@alpha.example.jp", "colleague@alpha.example.jp"
ONE, OTHER = "a@example.com", "b@example.net"
ZIPPED = (
    b"Message-ID: <zipped@alpha.example.jp>\r\nFrom: user@alpha.example.jp\r\nTo: a@example.com\r\n"
    b'Subject: minutes\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="x"\r\n\r\n'
    b"--x\r\nContent-Type: text/plain\r\n\r\nThe minutes are attached.\r\n"
    b"--x\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; "
    b'filename="minutes.pdf"\r\n\r\nthe minutes\r\n--x--\r\n'
)


@dataclass(frozen=True, slots=True)
class Place:
    """The running service, and the links that its notices carried, by the mail's mark."""

    made: Service
    links: dict[str, str]


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Two hostile mails that are held, since nobody can read them whole, and one only zipped."""
    with service("browser", tmp_path_factory.mktemp("service")) as made:
        made.start("smtpd", "worker-examine", "worker-deliver", "web")
        mails = {mark: unreadable(CASE, mark) for mark in ("first", "second")}
        mails["zipped"] = ZIPPED
        links: dict[str, str] = {}
        for mark, mail in mails.items():
            sender = b"From: " + SENDER.encode() + b"\r\n"
            mail = re.sub(rb"(?im)^From:(?:.*\r\n)(?:[ \t].*\r\n)*", sender, mail, count=1)
            to = [ONE] if mark == "zipped" else [ONE, OTHER, COLLEAGUE]
            assert made.submit("alpha", SENDER, to, mail)[-1] == 250
            links[mark] = _next_link(made, frozenset(links.values()))
            assert links[mark], made.logs()
        yield Place(made, links)


def _next_link(made: Service, seen: frozenset[str]) -> str:
    """The link of a notice that was not there before; empty where none comes."""

    def look() -> str:
        for mail in made.mails("alpha", b"Auto-Submitted: auto-generated"):
            found = LINK.search(Message(mail.content).text)
            if found is not None and found[0] not in seen:
                return found[0]
        return ""

    return str(made.wait_for(look))


def pages(shown: Visit, place: Place) -> Iterator[str]:
    """Open one page after the other; says which."""
    shown.open(place.links["second"])
    for details in shown.page.query_selector_all("details"):
        details.evaluate("element => element.open = true")
    shown.page.wait_for_load_state("networkidle")
    yield "sender"
    shown.page.click(".decide button[value=discard]")
    shown.page.wait_for_selector(".confirm")
    yield "discard"
    shown.open(place.links["zipped"])
    yield "zipped"
    shown.open("/mail/nothing")
    yield "no-link"
    shown.open("/mail/")
    yield "address"
    shown.page.fill("input[name=address]", "stranger@example.com")
    shown.page.click("main button[type=submit]")
    shown.page.wait_for_selector("input[name=code]")
    yield "code"
    shown.sign_in()
    shown.open("/held/?choose=all")
    yield "queue"
    shown.page.click(".bulk button[value=deliver]")
    shown.page.wait_for_selector(".confirm")
    yield "confirm"
    shown.page.click(".confirm .chosen a")
    shown.page.wait_for_selector(".hold")
    yield "held-mail"
    shown.open("/held/?state=ended&text=nowhere")
    yield "nothing"


def test_every_page_is_sound_and_a_hostile_mail_runs_nothing(
    held: Place, browser: Browser, language: str, width: int
) -> None:
    """Case hold-02, in both languages, at a desk and on a phone."""
    shown = visit(held.made, browser, language, width)
    for name in pages(shown, held):
        sound(shown, name)
    ours = f"http://alpha.localhost:{held.made.web}/"
    assert all(url.startswith((ours, "data:")) for url in shown.requests), shown.requests
    complaints = [each for each in shown.complaints if "404" not in each]
    assert not complaints
    shown.context.close()


def test_the_letter_stands_in_its_frame(held: Place, browser: Browser) -> None:
    """Without anything in it that could act."""
    shown = visit(held.made, browser)
    shown.open(held.links["second"])
    handle = shown.page.wait_for_selector("iframe")
    assert handle is not None
    frame = handle.content_frame()
    assert frame is not None
    frame.wait_for_load_state()
    assert "clobber" in frame.inner_text("body")
    assert frame.query_selector_all("a[href],form,script,iframe,[onload]") == []
    shown.context.close()


def press(shown: Visit, name: str) -> None:
    """Go to the control of this name by Tab alone, and press Enter."""
    for _ in range(80):
        shown.page.keyboard.press("Tab")
        text = str(shown.page.evaluate("document.activeElement.textContent"))
        if " ".join(text.split()) == name:
            shown.page.keyboard.press("Enter")
            shown.page.wait_for_load_state("networkidle")
            return
    raise AssertionError(f"{name} is not reached by keyboard")


def test_a_sender_decides_by_keyboard_alone(held: Place, browser: Browser) -> None:
    """One recipient is discarded, after a question, and the other one delivered, once."""
    made = held.made
    shown = visit(made, browser, "en", 390)
    shown.open(held.links["first"])
    press(shown, f"Discard… {OTHER}")
    assert "Discard the mail to 1 recipient?" in shown.page.inner_text("h1")
    press(shown, "Discard for good")
    assert "Discarded for 1 recipient." in shown.page.inner_text(".notice")
    press(shown, "Deliver now")
    assert "Delivery approved for 1 recipient." in shown.page.inner_text(".notice")
    assert made.wait_for(lambda: made.mails("outside", b"<first@example.jp>"))
    shown.open(held.links["first"])
    assert "Your mail to outside" in shown.page.inner_text("h1")
    (copy,) = made.mails("outside", b"<first@example.jp>")
    assert copy.recipients == (ONE,)
    shown.context.close()


def test_a_browser_that_only_looks_decides_nothing(held: Place, browser: Browser) -> None:
    """Opened by scanners that run scripts and follow every link, in a new window each."""
    shown = visit(held.made, browser)
    shown.open(held.links["second"])
    addresses = shown.page.evaluate(
        "[...document.querySelectorAll('[href],[src]')].map(each => each.href || each.src)"
    )
    for address in addresses:
        for method in ("GET", "HEAD", "OPTIONS"):
            shown.page.evaluate("([to, method]) => fetch(to, {method})", [address, method])
    shown.open(held.links["second"])
    assert shown.page.query_selector(".decide button[value=deliver]") is not None
    assert not held.made.mails("outside", b"<second@example.jp>")
    shown.context.close()


def test_a_code_by_mail_leads_to_ones_own_mails(
    held: Place, browser: Browser, language: str, width: int
) -> None:
    """From the address to the mail's page, without an account and without a notice's link."""
    made = held.made
    person = f"{language}{width}@alpha.example.jp"
    sender = b"From: " + person.encode() + b"\r\n"
    letter = unreadable(CASE, f"{language}{width}")
    mail = re.sub(rb"(?im)^From:(?:.*\r\n)(?:[ \t].*\r\n)*", sender, letter, count=1)
    assert made.submit("alpha", person, [ONE], mail)[-1] == 250
    assert made.wait_for(lambda: _notices(made, person))
    shown = visit(made, browser, language, width)
    shown.open("/mail/")
    shown.page.fill("input[name=address]", person)
    shown.page.click("button[value=address]")
    shown.page.fill("input[name=code]", _code(made, person))
    shown.page.click("button[value=code]")
    shown.page.wait_for_selector(".mine")
    assert not shown.page.evaluate(AUDIT)
    assert shown.page.evaluate("document.documentElement.scrollWidth") <= width
    shown.page.click("button[value=open]")
    shown.page.wait_for_selector(".decide")
    assert LINK.search(shown.page.url)
    shown.context.close()


def _notices(made: Service, person: str) -> list[str]:
    """The texts of the notices to this person."""
    mails = made.mails("alpha", b"Auto-Submitted: auto-generated")
    return [Message(mail.content).text for mail in mails if mail.recipients == (person,)]


def _code(made: Service, person: str) -> str:
    """The code that was mailed to this person."""

    def look() -> str:
        for text in _notices(made, person):
            found = re.search(r"(?<![0-9])[0-9]{6}(?![0-9])", text)
            if found is not None and not LINK.search(text):
                return found[0]
        return ""

    return str(made.wait_for(look))
