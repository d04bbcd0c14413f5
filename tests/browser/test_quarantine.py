"""The quarantine in a real browser: hostile mail runs nothing, and everything can be reached."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from mailsec.gateway.message import Message
from tests.browser.visiting import AUDIT, CHROMIUM, Visit, sound, visit
from tests.journeys.mails import PROGRAM, with_file
from tests.service import Service, service

pytestmark = [
    pytest.mark.browser,
    pytest.mark.stack,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]
CASE = (Path(__file__).parents[1] / "journeys" / "cases" / "hold-02.eml").read_bytes()
LINK = re.compile(r"/quarantine/[A-Za-z0-9_-]{43}")


def unreadable(raw: bytes, mark: str) -> bytes:
    """The case's mail under an ID of our own, and nested so deeply that it is held."""
    head, _, body = raw.partition(b"\r\n\r\n")
    head = re.sub(rb"(?m)^Message-ID:.*\r\n", b"", head)
    nest = b"--x2\r\n"
    for depth in range(60):
        nest += b'Content-Type: multipart/mixed; boundary="n%d"\r\n\r\n--n%d\r\n' % (depth, depth)
    body = body.removesuffix(b"\r\n").removesuffix(b"--x2--") + nest + b"\r\nend\r\n--x2--\r\n"
    return b"Message-ID: <" + mark.encode() + b"@example.jp>\r\n" + head + b"\r\n\r\n" + body


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, str]]:
    """The running service with the hostile mail in quarantine, and the link of its digest."""
    with service("browser", tmp_path_factory.mktemp("service")) as made:
        made.start("smtpd", "worker-examine", "worker-deliver", "web")
        for mark in ("hostile", "second"):
            mail = unreadable(CASE, mark)
            assert made.send("sender@example.jp", ["user@alpha.example.jp"], mail)[-1] == 250
            assert made.settled("alpha", f"<{mark}@example.jp>")["state"] == "quarantined"
        for mark in ("shown", "sent"):
            mail = with_file(mark, "setup.exe", PROGRAM)
            assert made.send("sender@example.jp", ["user@alpha.example.jp"], mail)[-1] == 250
            assert made.settled("alpha", f"<{mark}@example.net>")["state"] == "closed"
        assert made.manage.json("digest", "send", "alpha")["sent"] == 1

        def digest() -> str:
            mails = made.mails("alpha", b"Auto-Submitted: auto-generated")
            return Message(mails[0].content).text if mails else ""

        found = LINK.search(made.wait_for(digest))
        assert found is not None, made.logs()
        yield made, found[0]


def digest_page(made: Service) -> str:
    """The address of the page with all mails of the digest."""
    (mail,) = made.mails("alpha", b"Auto-Submitted: auto-generated")
    found = re.search(r"/quarantine/digest/[A-Za-z0-9_-]{43}", Message(mail.content).text)
    assert found is not None
    return found[0]


def pages(shown: Visit, link: str) -> Iterator[str]:
    """Open one page after the other, signed in; says which."""
    shown.sign_in()
    for path in ("/quarantine/", "/quarantine/?kept=all&choose=all", "/quarantine/?text=nowhere"):
        shown.open(path)
        yield path
    shown.open("/quarantine/")
    address = shown.page.query_selector_all(".c-subject a")[-1].get_attribute("href")
    assert address is not None
    shown.open(address)
    for details in shown.page.query_selector_all("details"):
        details.evaluate("element => element.open = true")
    shown.page.wait_for_load_state("networkidle")
    yield "the message"
    shown.page.click("button[value=delete]")
    shown.page.wait_for_selector(".confirm")
    yield "the confirmation"
    shown.open("/quarantine/?kept=removed&choose=all")
    shown.page.click("button[value=original]")
    shown.page.wait_for_selector(".confirm input[name=files_allowed]")
    yield "the confirmation of originals"
    shown.open("/quarantine/?kept=removed&text=shown@example.net")
    shown.page.click(".c-subject a")
    shown.page.wait_for_selector("form[action$='/original/']")
    yield "the form of an original"
    shown.open(f"{link}?do=release")
    yield "the digest's link"
    shown.open(digest_page(shown.service))
    yield "all mails of the digest"


def test_every_page_is_sound_and_a_hostile_mail_runs_nothing(
    held: tuple[Service, str], browser: Browser, language: str, width: int
) -> None:
    """Case hold-02, in both languages, at a desk and on a phone."""
    made, link = held
    shown = visit(made, browser, language, width)
    for name in pages(shown, link):
        sound(shown, name)
    ours = f"http://alpha.localhost:{made.web}/"
    assert all(url.startswith((ours, "data:")) for url in shown.requests), shown.requests
    assert any(url.endswith("/html/") for url in shown.requests)
    assert not shown.complaints
    shown.context.close()


def test_the_frame_shows_the_body_and_leads_nowhere(
    held: tuple[Service, str], browser: Browser
) -> None:
    """Its origin is nobody's, so not even a script could reach the page around it."""
    made, _ = held
    shown = visit(made, browser)
    shown.sign_in()
    shown.open("/quarantine/")
    shown.page.query_selector_all(".c-subject a")[0].click()
    handle = shown.page.wait_for_selector("iframe")
    assert handle is not None
    frame = handle.content_frame()
    assert frame is not None
    frame.wait_for_load_state()
    assert "clobber" in frame.inner_text("body")
    assert frame.query_selector_all("a[href],form,script,iframe,meta[http-equiv],[onload]") == []
    shown.context.close()


def test_an_administrator_sends_an_original_and_sees_the_second_delivery(
    held: tuple[Service, str], browser: Browser
) -> None:
    """With the tick that lets its file through; the page leads to the second delivery's trace."""
    made, _ = held
    shown = visit(made, browser, "en")
    shown.sign_in()
    shown.open("/quarantine/?kept=removed&text=sent@example.net")
    shown.page.click(".c-subject a")
    form = "form[action$='/original/']"
    shown.page.check(f"{form} input[name=files_allowed]")
    shown.page.fill(f"{form} input[name=why]", "our own installer")
    shown.page.click(f"{form} button")
    shown.page.wait_for_selector(".notice.success")
    assert made.wait_for(lambda: len(made.mails("alpha", b"<sent@example.net>")) == 2)
    shown.page.reload()
    assert shown.page.query_selector(form) is None
    shown.page.click("section[aria-labelledby=originals] a")
    shown.page.wait_for_selector("#copies")
    assert "the original of a mail" in shown.page.inner_text("main")
    assert not shown.page.evaluate(AUDIT)
    shown.context.close()


def test_whoever_holds_the_link_releases_without_an_account(
    held: tuple[Service, str], browser: Browser
) -> None:
    """The form is taken although the page sends no address on; opening it again tells the state."""
    made, link = held
    shown = visit(made, browser, "en")
    shown.open(f"{link}?do=release")
    assert "Mail held for you" in shown.page.inner_text("h1")
    shown.page.click("button[value=release]")
    shown.page.wait_for_selector(".notice.success")
    assert shown.page.query_selector("button[value=release]") is None
    shown.open(link)
    assert "not held back any more" in shown.page.inner_text("main")
    assert shown.page.evaluate("document.referrer") == ""
    shown.context.close()
