"""The console in a real browser: by keyboard, on a phone, in both languages, with hostile mail."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.visiting import AUDIT, CHROMIUM, Visit, encoded, visit
from tests.service import PASSWORD, Service, service

pytestmark = [
    pytest.mark.browser,
    pytest.mark.stack,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]
HOSTILE_SUBJECT = '</title><script>window.__xss=1</script>"><img src=x onerror=window.__xss=2>'
HOSTILE_NAME = "<b onmouseover=window.__xss=3>x</b>"


def mail(subject: str, name: str, marker: str, *, virus: bool = False) -> bytes:
    eicar = (
        "WDVPIVAlQEFQWzRcUFpYNTQoUF4pN0NDKTd9JEVJ"
        "Q0FSLVNUQU5EQVJELUFOVElWSVJVUy1URVNULUZJTEUhJEgrSCo="
    )
    attachment = (
        f'--b\r\nContent-Type: application/octet-stream; name="{encoded(HOSTILE_SUBJECT)}"\r\n'
        f"Content-Transfer-Encoding: base64\r\n\r\n{eicar}\r\n"
    )
    return (
        f"From: {encoded(name)} <sender@example.jp>\r\nTo: user@alpha.example.jp\r\n"
        f"Subject: {encoded(subject)}\r\nMessage-ID: <{marker}@example.jp>\r\n"
        "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        f"--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n{attachment if virus else ''}--b--\r\n"
    ).encode()


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The running service with a hostile mail and two ordinary ones."""
    with service("browser", tmp_path_factory.mktemp("service")) as made:
        made.start("smtpd", "worker-examine", "worker-deliver", "web")
        mails = {
            "hostile": mail(HOSTILE_SUBJECT, HOSTILE_NAME, "hostile", virus=True),
            "clean": mail("お見積書送付の件", "営業部", "clean"),
            "long": mail("W" * 400, "long" * 60, "long"),
        }
        for marker, raw in mails.items():
            codes = made.send("sender@example.jp", ["user@alpha.example.jp"], raw)
            assert codes[-1] == 250, codes
            made.settled("alpha", f"<{marker}@example.jp>")
        yield made


def paths(shown: Visit) -> list[tuple[str, str]]:
    """Every page with its host, signed in to both."""
    shown.sign_in("ops")
    shown.sign_in("alpha")
    return [
        ("alpha", "/"),
        ("alpha", "/messages/"),
        ("alpha", "/messages/?text=nowhere"),
        ("alpha", "/messages/?since=2026-04-02&until=2026-04-01"),
        ("alpha", shown.message_path("お見積書送付の件")),
        ("alpha", shown.message_path("script")),
        ("alpha", shown.message_path("WWW")),
        ("ops", "/"),
        ("ops", "/tenants/alpha/"),
    ]


def test_every_page_is_sound_for_screen_readers_and_fits_its_screen(
    console: Service, browser: Browser, language: str, width: int
) -> None:
    """Names, captions, headings, contrast and language are right; nothing scrolls sideways."""
    shown = visit(console, browser, language, width)
    shown.open("/sign-in/")
    assert not shown.page.evaluate(AUDIT)
    for host, path in paths(shown):
        shown.open(path, host)
        assert not shown.page.evaluate(AUDIT), path
        assert shown.page.evaluate("document.documentElement.lang") == language
        wide = shown.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, (path, wide)
    shown.context.close()


def test_a_hostile_mail_runs_nothing_and_nobody_else_is_asked(
    console: Service, browser: Browser
) -> None:
    """No script of the mail, no complaint of the browser, no request to another host."""
    shown = visit(console, browser)
    for host, path in paths(shown):
        shown.open(path, host)
        assert shown.page.evaluate("typeof window.__xss") == "undefined", path
        assert shown.page.evaluate("document.scripts.length") == 0
    shown.open(shown.message_path("script"))
    assert HOSTILE_SUBJECT in shown.page.inner_text("h1")
    assert "EICAR" in shown.page.inner_text("main").upper()
    ours = (f"http://alpha.localhost:{console.web}/", f"http://ops.localhost:{console.web}/")
    assert all(url.startswith(ours) for url in shown.requests), shown.requests
    assert not shown.complaints
    shown.context.close()


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.textContent.trim()"))


def tab_to(page: Page, words: str) -> None:
    """Press Tab until this is in focus; every stop on the way must show that it is."""
    for _ in range(60):
        page.keyboard.press("Tab")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", focused(page)
        if words in focused(page):
            return
    raise AssertionError(f"{words} cannot be reached")


def test_a_message_can_be_read_by_keyboard_alone(console: Service, browser: Browser) -> None:
    """Sign-in, list, message, and out again, without a pointer."""
    shown = visit(console, browser)
    page = shown.page
    shown.open("/")
    page.wait_for_selector("input[name=username]:focus")
    page.keyboard.type("admin@alpha.example.jp")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('ダッシュボード')")
    tab_to(page, "メール一覧")
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('メール一覧')")
    tab_to(page, "お見積書送付の件")
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('お見積書送付の件')")
    assert "配送済み" in page.inner_text("main")
    tab_to(page, "サインアウト")
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('サインイン')")
    shown.context.close()


def test_the_first_stop_leads_past_the_navigation(console: Service, browser: Browser) -> None:
    """For those who would else hear it on every page."""
    shown = visit(console, browser)
    shown.sign_in()
    shown.open("/messages/")
    shown.page.keyboard.press("Tab")
    assert focused(shown.page) == "本文へ移動"
    shown.page.keyboard.press("Enter")
    assert shown.page.evaluate("document.activeElement.id") == "main"
    shown.context.close()


def test_the_language_is_switched_on_the_page_one_is_on(console: Service, browser: Browser) -> None:
    """The filters stay."""
    shown = visit(console, browser)
    shown.sign_in()
    shown.open("/messages/?text=nowhere")
    shown.page.click("button[lang=en]")
    shown.page.wait_for_selector("h1:has-text('Messages')")
    assert shown.page.url.endswith("/messages/?text=nowhere")
    assert "No message matches." in shown.page.inner_text("main")
    shown.context.close()
