"""The words of notices in a real browser: both languages, two screens."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.visiting import CHROMIUM, sound_and_quiet, visit
from tests.service import Service, service

pytestmark = [
    pytest.mark.browser,
    pytest.mark.stack,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]
HOSTILE = '"><script>window.__xss=1</script>'
LONG = "w" * 150
SAVE, PREVIEW = "form.settings button.primary", "button[formaction]"


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The console of a tenant."""
    with service("browser", tmp_path_factory.mktemp("service")) as made:
        made.start("web")
        yield made


def test_words_are_previewed_saved_and_reset(
    console: Service, browser: Browser, language: str, width: int
) -> None:
    """Every page on the way is sound, also with an error on it and hostile words."""
    shown = visit(console, browser, language, width)
    shown.sign_in()
    page = shown.page
    for path in ("", "held/ja/", "password/en/"):
        shown.open(f"/policies/notices/{path}")
        sound_and_quiet(shown, path)
    shown.open("/policies/notices/processed/ja/")
    page.fill("[name=body]", HOSTILE)
    page.click(PREVIEW)
    page.wait_for_selector(".field-error")
    sound_and_quiet(shown, "error")
    page.fill("[name=body]", f"{HOSTILE}\n{LONG}\n\n{{link}}")
    page.click(PREVIEW)
    page.wait_for_selector("#preview")
    assert HOSTILE in (page.text_content("#preview") or "")
    sound_and_quiet(shown, "preview")
    page.click(SAVE)
    page.wait_for_selector("a[href$='/reset/']")
    page.click("a[href$='/reset/']")
    page.wait_for_selector(".question")
    sound_and_quiet(shown, "reset")
    page.click(".question button.primary")
    page.wait_for_selector("form.settings")
    assert page.locator("a[href$='/reset/']").count() == 0
