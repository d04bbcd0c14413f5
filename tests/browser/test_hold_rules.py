"""Hold rules, groups and the tester in a real browser: both languages, two screens, by keyboard."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.visiting import AUDIT, CHROMIUM, Visit, visit
from tests.service import Service, service

pytestmark = [
    pytest.mark.browser,
    pytest.mark.stack,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]
HOSTILE = '"><script>window.__xss=1</script>'
LONG = "w" * 60


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The console of a tenant with rules and groups of every kind."""
    with service("browser", tmp_path_factory.mktemp("service")) as made:
        fill(made)
        made.start("web")
        yield made


def fill(made: Service) -> None:
    """Rules and groups, as an operator enters them."""
    rule = ("tenant", "hold-rule", "add", "alpha")
    made.commands(
        [*rule, "主要取引先", "--pass", "--to", "partner.example.com", "--to", "example.net"],
        [
            *(
                *rule,
                "添付ファイル",
                "--attachment",
                "yes",
                "--except-from",
                "sales@alpha.example.jp",
            ),
            *("--except-to", "audit.example.com", "--except-keyword", "広告"),
        ],
        [*rule, "社外秘", "--keyword", "社外秘", "--keyword", "confidential", "--keyword", "極秘"],
        [*rule, "一斉送信", "--at-least", "10", "--off"],
        [*rule, HOSTILE, "--to", f"{LONG}.{LONG}.example.com"],
        [
            *("tenant", "group", "set", "alpha", "sales@alpha.example.jp"),
            *(*(f"user{number}@alpha.example.jp" for number in range(1, 8)), "--name", "営業部"),
        ],
    )


def paths(shown: Visit) -> list[str]:
    """Every page, with one rule and one group of those that are there."""
    shown.sign_in()
    shown.open("/policies/hold/")
    rule = shown.page.get_by_role("link", name="添付ファイル", exact=True).get_attribute("href")
    shown.open("/policies/groups/")
    group = shown.page.get_by_role("link", name="sales@alpha.example.jp", exact=True)
    at = group.get_attribute("href")
    return [
        *("/policies/", "/policies/hold/", "/policies/hold/add/", f"{rule}", f"{rule}remove/"),
        *("/policies/hold/import/", "/policies/hold/test/", "/policies/groups/"),
        *("/policies/groups/add/", f"{at}", f"{at}remove/", "/policies/groups/import/"),
    ]


def try_a_mail(shown: Visit) -> None:
    """Fill in the tester and send it."""
    shown.open("/policies/hold/test/")
    page = shown.page
    page.fill("input[name=sender]", "staff@alpha.example.jp")
    page.fill(
        "textarea[name=recipients]",
        "tanaka@example.com\nsuzuki@partner.example.com\nuser1@alpha.example.jp",
    )
    page.fill("input[name=subject]", "見積書")
    page.select_option("select[name=attachment]", "yes")
    page.click("main .form-buttons button")
    page.wait_for_selector("#result")


def test_every_page_is_sound_for_screen_readers_and_fits_its_screen(
    console: Service, browser: Browser, language: str, width: int
) -> None:
    """Nothing scrolls sideways, nothing runs, the tester's answer included."""
    shown = visit(console, browser, language, width)
    for path in paths(shown):
        shown.open(path)
        assert not shown.page.evaluate(AUDIT), path
        wide = shown.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, (path, wide)
        assert shown.page.evaluate("typeof window.__xss") == "undefined"
    try_a_mail(shown)
    assert not shown.page.evaluate(AUDIT)
    assert shown.page.evaluate("document.documentElement.scrollWidth") <= width
    assert "添付ファイル" in shown.page.inner_text("#result")
    assert not shown.complaints
    shown.context.close()


def test_a_rule_is_moved_and_removed_by_keyboard(console: Service, browser: Browser) -> None:
    """Each button says which rule it moves."""
    shown = visit(console, browser, "en")
    shown.sign_in()
    console.commands(["tenant", "hold-rule", "add", "alpha", "last"])
    shown.open("/policies/hold/")
    shown.page.get_by_role("button", name="Move “last” up").focus()
    with shown.page.expect_navigation():
        shown.page.keyboard.press("Enter")
    names = shown.page.locator(".rules tbody th a").all_inner_texts()
    assert names[-2:] == ["last", HOSTILE]
    shown.page.get_by_role("link", name="Remove (last)").focus()
    with shown.page.expect_navigation():
        shown.page.keyboard.press("Enter")
    shown.page.get_by_role("button", name="Remove").focus()
    shown.page.keyboard.press("Enter")
    shown.page.wait_for_selector(".notice.success")
    assert "last" not in shown.page.locator(".rules tbody th a").all_inner_texts()
    shown.context.close()
