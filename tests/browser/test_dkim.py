"""The page of DKIM keys in a browser: both languages, at a desk and on a phone, by keyboard."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.visiting import CHROMIUM, sound_and_quiet, visit
from tests.servers.dns import NameServer, txt
from tests.service import Service, service

pytestmark = [
    pytest.mark.browser,
    pytest.mark.stack,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]
DOMAIN = "alpha.example.jp"


@pytest.fixture(scope="module")
def names() -> Iterator[NameServer]:
    """What the domain's owner publishes."""
    with NameServer({}) as server:
        yield server


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory, names: NameServer) -> Iterator[Service]:
    """The web server alone, which asks the name server of the tests."""
    with service("browser", tmp_path_factory.mktemp("service")) as made:
        made.environment["MAILSEC_SENDER_DNS"] = f"127.0.0.1:{names.port}"
        made.start("web")
        yield made


def generated(console: Service, names: NameServer, published: bool) -> dict[str, str]:
    """A new key from the shell."""
    command = ["tenant", "dkim", "alpha", "generate", DOMAIN, "--json"]
    made: dict[str, str] = json.loads(console.commands(command)[0])
    if published:
        names.zone = {**names.zone, made["name"]: {"TXT": [txt(made["value"])]}}
    return made


def test_the_page_is_sound_for_screen_readers_and_fits_its_screen(
    console: Service, names: NameServer, browser: Browser, language: str, width: int
) -> None:
    """With keys of every state, what checks found, and the questions before an end."""
    for _ in range(2):
        generated(console, names, published=True)
        console.commands(["tenant", "dkim", "alpha", "activate", DOMAIN])
    generated(console, names, published=False)
    console.commands(["tenant", "dkim", "alpha", "check", DOMAIN])
    shown = visit(console, browser, language, width)
    shown.sign_in()
    shown.open("/dkim/")
    sound_and_quiet(shown, "/dkim/")
    for summary in shown.page.locator(".dkim-key details:not([open]) summary").all()[::-1]:
        summary.click()
    sound_and_quiet(shown, "/dkim/ opened")
    for verb in ("retire", "delete"):
        shown.open("/dkim/")
        shown.page.click(f"a[href$='/{verb}/']")
        shown.page.wait_for_selector(".question")
        sound_and_quiet(shown, verb)
    shown.context.close()


def test_a_key_is_put_to_use_by_keyboard_alone(
    console: Service, names: NameServer, browser: Browser
) -> None:
    """Generate, copy the record, check, activate."""
    shown = visit(console, browser, "en")
    shown.sign_in("beta")
    shown.open("/dkim/", "beta")
    page = shown.page
    page.focus("form[action='/dkim/generate/'] button")
    page.keyboard.press("Enter")
    page.wait_for_selector(".dkim-key")
    name = page.input_value("input[id^=host-]")
    value = page.input_value("textarea[id^=value-]")
    page.focus("form[action$='/check/'] button")
    page.keyboard.press("Enter")
    page.wait_for_selector(".dkim-found.warn")
    names.zone = {**names.zone, name: {"TXT": [txt(value)]}}
    page.focus("form[action$='/check/'] button")
    page.keyboard.press("Enter")
    page.wait_for_selector(".dkim-found.success")
    page.focus("form[action$='/activate/'] button")
    page.keyboard.press("Enter")
    page.wait_for_selector(".dkim-key .badge.good")
    shown.context.close()
