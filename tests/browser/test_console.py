"""The console in a real browser: by keyboard, on a phone, in both languages, with hostile mail."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.service import PASSWORD, Service, service

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.stack,
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
HOSTILE_SUBJECT = '</title><script>window.__xss=1</script>"><img src=x onerror=window.__xss=2>'
HOSTILE_NAME = "<b onmouseover=window.__xss=3>x</b>"
LANGUAGES = {"ja": "ja-JP", "en": "en-US"}


def encoded(text: str) -> str:
    return "=?utf-8?B?" + base64.b64encode(text.encode()).decode() + "?="


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


@dataclass
class Visit:
    """One browser window that remembers what it loaded and what it complained about."""

    service: Service
    context: BrowserContext
    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str, host: str = "alpha") -> None:
        self.page.goto(f"http://{host}.localhost:{self.service.web}{path}")

    def sign_in(self, host: str = "alpha") -> None:
        email = "op@ops.example.jp" if host == "ops" else f"admin@{host}.example.jp"
        self.open("/sign-in/", host)
        self.page.fill("input[name=username]", email)
        self.page.fill("input[name=password]", PASSWORD)
        self.page.click("main button[type=submit]")
        self.page.wait_for_selector("nav.main-nav")

    def message_path(self, words: str) -> str:
        self.open("/messages/")
        path = self.page.get_by_role("link", name=words).first.get_attribute("href")
        assert path is not None
        return path


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


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for the module, in which *.localhost is this machine and nothing else exists."""
    rules = "MAP *.localhost 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*FLAGS, f"--host-resolver-rules={rules}"]
        )
        yield chromium
        chromium.close()


@pytest.fixture(params=["ja", "en"])
def language(request: pytest.FixtureRequest) -> str:
    """Both languages of the product."""
    return str(request.param)


@pytest.fixture(params=[1280, 390])
def width(request: pytest.FixtureRequest) -> int:
    """A desk and a phone."""
    return int(request.param)


def visit(console: Service, browser: Browser, language: str = "ja", width: int = 1280) -> Visit:
    context = browser.new_context(
        locale=LANGUAGES[language], viewport={"width": width, "height": 844}
    )
    # The account's own language would win over the browser's.
    for host in ("alpha", "ops"):
        url = f"http://{host}.localhost:{console.web}"
        context.add_cookies([{"name": "django_language", "value": language, "url": url}])
    made = Visit(console, context, context.new_page())
    made.page.on("request", lambda request: made.requests.append(request.url))
    made.page.on("console", lambda message: made.complaints.append(message.text))
    made.page.on("pageerror", lambda error: made.complaints.append(str(error)))
    return made


AUDIT = """() => {
  const faults = [];
  const say = (what, element) => faults.push(what + ": " + element.outerHTML.slice(0, 120));
  if (document.querySelectorAll("h1").length !== 1) faults.push("not one h1");
  if (document.querySelectorAll("main").length !== 1) faults.push("not one main");
  if (!document.title.trim()) faults.push("no title");
  let level = 0;
  for (const heading of document.querySelectorAll("h1,h2,h3,h4")) {
    if (+heading.tagName[1] > level + 1) say("a level of headings is left out", heading);
    level = +heading.tagName[1];
  }
  const ids = [...document.querySelectorAll("[id]")].map(element => element.id);
  if (new Set(ids).size !== ids.length) faults.push("an id twice");
  for (const element of document.querySelectorAll("[aria-labelledby],[aria-describedby]"))
    for (const name of ["aria-labelledby", "aria-describedby"])
      for (const id of (element.getAttribute(name) || "").split(" ").filter(Boolean))
        if (!document.getElementById(id)) say("points to nothing", element);
  for (const input of document.querySelectorAll("input:not([type=hidden]),select"))
    if (!input.labels.length || !input.labels[0].textContent.trim()) say("no label", input);
  for (const image of document.querySelectorAll("img"))
    if (!image.hasAttribute("alt")) say("no alt", image);
  for (const button of document.querySelectorAll("button,a"))
    if (!button.textContent.trim() && !button.getAttribute("aria-label")) say("no name", button);
  for (const nav of document.querySelectorAll("nav"))
    if (!nav.getAttribute("aria-label")) say("no label", nav);
  for (const table of document.querySelectorAll("table"))
    if (!table.caption || !table.caption.textContent.trim()) say("no caption", table);
  for (const head of document.querySelectorAll("th")) if (!head.scope) say("no scope", head);
  const light = colour => {
    const part = colour.match(/[\\d.]+/g).slice(0, 3).map(value => {
      const share = value / 255;
      return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * part[0] + 0.7152 * part[1] + 0.0722 * part[2];
  };
  const behind = element => {
    for (let each = element; each; each = each.parentElement) {
      const colour = getComputedStyle(each).backgroundColor;
      if (!/, 0\\)$/.test(colour)) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  for (const element of document.querySelectorAll("body *:not(svg *)")) {
    const own = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
    if (!own) continue;
    const [one, two] = [light(getComputedStyle(element).color), light(behind(element))];
    const ratio = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
    if (ratio < 4.5) say("contrast " + ratio.toFixed(2), element);
  }
  return faults;
}"""


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
