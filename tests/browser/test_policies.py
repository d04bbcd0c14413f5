"""The pages of policies and lists in a browser: both languages, at a desk and on a phone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.test_console import HOSTILE_SUBJECT, mail
from tests.browser.visiting import CHROMIUM, sound_and_quiet, visit
from tests.service import Service, service

pytestmark = [
    pytest.mark.browser,
    pytest.mark.stack,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]
PAGES = (
    *("", "spam/", "authentication/", "files/", "warnings/"),
    *("reputation/", "quarantine/", "general/"),
)
LISTS = ("/lists/", "/lists/?text=nowhere", "/lists/?text=%00", "/lists/add/", "/lists/import/")
# Tests run in any order, on one service.
WITH_VIRUS_CHECK = ["tenant", "policy", "alpha", "set", "virus_check=true"]
PREVIEW = "button[formaction]"
SAVE = "form.settings button.primary"


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The running service with a hostile mail and an ordinary one, and an entry on a list."""
    with service("browser", tmp_path_factory.mktemp("service")) as made:
        made.start("smtpd", "worker-examine", "worker-deliver", "web")
        for marker, subject in (("hostile", HOSTILE_SUBJECT), ("clean", "お見積書送付の件")):
            raw = mail(subject, "営業部", marker, virus=marker == "hostile")
            codes = made.send("sender@example.jp", ["user@alpha.example.jp"], raw)
            assert codes[-1] == 250, codes
            made.settled("alpha", f"<{marker}@example.jp>")
        made.commands(
            ["tenant", "sender", "add", "alpha", "block", "example.org", "--note", HOSTILE_SUBJECT]
        )
        yield made


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("width", [1280, 390])
def test_every_page_is_sound_for_screen_readers_and_fits_its_screen(
    console: Service, browser: Browser, language: str, width: int
) -> None:
    """Also with errors, a preview with its examples open, and a file that cannot be taken."""
    console.commands(WITH_VIRUS_CHECK)
    shown = visit(console, browser, language, width)
    shown.sign_in()
    for path in (*(f"/policies/{name}" for name in PAGES), *LISTS):
        shown.open(path)
        sound_and_quiet(shown, path)
    page = shown.page
    shown.open("/policies/files/")
    page.fill("[name=file_types]", "exe, docx")
    page.select_option("[name=virus_check]", "false")
    page.click(PREVIEW)
    page.wait_for_selector("#preview")
    page.click("#preview summary")
    sound_and_quiet(shown, "preview")
    page.fill("[name=file_types]", "../")
    page.click(SAVE)
    page.wait_for_selector(".field-error")
    sound_and_quiet(shown, "errors")
    shown.open("/lists/import/")
    file = {"name": "a.csv", "mimeType": "text/csv", "buffer": b"kind,entry\nblock,no domain\n"}
    page.set_input_files("[name=file]", files=[file])
    page.click("form.file-form button")
    page.wait_for_selector("[role=alert]")
    sound_and_quiet(shown, "import")
    shown.context.close()


def test_a_setting_is_tried_and_saved_by_keyboard_alone(console: Service, browser: Browser) -> None:
    """Preview first, with the mail that it concerns; then Save, and the page says so."""
    console.commands(WITH_VIRUS_CHECK)
    shown = visit(console, browser)
    shown.sign_in()
    page = shown.page
    shown.open("/policies/files/")
    page.focus("[name=virus_check]")
    page.keyboard.press("ArrowDown")
    page.focus(PREVIEW)
    page.keyboard.press("Enter")
    page.wait_for_selector("#preview")
    assert page.url.endswith("/policies/files/preview/#preview")
    assert page.input_value("[name=virus_check]") == "false"
    page.focus("#preview summary")
    page.keyboard.press("Enter")
    assert HOSTILE_SUBJECT in page.inner_text("#preview")
    page.focus(SAVE)
    page.keyboard.press("Enter")
    page.wait_for_selector(".notice.success")
    assert page.input_value("[name=virus_check]") == "false"
    shown.context.close()


def test_of_two_people_the_second_is_told(console: Service, browser: Browser) -> None:
    """What they had entered is on the page, and nothing of it is stored."""
    first, second = visit(console, browser, "en"), visit(console, browser, "en")
    for shown in (first, second):
        shown.sign_in()
        shown.open("/policies/spam/")
    first.page.fill("[name=tag_score]", "50")
    first.page.click(SAVE)
    first.page.wait_for_selector(".notice.success")
    second.page.fill("[name=tag_score]", "40")
    second.page.click(SAVE)
    second.page.wait_for_selector("[role=alert]")
    assert "Tag from this score: 40 points" in second.page.inner_text("[role=alert]")
    assert second.page.input_value("[name=tag_score]") == "50"
    for shown in (first, second):
        shown.context.close()


def test_a_list_goes_out_as_a_file_and_comes_in_again(console: Service, browser: Browser) -> None:
    """Export, check, import: nothing changes by it, and a new line is added."""
    shown = visit(console, browser, "en")
    shown.sign_in()
    page = shown.page
    shown.open("/lists/")
    with page.expect_download() as started:
        page.click("text=Export (CSV)")
    written = started.value.path().read_bytes() + b"allow,192.0.2.0/24,,,\r\n"
    shown.open("/lists/import/")
    file = {"name": "lists.csv", "mimeType": "text/csv", "buffer": written}
    page.set_input_files("[name=file]", files=[file])
    page.click("form.file-form button")
    page.wait_for_selector("#effect")
    page.click("button[name=confirm]")
    page.wait_for_selector(".notice.success")
    rows = page.inner_text("table.entries")
    assert "192.0.2.0/24" in rows
    assert HOSTILE_SUBJECT in rows
    shown.context.close()
