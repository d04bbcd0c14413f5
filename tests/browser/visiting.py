"""A person at the console in a real browser, and what every page of it must keep to."""

from __future__ import annotations

import base64
import shutil
from dataclasses import dataclass, field

from playwright.sync_api import Browser, BrowserContext, Page

from tests.service import PASSWORD, Service

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
LANGUAGES = {"ja": "ja-JP", "en": "en-US"}


def encoded(text: str) -> str:
    return "=?utf-8?B?" + base64.b64encode(text.encode()).decode() + "?="


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


def sound(shown: Visit, what: str) -> None:
    """The page has names, headings and contrast, fits its screen, and nothing of a mail runs."""
    size = shown.page.viewport_size
    assert size is not None
    assert not shown.page.evaluate(AUDIT), what
    assert shown.page.evaluate("document.documentElement.scrollWidth") <= size["width"], what
    assert shown.page.evaluate("document.scripts.length") == 0, what
    assert shown.page.evaluate("typeof window.__xss") == "undefined", what


def sound_and_quiet(shown: Visit, what: str) -> None:
    """The same, and the browser has complained of nothing so far."""
    sound(shown, what)
    assert not shown.complaints, what
